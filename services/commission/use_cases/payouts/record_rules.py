"""Record payout rules: they hold from now on, and former ones stay on record."""

from services.commission.payout_rules import PayoutRules
from services.commission.store import payout_rules
from services.commission.store.payout_rules import RecordedRules
from shared.chassis.database import UnitOfWork


async def record_rules(uow: UnitOfWork, rules: PayoutRules, *, by: str, reason: str) -> RecordedRules:
    """The new version."""
    await uow.lock("payout-rules")
    former = await payout_rules.current(uow)
    await payout_rules.add(uow, rules, version=former.version + 1, by=by, reason=reason)
    return await payout_rules.current(uow)
