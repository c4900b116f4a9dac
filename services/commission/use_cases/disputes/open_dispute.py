"""A partner disputes one of its entries: from this transaction on its money is held back."""

from uuid import UUID

from services.commission.domain.dispute import Dispute, Hold, Said, begin
from services.commission.domain.dispute_refusals import DisputeOpen
from services.commission.mapping_disputes import dispute_opened
from services.commission.store import disputes, reading
from services.commission.store.plans import Plans
from services.commission.store.rule_book import DISPUTE_RULES
from services.commission.use_cases.book import standing
from services.commission.use_cases.disputes.holding import hold_back
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def open_dispute(uow: UnitOfWork, entry_id: UUID, *, reason: str, by: str, plans: Plans) -> Dispute:
    """Raises NotFound (also for another partner's entry), DisputeTooLate, DisputeOpen."""
    entry = (await reading.get(uow, entry_id)).entry
    rules = (await DISPUTE_RULES.current(uow)).rules.rules()
    stated_at = await disputes.stated_at(uow, entry.partner_id, entry.id)
    dispute = begin(new_id(), entry, Said(reason, uow.now, by), stated_at=stated_at, rules=rules)
    await standing(uow, [dispute.partner_id])  # payouts and releases of the partner wait from here to the commit
    if not await disputes.add(uow, dispute):
        raise DisputeOpen
    dispute = await hold_back(uow, dispute, entry, plans=plans)
    if dispute.hold is not Hold.NOTHING:
        await disputes.save(uow, dispute)
    uow.emit(dispute_opened(dispute, now=uow.now), sequence=dispute.version)
    return dispute
