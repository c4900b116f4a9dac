"""Hold back what a dispute is about, and let it go again."""

from services.commission.domain import dispute_hold
from services.commission.domain.deal import Deal
from services.commission.domain.dispute import Dispute, Hold, frozen
from services.commission.domain.dispute_hold import Disputed
from services.commission.domain.entries import Entry, Kind
from services.commission.store import disputes
from services.commission.store.loading import opened
from services.commission.store.plans import Plans
from services.commission.use_cases.book import standing
from services.commission.use_cases.conflicts.holding import hold_contested, post
from services.commission.use_cases.decide import decide
from shared.chassis.database import UnitOfWork, every_partner


async def hold_back(uow: UnitOfWork, dispute: Dispute, entry: Entry, *, plans: Plans) -> Dispute:
    """The dispute with what is held of its entry from here on."""
    async with every_partner(uow):
        deal = await _deal(uow, dispute, plans=plans)
        stands = (await standing(uow, [dispute.partner_id])).get((dispute.partner_id, dispute.currency))
        now = Disputed(
            plan=await plans.current(uow),
            deal=deal,
            accrued=entry.amount + await disputes.corrected(uow, entry, by=(Kind.REVERSAL,)),
            left=entry.amount + await disputes.corrected(uow, entry, by=Kind),
            payable=stands.payable if stands else 0,
        )
        held, fact = dispute_hold.hold_back(dispute, now, at=uow.now)
        await decide(uow, [fact] if fact else [], plans=plans)
    return held


async def let_go(uow: UnitOfWork, dispute: Dispute, *, plans: Plans) -> None:
    """Undo what the dispute held back, and book its adjustment."""
    async with every_partner(uow):
        deal = await _deal(uow, dispute, plans=plans)
        facts = dispute_hold.let_go(dispute, deal, await plans.current(uow), at=uow.now)
        await decide(uow, list(facts), plans=plans)
        await _contested(uow, dispute, plans=plans)


async def _contested(uow: UnitOfWork, dispute: Dispute, *, plans: Plans) -> None:
    """What the dispute gives back is kept for the conflicts that are open over its deal."""
    if dispute.hold is Hold.AMOUNT and (fact := frozen(dispute, at=uow.now)) is not None:
        work = await opened(uow, [fact], plan=await plans.current(uow))
        if work.contested:
            await post(uow, work, await hold_contested(uow, work, work.contested))


async def _deal(uow: UnitOfWork, dispute: Dispute, *, plans: Plans) -> Deal | None:
    """The deal of the disputed entry, locked with all its partners."""
    fact = frozen(dispute, at=uow.now)
    if fact is None:
        return None
    work = await opened(uow, [fact], plan=await plans.current(uow))
    return work.book.deals.get(fact.deal_id)
