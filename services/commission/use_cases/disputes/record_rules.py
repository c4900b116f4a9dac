"""Record dispute rules: they hold from now on, and former ones stay on record."""

from services.commission.dispute_rules import DisputePolicy
from services.commission.store import dispute_rules
from services.commission.store.dispute_rules import RecordedRules
from shared.chassis.database import UnitOfWork


async def record_rules(uow: UnitOfWork, rules: DisputePolicy, *, by: str, reason: str) -> RecordedRules:
    """The new version."""
    await uow.lock("dispute-rules")
    former = await dispute_rules.current(uow)
    await dispute_rules.add(uow, rules, version=former.version + 1, by=by, reason=reason)
    return await dispute_rules.current(uow)
