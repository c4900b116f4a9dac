"""The dispute rules on record; the latest hold, and before the first those of the programme."""

from dataclasses import dataclass
from datetime import datetime

from services.commission.dispute_rules import DisputePolicy
from shared.chassis.database import UnitOfWork

_LATEST = "select version, body::text, recorded_at, recorded_by, reason from dispute_rules order by version desc limit 1"
_PROGRAMME = """
select 0, coalesce(body -> 'disputes', '{}')::text, recorded_at, recorded_by, reason from policies where version = 1"""
_ADD = "insert into dispute_rules (version, body, recorded_at, recorded_by, reason) values ($1, $2::text::jsonb, $3, $4, $5)"


@dataclass(frozen=True, slots=True)
class RecordedRules:
    """A version of the rules with when, who and why; version 0 is the programme's."""

    version: int
    rules: DisputePolicy
    recorded_at: datetime
    recorded_by: str
    reason: str


async def current(uow: UnitOfWork) -> RecordedRules:
    """The rules in force."""
    rows = await uow.fetch(_LATEST) or await uow.fetch(_PROGRAMME)
    version, body, at, by, reason = rows[0]
    return RecordedRules(version, DisputePolicy.model_validate_json(body), at, by, reason)


async def add(uow: UnitOfWork, rules: DisputePolicy, *, version: int, by: str, reason: str) -> None:
    """Keep a new version."""
    await uow.fetch(_ADD, version, rules.model_dump_json(), uow.now, by, reason)
