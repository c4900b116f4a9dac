"""Reopen a closed deal; what is left of its window protects again if nobody took the account meanwhile."""

from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.protection import Window, slots_for
from services.registration.store import accounts, partners, slots
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork


async def reopen(uow: UnitOfWork, target: Target, *, reason: str, limit: int | None = None) -> Deal:
    """`limit`: of open registrations, for a partner that reopens its own.

    Raises NotClosed, PartnerInactive, QuotaReached and what `load` raises.
    """
    deal = await load(uow, target)
    await accounts.lock(uow, [deal.scope.account_id])
    if limit is not None:  # after the account, as everywhere: a place that is held is waited for by who holds an account
        await partners.check_active(uow, deal.partner_id)
        await partners.check_room(uow, deal.partner_id, limit=limit)
    left = Window(uow.now, max(uow.now, deal.protection.window.end))
    board = await slots.board(uow, [deal.scope.account_id], since=left.start, until=left.end)
    free = not board.holders(deal.scope, left, besides=deal.id)
    reopened, fact = life.reopen(deal, reason=reason, now=uow.now, free=free)
    if reopened.protection.holds_at(uow.now):
        board.hold(slots_for(deal.id, deal.scope, reopened.protection.window))
        await slots.write(uow, board)
    return await settle(uow, deal, reopened, fact)
