"""Propose a split for a deal, and so invite its parties."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.registration.domain.coselling import agreement as life
from services.registration.domain.coselling.agreement import Agreement, AgreementId, Party
from services.registration.domain.refusals import NotOpen, PartnerInactive, PartnerUnknown
from services.registration.domain.values import DealId, Standing, State
from services.registration.policy import Policy
from services.registration.store import coselling, deals, partners
from services.registration.store.coselling import About
from services.registration.use_cases.coselling.sign import publish
from services.registration.use_cases.hear_of_partner import partner_name
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A full version: who takes part, what else is agreed, and what the invitation tells."""

    deal_id: UUID
    parties: tuple[Party, ...]
    terms: str = ""
    message: str = ""
    respond_by: datetime | None = None


async def propose(uow: UnitOfWork, wanted: Proposal, *, policy: Policy) -> Agreement:
    """By who sees the deal: its registrant or the vendor.

    Raises NotFound, NotOpen, PartnerUnknown, PartnerInactive and what the rule raises.
    """
    await uow.lock(*{partner_name(party.partner_id) for party in wanted.parties})  # else one could leave meanwhile
    deal = await deals.one(uow, DealId(wanted.deal_id))
    if deal.state is not State.OPEN:
        raise NotOpen(state=deal.state)
    await _check_partners(uow, wanted.parties)
    agreement = await coselling.of_deal(uow, deal, fresh=AgreementId(new_id()))
    latest = uow.now + timedelta(days=policy.coselling.respond_within_days)
    respond_by = min(wanted.respond_by or latest, latest)
    signs = policy.coselling.vendor_signs
    changed, told = life.propose(agreement, wanted.parties, terms=wanted.terms, vendor_signs=signs, respond_by=respond_by, now=uow.now)
    await coselling.save(uow, changed, about=About(deal.scope.families, deal.territory, wanted.message))
    publish(uow, changed, told)
    return changed


async def _check_partners(uow: UnitOfWork, parties: tuple[Party, ...]) -> None:
    known = await partners.of(uow, [party.partner_id for party in parties])
    if not {party.partner_id for party in parties} <= known.keys():
        raise PartnerUnknown
    if any(one.standing is not Standing.ACTIVE for one in known.values()):
        raise PartnerInactive
