"""Which events lead to which use case. Runs of opportunities are taken in as sets."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from services.registration.arrival import Arrival
from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.intake.error import Way
from services.registration.domain.values import PartnerId
from services.registration.mapping.deals import STANDINGS, opportunity_of
from services.registration.policy import Policy
from services.registration.reading import fault_of
from services.registration.store import partners
from services.registration.use_cases.hear_of_partner import hear_of_partner, partner_name
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.receive import Manner, receive
from services.registration.use_cases.take_in import lock_name
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.events import Handlers, Incoming
from shared.chassis.policies import Policies
from shared.schemas.crm import OpportunityChanged
from shared.schemas.partners import PartnerActivated
from shared.schemas.tiering import TierChanged

Told = Incoming[OpportunityChanged]


def handlers(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Handlers:
    """Facts about partners and about opportunities, in the order in which they come."""
    intake = _Consumers(policies, registrable, receipts)
    return Handlers(types=(*STANDINGS, TierChanged, OpportunityChanged), batch=intake.run, locks=_locks)


def _locks(incoming: Incoming[Any]) -> Iterable[str]:
    yield partner_name(incoming.event.partner_id)
    if isinstance(incoming.event, OpportunityChanged):
        yield lock_name(incoming.event.source)


def _is_opportunity(incoming: Incoming[Any]) -> bool:
    return isinstance(incoming.event, OpportunityChanged)


class _Consumers:
    def __init__(self, policies: Policies[Policy], registrable: Registrable, receipts: Receipts) -> None:
        self._policies = policies
        self._registrable = registrable
        self._receipts = receipts

    async def run(self, uow: UnitOfWork, incomings: Sequence[Incoming[Any]]) -> None:
        """Handle the events in order, opportunities next to each other together."""
        _, policy = await self._policies.at(uow, uow.now)
        for opportunities, run in groupby(incomings, key=_is_opportunity):
            if opportunities:
                await self._on_opportunities(uow, list(run), policy)
            else:
                for incoming in run:
                    await _on_partner(uow, incoming, policy)

    async def _on_opportunities(self, uow: UnitOfWork, incomings: Sequence[Told], policy: Policy) -> None:
        known = await partners.of(uow, {PartnerId(one.event.partner_id) for one in incomings})
        arrivals: list[Arrival] = []
        for incoming in incomings:
            if incoming.event.partner_id in known:
                arrivals.append(_read(incoming))
            else:
                await uow.wait_for(partner_name(incoming.event.partner_id), incoming, reason="the partner is not known yet")
        manner = Manner(
            way=Way.KAFKA, exclusivity=policy.opportunity_exclusivity, policy=policy, registrable=self._registrable, receipts=self._receipts
        )
        for outcome in await receive(uow, arrivals, manner):
            if outcome.fault and outcome.arrival.cause:
                await uow.refuse(outcome.arrival.cause, outcome.fault.code, outcome.fault.message)


def _read(incoming: Told) -> Arrival:
    text = incoming.raw.value or b""
    try:
        return Arrival(text=text, seen=opportunity_of(incoming.event), cause=incoming)
    except Refused as refusal:
        return Arrival(text=text, fault=fault_of(refusal), cause=incoming)


async def _on_partner(uow: UnitOfWork, incoming: Incoming[Any], policy: Policy) -> None:
    event = incoming.event
    if isinstance(event, TierChanged):
        await partners.learn_tier(uow, PartnerId(event.partner_id), event.to_tier.value, sequence=incoming.sequence)
        return
    kind = event.partner_type.value if isinstance(event, PartnerActivated) else None
    standing = STANDINGS[type(event)]
    with uow.caused_by(incoming):
        await hear_of_partner(uow, PartnerId(event.partner_id), standing=standing, kind=kind, sequence=incoming.sequence, policy=policy)
