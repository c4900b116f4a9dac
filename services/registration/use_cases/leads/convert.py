"""Convert an accepted lead: it is registered as a deal like any other, in the same transaction."""

from dataclasses import dataclass
from uuid import UUID

from services.registration.domain import lead as life
from services.registration.domain.accounts import Customer, Registrable
from services.registration.domain.lead import Lead, Side
from services.registration.policy import Policy
from services.registration.store import leads
from services.registration.use_cases.leads.answer import settle
from services.registration.use_cases.register import Registration, register
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused


@dataclass(frozen=True, slots=True)
class Known:
    """What has become known of the customer beyond the lead."""

    tax_id: str | None = None
    crm_ids: tuple[str, ...] = ()


async def convert(uow: UnitOfWork, lead_id: UUID, known: Known, *, by: Side, policy: Policy, registrable: Registrable) -> Lead | Refused:
    """The converted lead; or a refusal of `register` that must be committed, the lead as it was.

    Raises NotFound, LeadOtherSide, LeadNotAccepted and what `register` raises.
    """
    lead = await leads.one(uow, lead_id)
    life.check_convertible(lead, by=by)
    deal = await register(uow, _registration(lead, known), policy=policy, registrable=registrable)
    if isinstance(deal, Refused):
        return deal
    return await settle(uow, life.convert(lead, by=by, deal_id=deal.id))


def _registration(lead: Lead, known: Known) -> Registration:
    told = lead.prospect
    return Registration(
        partner_id=lead.partner_id,
        customer=Customer(name=told.name, domain=told.domain, country=told.country, tax_id=known.tax_id, crm_ids=known.crm_ids),
        families=told.families,
        territory=told.territory,
        expected=told.expected,
        lead_id=lead.id,
    )
