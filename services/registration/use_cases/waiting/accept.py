"""Take an account that is offered: it is registered as of now, by the programme's rules."""

from uuid import UUID

from services.registration.domain import refusals as no
from services.registration.domain.deals.deal import Deal, protected_window
from services.registration.domain.values import Confidence, DealId
from services.registration.policy import Policy
from services.registration.store import accounts, partners, slots, waiting
from services.registration.store.waiting import Place, Waiting
from services.registration.use_cases.allowed import check_allowed
from services.registration.use_cases.conflicts.arising import breaching_territory, open_breach
from services.registration.use_cases.enter import Entry, enter
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def accept(uow: UnitOfWork, waiting_id: UUID, *, by: str, policy: Policy) -> Deal:
    """Raises NotFound, NotOffered, PartnerUnknown, PartnerInactive, QuotaReached, ExistingOpportunity, CoolOff, TerritoryNotAllowed.

    Meanwhile the vendor may have claimed the account, or the rules may have changed: who waited is asked what any other is.
    """
    await accounts.lock(uow, [await waiting.account_of(uow, waiting_id)])
    one = await waiting.locked(uow, waiting_id)
    if one.place is not Place.OFFERED or one.offered_until is None or uow.now >= one.offered_until:
        raise no.NotOffered(state=one.place)
    await partners.check_active(uow, one.partner_id)
    await slots.end(uow, [DealId(one.id)], at=uow.now)
    wanted = _deal(one, policy, uow)
    await check_allowed(uow, wanted, policy=policy)
    breach = await breaching_territory(uow, [wanted], policy=policy)
    deal = (await enter(uow, [Entry(deal=wanted, confidence=Confidence.EXACT, by=by)], policy=policy))[0]
    if breach:
        await open_breach(uow, deal, policy=policy)
    await waiting.settle(uow, one, Place.TAKEN, deal_id=deal.id)
    return deal


def _deal(one: Waiting, policy: Policy, uow: UnitOfWork) -> Deal:
    return Deal(
        id=DealId(new_id()),
        partner_id=one.partner_id,
        account_name=one.account_name,
        scope=one.scope,
        territory=one.territory,
        country=one.country,
        registered_at=uow.now,
        protection=protected_window(uow.now, days=policy.protection, granted=True),
        expected=one.expected,
        evidence=one.evidence,
    )
