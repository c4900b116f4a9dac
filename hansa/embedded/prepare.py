"""Everything that must be true before the services start: keys, databases, migrations, topics. Doing it again changes nothing."""

import asyncio
from pathlib import Path

from aiokafka.errors import KafkaError

from hansa import catalogue
from hansa.embedded import wiring
from shared.chassis.database import bootstrap
from shared.chassis.events import topics
from shared.chassis.identity.issuer import Issuer

_KAFKA_WITHIN_S = 60.0


async def everything(folder: Path, *, admin_dsn: str, kafka: str) -> None:
    """Keys, every service's database (made, migrated, seeded) and, when the broker answers, the topics."""
    Issuer(wiring.keys(folder), issuer=wiring.ISSUER)
    await databases(admin_dsn, wiring.values(folder, admin_dsn=admin_dsn, kafka=kafka), password=wiring.password(folder))
    await _patiently_create_topics(kafka)


async def databases(admin_dsn: str, settings: wiring.Values, *, password: str) -> None:
    """Create every service's database and roles, migrate and seed them."""
    for name in settings:
        await bootstrap.create(admin_dsn, name, password=password)
        await migrate(name, **settings[name])  # one after the other: Alembic keeps its context in a global


async def migrate(name: str, **given: str) -> None:
    """Bring one service's database to its newest revision and seed it; without values the environment says where it is."""
    service = catalogue.build(name, **given)
    await service.migrate()
    await service.stop()


async def create_topics(kafka: str, *, prefix: str = "", replicas: int = 1, min_in_sync: int = 1) -> list[str]:
    """Make the topics of the register that are missing; returns their names."""
    return await topics.provision(kafka, catalogue.TOPICS, prefix=prefix, replicas=replicas, min_in_sync=min_in_sync)


async def _patiently_create_topics(kafka: str) -> None:
    """The broker may still be starting beside us."""
    deadline = asyncio.get_running_loop().time() + _KAFKA_WITHIN_S
    while True:
        try:
            await create_topics(kafka)
        except (KafkaError, OSError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)
        else:
            return
