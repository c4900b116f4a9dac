"""End agreements that lose their ground: their deal is over, or a party may not work any more."""

from collections.abc import Iterable

from services.registration.domain.coselling import agreement as life
from services.registration.domain.coselling.agreement import Because, Step
from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import DealId, PartnerId, State
from services.registration.store import coselling, live_agreements
from services.registration.use_cases.coselling.sign import publish
from shared.chassis.database import UnitOfWork


async def end_with_deals(uow: UnitOfWork, deals: Iterable[Deal]) -> None:
    """What is agreed about those of `deals` that are over ends now, and does not come back with a reopened one. The deals are locked.

    Of a won deal only what is proposed ends: the win followed what was signed, as its amendments will, and the next win if it is reopened.
    """
    states = [(deal.id, deal.state) for deal in deals]
    over = {deal_id for deal_id, state in states if state.is_over}
    done = over | {deal_id for deal_id, state in states if state is State.WON}
    for agreement in await live_agreements.of_deals(uow, done) if done else ():
        gone = agreement.deal_id in over
        because = Because.DEAL_OVER if gone else Because.DEAL_WON
        await _settle(uow, life.call_off(agreement, because=because, now=uow.now, signed=gone))


async def end_with_registrant(uow: UnitOfWork, deal_id: DealId) -> None:
    """What its former registrant agreed about a deal that went to another partner ends: it must not divide the other's win."""
    for agreement in await live_agreements.of_deals(uow, [deal_id]):
        await _settle(uow, life.call_off(agreement, because=Because.DEAL_REASSIGNED, now=uow.now))


async def end_with_partner(uow: UnitOfWork, partner_id: PartnerId, *, signed: bool) -> None:
    """What the partner is a party of ends: its invitations, and with `signed` what is in force too."""
    for agreement in await live_agreements.of_party(uow, partner_id):
        steps = life.call_off(agreement, because=Because.PARTNER_INACTIVE, now=uow.now, party=partner_id, signed=signed)
        await _settle(uow, steps)


async def _settle(uow: UnitOfWork, steps: Iterable[Step]) -> None:
    for changed, told in steps:
        await coselling.save(uow, changed)
        publish(uow, changed, told)
