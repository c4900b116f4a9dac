"""The policy's versions as documents: what a clause is looked up in, and what a proposed rule becomes."""

from datetime import datetime
from typing import cast

import orjson

from services.registration.domain.conflicts.proposals import Body
from shared.chassis.database import UnitOfWork

_LOCK = "registration policy"
_ONE = "select body::text from policies where version = $1"
_AT = "select body::text from policies where effective_from <= $1 order by effective_from desc, version desc limit 1"
_LAST_START = "select max(effective_from) from policies"
_RECORD = """
insert into policies (version, effective_from, body, recorded_by, reason)
select max(version) + 1, $1, $2::text::jsonb, $3, $4 from policies returning version"""


async def body_of(uow: UnitOfWork, version: int) -> Body | None:
    """The document of a version, None where there is none."""
    rows = await uow.fetch(_ONE, version)
    return cast(Body, orjson.loads(rows[0][0])) if rows else None


async def body_at(uow: UnitOfWork, instant: datetime) -> Body:
    """The document in force at `instant`; nothing where no version was."""
    rows = await uow.fetch(_AT, instant)
    return cast(Body, orjson.loads(rows[0][0])) if rows else {}


async def lock(uow: UnitOfWork) -> None:
    """One next version at a time."""
    await uow.lock(_LOCK)


async def last_start(uow: UnitOfWork) -> datetime:
    """When the version that starts last starts."""
    return cast(datetime, (await uow.fetch(_LAST_START))[0][0])


async def record(uow: UnitOfWork, body: Body, *, effective_from: datetime, by: str, reason: str) -> int:
    """Keep the document as the next version, under the policy's lock. Returns its number."""
    rows = await uow.fetch(_RECORD, effective_from, orjson.dumps(body).decode(), by, reason)
    return int(rows[0][0])
