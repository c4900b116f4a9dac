"""Moving the end of what a deal holds: cut where it ends earlier, taken where it lasts longer and is free."""

from datetime import datetime

from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.protection import Scope, Window, slots_for
from services.registration.domain.values import DealId
from services.registration.store import accounts, slots
from shared.chassis.database import UnitOfWork


async def is_free(uow: UnitOfWork, scope: Scope, *, until: datetime, besides: DealId) -> bool:
    """Whether nobody else holds `scope` from now until then. The account is locked: what is found stays so."""
    await accounts.lock(uow, [scope.account_id])
    window = Window(uow.now, max(until, uow.now))
    board = await slots.board(uow, [scope.account_id], since=window.start, until=window.end)
    return not board.holders(scope, window, besides=besides)


async def hold_anew(uow: UnitOfWork, deal: Deal) -> None:
    """From now on the deal holds what its protection says, whatever it held before. Raises AccountTaken."""
    await slots.end(uow, [deal.id], at=uow.now)
    if deal.protection.holds_at(uow.now):
        left = Window(uow.now, deal.protection.window.end)
        await slots.hold(uow, slots_for(deal.id, deal.scope, left, partner_id=deal.partner_id))
