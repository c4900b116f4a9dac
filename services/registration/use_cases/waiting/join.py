"""Stand in line for an account that somebody else holds."""

from services.registration.domain.deals.deal import Deal
from services.registration.store import waiting
from services.registration.store.waiting import Place, Waiting
from shared.chassis.database import UnitOfWork


async def join(uow: UnitOfWork, deal: Deal) -> None:
    """The refused registration becomes a place in line; who stands there already keeps it."""
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
