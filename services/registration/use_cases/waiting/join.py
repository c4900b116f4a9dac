"""Stand in line for an account that somebody else holds."""

from uuid import UUID

from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.line import Place, Waiting
from services.registration.domain.deals.protection import rivals
from services.registration.store import slots, waiting
from shared.chassis.database import UnitOfWork


async def join(uow: UnitOfWork, deal: Deal) -> UUID | None:
    """The refused registration becomes a place in line, under its id; who stands there already keeps its place. None if neither.

    Nobody waits for what it holds itself: what is kept for the next in line would prolong its own protection.
    """
    window = deal.protection.window
    board = await slots.board(uow, [deal.scope.account_id], since=window.start, until=window.end)
    if not rivals(board.holders(deal.scope, window), deal.partner_id):
        return None
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
    return await waiting.join(uow, place)
