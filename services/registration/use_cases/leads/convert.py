"""Convert an accepted lead: it is registered as a deal like any other, in the same transaction."""

from dataclasses import dataclass

from services.registration.domain.accounts.identifiers import Customer, Registrable
from services.registration.domain.leads import lead as life
from services.registration.domain.leads.lead import Lead, Side
from services.registration.domain.receipts.receipt import Link
from services.registration.policy import Policy
from services.registration.store import leads
from services.registration.use_cases.hear_of_partner import partner_name
from services.registration.use_cases.leads.answer import OneLead, load, settle
from services.registration.use_cases.receipts.issue import Receipts, submitted
from services.registration.use_cases.register import Registration, register
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused


@dataclass(frozen=True, slots=True)
class Known:
    """What has become known of the customer beyond the lead."""

    tax_id: str | None = None
    crm_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registering:
    """What a registration needs beside what is asked for."""

    policy: Policy
    registrable: Registrable
    receipts: Receipts


async def convert(
    uow: UnitOfWork, one: OneLead, known: Known, *, by: Side, who: str, registering: Registering
) -> tuple[Lead | Refused, Link]:
    """The converted lead, or a refusal of `register` that must be committed, the lead as it was; with the receipt of the submission.

    Nothing but the answer may follow. Raises LeadOtherSide, LeadNotAccepted and what `load` and `register` raise.
    """
    seen = await leads.seen(uow, one.lead_id)
    await uow.lock(partner_name(seen.partner_id))  # what ends a partnership takes the place in the quota first, converting takes it last
    lead = await load(uow, one)
    life.check_convertible(lead, by=by)
    wanted = _registration(lead, known, by=who)
    deal = await register(uow, wanted, policy=registering.policy, registrable=registering.registrable)
    outcome = deal if isinstance(deal, Refused) else await settle(uow, life.convert(lead, by=by, deal_id=deal.id))
    return outcome, await registering.receipts.issue(uow, submitted(wanted, deal))


def _registration(lead: Lead, known: Known, *, by: str) -> Registration:
    told = lead.prospect
    return Registration(
        partner_id=lead.partner_id,
        customer=Customer(name=told.name, domain=told.domain, country=told.country, tax_id=known.tax_id, crm_ids=known.crm_ids),
        families=told.families,
        territory=told.territory,
        expected=told.expected,
        evidence=f"the lead {lead.id}",
        lead_id=lead.id,
        by=by,
    )
