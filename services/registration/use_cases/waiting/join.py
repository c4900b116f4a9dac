"""Stand in line for an account that somebody else holds."""

from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.line import Place, Waiting
from services.registration.domain.deals.protection import rivals
from services.registration.store import slots, waiting
from shared.chassis.database import UnitOfWork


async def join(uow: UnitOfWork, deal: Deal) -> None:
    """The refused registration becomes a place in line; who stands there already keeps it.

    Nobody waits for what it holds itself: what is kept for the next in line would prolong its own protection.
    """
    window = deal.protection.window
    board = await slots.board(uow, [deal.scope.account_id], since=window.start, until=window.end)
    if not rivals(board.holders(deal.scope, window), deal.partner_id):
        return
    place = Waiting(
        id=deal.id,
        partner_id=deal.partner_id,
        account_name=deal.account_name,
        country=deal.country,
        scope=deal.scope,
        territory=deal.territory,
        evidence=deal.evidence,
        expected=deal.expected,
        place=Place.WAITING,
        joined_at=uow.now,
    )
    await waiting.join(uow, place)
