"""Loading and saving one deal around a rule: what every change of an existing deal shares."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.facts import Fact
from services.registration.domain.refusals import PartnerUnknown
from services.registration.domain.values import DealId, PartnerId, Terms
from services.registration.store import deals, partners
from services.registration.use_cases.coselling.call_off import end_with_deals
from services.registration.use_cases.publish import publish
from shared.chassis.database import UnitOfWork

Expects = Callable[[int], None]
"""Raises if the caller wants to change another version than this one (`If-Match`)."""


def any_version(_: int) -> None:
    """The caller changes what is there, whatever it is."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which deal is to be changed, and the versions the caller is willing to change."""

    deal_id: UUID
    expects: Expects = lambda _: None


async def load(uow: UnitOfWork, target: Target) -> Deal:
    """The deal, locked. Raises NotFound and what `expects` raises."""
    deal = await deals.one(uow, DealId(target.deal_id))
    target.expects(deal.version)
    return deal


async def settle(uow: UnitOfWork, before: Deal, after: Deal, fact: Fact, *, partner_kind: str | None = None) -> Deal:
    """Save the changed deal, count open registrations, publish the fact."""
    await deals.save(uow, after)
    moved = after.state.takes_a_place - before.state.takes_a_place
    await partners.move_quota(uow, {after.partner_id: moved})
    publish(uow, [(after, fact)], partner_kind=partner_kind)
    if after.state is not before.state:
        await end_with_deals(uow, [after])
    return after


async def kind_of_registrant(uow: UnitOfWork, partner_id: PartnerId, terms: Terms) -> str | None:
    """The registrant's kind of partnership. Raises PartnerUnknown if a beneficiary of `terms` is not known."""
    beneficiaries = {credit.partner_id for credit in (*terms.credits, *terms.overlays)}
    known = await partners.of(uow, beneficiaries | {partner_id})
    if not beneficiaries <= known.keys():
        raise PartnerUnknown
    return known[partner_id].kind if partner_id in known else None
