"""Giving a deal to another partner: the one change of a deal's partner there is."""

from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import PartnerId
from services.registration.store import deals, partners
from shared.chassis.database import UnitOfWork

_PLACES = "select partner_id from registration_quotas where partner_id = any($1::uuid[]) order by partner_id for update"
_HAND_OVER = "update deals set partner_id = $2 where id = $1"


async def hold_places(uow: UnitOfWork, *partner_ids: PartnerId) -> set[PartnerId]:
    """Which of the partners have a place for open registrations; the places are held, so that none of them ends meanwhile."""
    return {PartnerId(row[0]) for row in await uow.fetch(_PLACES, list(partner_ids))}


async def hand_over(uow: UnitOfWork, deal: Deal, *, former: PartnerId) -> None:
    """Write the deal in its new partner's name, and count it there; a decision does not ask whether there is room."""
    await uow.fetch(_HAND_OVER, deal.id, deal.partner_id)
    await deals.save(uow, deal)
    await partners.move_quota(uow, {former: -1, deal.partner_id: +1})
