"""Keep a draft, and hold one to be submitted: under the partner's lock, so that none outlives its partnership."""

from typing import Any
from uuid import UUID

from services.registration.domain.refusals import PartnerInactive
from services.registration.domain.values import PartnerId, Standing
from services.registration.store import drafts, partners
from services.registration.store.drafts import Draft
from services.registration.use_cases.hear_of_partner import partner_name
from shared.chassis.database import UnitOfWork


async def keep(uow: UnitOfWork, partner_id: PartnerId, body: dict[str, Any]) -> Draft:
    """A draft keeps nobody out: a partner that is not heard of yet, or suspended, may prepare one. Raises PartnerInactive."""
    await uow.lock(partner_name(partner_id))  # else it could end meanwhile, and the draft would stay
    known = (await partners.of(uow, [partner_id])).get(partner_id)
    if known and known.standing is Standing.TERMINATED:
        raise PartnerInactive
    return await drafts.add(uow, partner_id, body)


async def hold(uow: UnitOfWork, draft_id: UUID) -> Draft:
    """The draft, locked, and its partner before it: what ends a partnership takes the place in the quota first, submitting takes it last.

    Raises NotFound.
    """
    seen = await drafts.one(uow, draft_id)
    await uow.lock(partner_name(seen.partner_id))
    return await drafts.locked(uow, draft_id)
