"""The whole record of receipts checked, a stretch at a time beside live traffic."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hansa.cli.options import folder_of
from hansa.cli.output import say

if TYPE_CHECKING:
    from services.registration.domain.receipts.document import Fault
    from services.registration.domain.receipts.keys import PublicKeys

_STRETCH = 2_000
_MOST_FAULTS = 1_000


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit found: how many receipts there are, the hash of the last one, all that is wrong (the first thousand)."""

    receipts: int
    head: str
    faults: "list[Fault]"


@contextmanager
def record(data_dir: Path | None) -> Iterator[str]:
    """Address of registration's database in its worker role: HANSA_REGISTRATION_WORKER_URL, else the system on the data folder."""
    if given := os.environ.get("HANSA_REGISTRATION_WORKER_URL"):
        yield given
        return
    from hansa.embedded.system import system_on

    with system_on(folder_of(data_dir), say=say) as running:
        yield running.dsn("registration", role="worker").replace("postgresql://", "postgresql+asyncpg://", 1)


async def run(url: str, keys: "PublicKeys") -> Audited:
    """Walk the chain from its beginning to where it ends now."""
    from services.registration.domain.receipts.links import Place
    from services.registration.use_cases.receipts.check import check_stretch
    from shared.chassis.clock import SystemClock
    from shared.chassis.database import Database

    database = Database(url, clock=SystemClock(), service="registration", pool=1)
    place = Place()
    faults: list[Fault] = []
    try:
        while True:
            async with database.transaction() as uow:
                stretch = await check_stretch(uow, place, keys, size=_STRETCH)
            place = stretch.place
            faults += stretch.faults
            if stretch.is_last or len(faults) >= _MOST_FAULTS:
                return Audited(place.sequence, place.hash.hex() if place.hash else "", faults[:_MOST_FAULTS])
    finally:
        await database.close()
