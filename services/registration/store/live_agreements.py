"""Agreements of which a version is proposed or in force, loaded under their locks to be ended by what happens elsewhere."""

from collections.abc import Iterable
from typing import Any

from services.registration.domain.coselling.agreement import Agreement
from services.registration.domain.values import DealId, PartnerId
from services.registration.store.coselling import whole
from shared.chassis.database import UnitOfWork, every_partner

_LIVE = "select agreement_id from cosell_versions where state in ('proposed', 'in_force')"
_OF_DEALS = f"select id from cosell_agreements where deal_id = any($1::uuid[]) and id in ({_LIVE}) order by id for update"  # noqa: S608
_OF_PARTY = """
select id from cosell_agreements where id in (
    select agreement_id from cosell_parties where partner_id = $1 and state in ('proposed', 'in_force')) order by id for update"""


async def of_deals(uow: UnitOfWork, deals: Iterable[DealId]) -> list[Agreement]:
    """Those about these deals."""
    return await _loaded(uow, _OF_DEALS, sorted(deals))


async def of_party(uow: UnitOfWork, partner_id: PartnerId) -> list[Agreement]:
    """Those of which the partner is a party, or is asked to be."""
    return await _loaded(uow, _OF_PARTY, partner_id)


async def _loaded(uow: UnitOfWork, query: str, whose: Any) -> list[Agreement]:
    async with every_partner(uow):
        return [await whole(uow, row[0]) for row in await uow.fetch(query, whose)]
