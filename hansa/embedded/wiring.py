"""Where everything is on one machine: the settings that each service gets. Imports nothing heavy."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from hansa import catalogue

ISSUER = "http://hansa.local"
ROLES = ("migrator", "worker", "api")
Values = Mapping[str, Mapping[str, str]]


def keys(folder: Path) -> Path:
    """Where the built-in issuer keeps its keys."""
    return folder / "keys"


def receipt_keys(folder: Path) -> Path:
    """Where the keys are that sign receipts; registration makes the file at its first start."""
    return folder / "receipt.keys"


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
    host = admin_dsn.rsplit("@", 1)[1].split("/", 1)[0]
    public = str(keys(folder) / "jwks.json")
    shared = {"kafka": kafka, "issuer": ISSUER, "jwks_file": public, "programme": str(catalogue.PROGRAMME)}
    found: dict[str, dict[str, str]] = {}
    for name in catalogue.SERVICES:
        found[name] = dict(shared)
        for role in ROLES:
            login = f"hansa_{name}_{role}:{password(folder)}"
            found[name][f"{role}_url"] = f"postgresql+asyncpg://{login}@{host}/hansa_{name}"
    found["notifications"]["secret_keys_file"] = str(folder / "webhook-secret.keys")
    found["commission"]["secret_keys_file"] = str(folder / "payout-account.keys")
    found["registration"]["receipt_keys_file"] = str(receipt_keys(folder))
    return found


def environment(settings: Values) -> dict[str, str]:
    """The same as variables for child processes: HANSA_<SERVICE>_<FIELD>."""
    return {f"HANSA_{name}_{field}".upper(): value for name, fields in settings.items() for field, value in fields.items()}
