"""Everything that must be true before the services start: databases, migrations, topics, keys; and the services' settings."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from hansa import catalogue
from hansa.embedded.record import ISSUER
from shared.chassis.database import bootstrap
from shared.chassis.events import topics
from shared.chassis.identity.issuer import Issuer

Values = Mapping[str, Mapping[str, str]]


def password(folder: Path) -> str:
    """The services' database password, made once per data folder."""
    file = folder / "services.password"
    file.touch(mode=0o600)
    if not (kept := file.read_text()):
        kept = secrets.token_urlsafe(24)
        file.write_text(kept)
    return kept


def values(folder: Path, *, admin_dsn: str, kafka: str) -> Values:
    """Settings of every service, by service and field."""
    issuer = Issuer(folder / "keys", issuer=ISSUER)
    host = admin_dsn.rsplit("@", 1)[1].split("/", 1)[0]
    shared = {"kafka": kafka, "issuer": ISSUER, "jwks_file": str(issuer.jwks_file), "programme": str(catalogue.PROGRAMME)}
    found: dict[str, dict[str, str]] = {}
    for name in catalogue.SERVICES:
        found[name] = dict(shared)
        for role in bootstrap.KINDS:
            login = f"hansa_{name}_{role}:{password(folder)}"
            found[name][f"{role}_url"] = f"postgresql+asyncpg://{login}@{host}/hansa_{name}"
    found["notifications"]["secret_keys_file"] = str(folder / "webhook-secret.keys")
    return found


def environment(settings: Values) -> dict[str, str]:
    """The same as variables for child processes: HANSA_<SERVICE>_<FIELD>."""
    return {f"HANSA_{name}_{field}".upper(): value for name, fields in settings.items() for field, value in fields.items()}


async def databases(admin_dsn: str, settings: Values, *, password: str) -> None:
    """Create every service's database and roles, migrate and seed them. Running it again changes nothing."""
    for name in settings:
        await bootstrap.create(admin_dsn, name, password=password)
        await migrate(name, **settings[name])


async def migrate(name: str, **given: str) -> None:
    """Bring one service's database to its newest revision and seed it; without values the environment says where it is."""
    service = catalogue.build(name, **given)
    await service.migrate()
    await service.stop()


async def create_topics(kafka: str, *, prefix: str = "", replicas: int = 1, min_in_sync: int = 1) -> list[str]:
    """Make the topics of the register that are missing; returns their names."""
    return await topics.provision(kafka, catalogue.TOPICS, prefix=prefix, replicas=replicas, min_in_sync=min_in_sync)
