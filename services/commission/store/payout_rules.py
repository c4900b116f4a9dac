"""The payout rules on record; the latest hold, and before the first those of the programme."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from services.commission.payout_rules import PayoutRules
from shared.chassis.database import UnitOfWork

_LATEST = "select version, body::text, recorded_at, recorded_by, reason from payout_rules order by version desc limit 1"
_PROGRAMME = """
select 0, coalesce(body -> 'payouts', '{}')::text, recorded_at, recorded_by, reason from policies where version = 1"""
_ADD = "insert into payout_rules (version, body, recorded_at, recorded_by, reason) values ($1, $2::text::jsonb, $3, $4, $5)"


@dataclass(frozen=True, slots=True)
class RecordedRules:
    """A version of the rules with when, who and why; version 0 is the programme's."""

    version: int
    rules: PayoutRules
    recorded_at: datetime
    recorded_by: str
    reason: str


async def current(uow: UnitOfWork) -> RecordedRules:
    """The rules in force."""
    rows = await uow.fetch(_LATEST) or await uow.fetch(_PROGRAMME)
    version, body, at, by, reason = rows[0]
    return RecordedRules(version, PayoutRules.model_validate_json(body), at, by, reason)


async def add(uow: UnitOfWork, rules: PayoutRules, *, version: int, by: str, reason: str) -> None:
    """Keep a new version."""
    await uow.fetch(_ADD, version, orjson.dumps(rules.model_dump(mode="json")).decode(), uow.now, by, reason)
