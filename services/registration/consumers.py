"""Which events lead to which use case. Runs of opportunities are taken in as sets."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from services.registration.domain.accounts import Registrable
from services.registration.domain.intake import Taken
from services.registration.domain.opportunity import Opportunity
from services.registration.domain.refusals import AccountTaken
from services.registration.domain.values import PartnerId
from services.registration.mapping import STANDINGS, duplicate_of, opportunity_of
from services.registration.policy import Policy
from services.registration.store import partners
from services.registration.use_cases.hear_of_partner import hear_of_partner, partner_name
from services.registration.use_cases.publish import publish
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.take_in import lock_name, take_in
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
        ready: list[tuple[Told, Opportunity]] = []
        for incoming in incomings:
            if incoming.event.partner_id not in known:
                await uow.wait_for(partner_name(incoming.event.partner_id), incoming, reason="the partner is not known yet")
                continue
            try:
                ready.append((incoming, opportunity_of(incoming.event, changed_at=incoming.event.occurred_at)))
            except Refused as refusal:
                await uow.refuse(incoming, refusal.code, refusal.message)
        seen = [opportunity for _, opportunity in ready]
        intake = await take_in(uow, seen, exclusivity=policy.opportunity_exclusivity, policy=policy, registrable=self._registrable)
        self._receipts.issue_at_last(uow, intake.taken)
        for (incoming, _), taken in zip(ready, intake.taken, strict=True):
            await _tell(uow, incoming, taken, kind=intake.kinds.get(taken.seen.partner_id))


async def _tell(uow: UnitOfWork, incoming: Told, taken: Taken, *, kind: str | None) -> None:
    """Publish what became of one opportunity, or record why nothing did."""
    with uow.caused_by(incoming):
        publish(uow, taken.steps, partner_kind=kind)
        if isinstance(taken.refusal, AccountTaken):
            uow.emit(duplicate_of(taken.seen, event_id=incoming.id, now=uow.now), sequence=1)
    if taken.refusal:
        await uow.refuse(incoming, taken.refusal.code, taken.refusal.message)


async def _on_partner(uow: UnitOfWork, incoming: Incoming[Any], policy: Policy) -> None:
    event = incoming.event
    if isinstance(event, TierChanged):
        await partners.learn_tier(uow, PartnerId(event.partner_id), event.to_tier.value, sequence=incoming.sequence)
        return
    kind = event.partner_type.value if isinstance(event, PartnerActivated) else None
    standing = STANDINGS[type(event)]
    with uow.caused_by(incoming):
        await hear_of_partner(uow, PartnerId(event.partner_id), standing=standing, kind=kind, sequence=incoming.sequence, policy=policy)
