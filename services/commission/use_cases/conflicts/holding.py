"""Hold what is earned on contested deals, and what of it was released and is still there."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.commission.domain.conflict_hold import NOTHING_THERE, Contested, There, freeze
from services.commission.domain.deal import Deal
from services.commission.domain.facts import Frozen, Thawed
from services.commission.domain.outcome import Posting
from services.commission.store.conflicts import kept_by_disputes, mark_entries
from services.commission.store.loading import Opened
from services.commission.store.writing import write
from services.commission.use_cases.book import standing
from shared.chassis.database import UnitOfWork


async def hold_contested(uow: UnitOfWork, work: Opened, contested: Contested) -> list[Frozen]:
    """The facts that hold the deals of `work`, whose partners are locked, for the conflicts that are open over them."""
    facts: list[Frozen] = []
    for deal_id in sorted(contested):
        if (deal := work.book.deals.get(deal_id)) is not None:
            facts += freeze(deal, contested[deal_id], await _there(uow, deal, currency=work.book.plan.currency), at=uow.now)
    return facts


async def post(uow: UnitOfWork, work: Opened, facts: Iterable[Frozen | Thawed]) -> None:
    """Journal the facts, move their money, and mark the entries."""
    outcomes = [work.book.take(fact) for fact in facts]
    await write(uow, work, [outcome for outcome in outcomes if isinstance(outcome, Posting)])
    await mark_entries(uow, work)


async def _there(uow: UnitOfWork, deal: Deal, *, currency: str) -> There:
    """What can go back of what was released: asked for only where something was."""
    released = _released(deal)
    if not released:
        return NOTHING_THERE
    balances = await standing(uow, released)
    payable = {partner_id: balances[partner_id, currency].payable for partner_id in released if (partner_id, currency) in balances}
    return There(payable, await kept_by_disputes(uow, [deal.id]))


def _released(deal: Deal) -> Sequence[UUID]:
    return [stake.partner_id for sale in deal.sales for stake in sale.stakes if stake.released and stake.left]
