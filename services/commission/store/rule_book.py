"""Rules that staff record version by version: the latest hold, and before the first those of the programme."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel

from services.commission.dispute_rules import DisputePolicy
from services.commission.payout_rules import PayoutRules
from shared.chassis.database import UnitOfWork

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class RecordedRules(Generic[R]):
    """A version of the rules with when, who and why; version 0 is the programme's."""

    version: int
    rules: R
    recorded_at: datetime
    recorded_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class RuleBook(Generic[R]):
    """The rules kept in `table`; `section` is their place in the programme's section of commission."""

    table: str
    section: str
    model: type[R]

    async def current(self, uow: UnitOfWork) -> RecordedRules[R]:
        """The rules in force."""
        columns = "body::text, recorded_at, recorded_by, reason"
        latest = f"select version, {columns} from {self.table} order by version desc limit 1"  # noqa: S608 - a name of our own
        programme = "select 0, coalesce(body -> $1, '{}')::text, recorded_at, recorded_by, reason from policies where version = 1"
        version, body, at, by, reason = (await uow.fetch(latest) or await uow.fetch(programme, self.section))[0]
        return RecordedRules(version, self.model.model_validate_json(body), at, by, reason)

    async def add(self, uow: UnitOfWork, rules: R, *, version: int, by: str, reason: str) -> None:
        """Keep a new version."""
        names = "version, body, recorded_at, recorded_by, reason"
        insert = f"insert into {self.table} ({names}) values ($1, $2::text::jsonb, $3, $4, $5)"  # noqa: S608 - a name of our own
        await uow.fetch(insert, version, rules.model_dump_json(), uow.now, by, reason)


PAYOUT_RULES = RuleBook("payout_rules", "payouts", PayoutRules)
DISPUTE_RULES = RuleBook("dispute_rules", "disputes", DisputePolicy)
