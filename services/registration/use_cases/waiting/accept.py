"""Take an account that is offered: it is registered as of now, by the programme's rules."""

from uuid import UUID

from services.registration.domain import refusals as no
from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.accounts.likeness import Likeness
from services.registration.domain.deals.deal import Deal, protected_window
from services.registration.domain.deals.line import Place, Waiting
from services.registration.domain.values import Confidence, DealId
from services.registration.policy import Policy
from services.registration.store import account_keys, partners, slots, waiting
from services.registration.use_cases.allowed import check_allowed
from services.registration.use_cases.conflicts.arising import breaching_territory, open_breach
from services.registration.use_cases.conflicts.clashing import with_likely
from services.registration.use_cases.doubts import Recognised, put_up_doubts
from services.registration.use_cases.enter import Entry, enter
from services.registration.use_cases.hear_of_partner import partner_name
from services.registration.use_cases.waiting.end import tell_ended
from services.registration.use_cases.waiting.hold import hold
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id
from shared.schemas.waiting import WaitingEnd


async def accept(uow: UnitOfWork, waiting_id: UUID, *, by: str, policy: Policy) -> Deal:
    """Raises NotFound, NotOffered, PartnerUnknown, PartnerInactive, QuotaReached, ExistingOpportunity, CoolOff, TerritoryNotAllowed.

    Meanwhile the vendor may have claimed the account, or the rules may have changed: who waited is asked what any other is.
    """
    _, partner_id = await waiting.where(uow, waiting_id)
    await uow.lock(partner_name(partner_id))  # before the account: what ends a partnership holds it, and wants the place
    one = await hold(uow, waiting_id)
    if one.place is not Place.OFFERED or one.offered_until is None or uow.now >= one.offered_until:
        raise no.NotOffered(state=one.place)
    await partners.check_active(uow, one.partner_id)
    await slots.end(uow, [DealId(one.id)], at=uow.now)
    wanted = _deal(one, policy, uow)
    await check_allowed(uow, wanted, policy=policy)
    breach = await breaching_territory(uow, [wanted], policy=policy)
    like = await _doubts(uow, one, policy=policy)
    confidence = Confidence.PROBABLE if like else Confidence.EXACT
    reasons = tuple(reason for each in like for reason in each.reasons)
    deal = (await enter(uow, [Entry(deal=wanted, confidence=confidence, by=by, doubts=reasons)], policy=policy))[0]
    if breach:
        await open_breach(uow, deal, policy=policy)
    await with_likely(uow, deal, like, policy=policy)
    await waiting.settle(uow, [one.id], Place.TAKEN, deal_id=deal.id)
    tell_ended(uow, [one], WaitingEnd.ACCEPTED, deal_id=deal.id)
    return deal


async def _doubts(uow: UnitOfWork, one: Waiting, *, policy: Policy) -> tuple[Likeness, ...]:
    """Whom the customer may be the same as: a registration of it would be looked at by a person too."""
    account_id = one.scope.account_id
    names = tuple((await account_keys.identifiers_of(uow, [account_id]))[account_id])
    customer = Customer(name=one.account_name, country=one.country)
    who = Recognised(partner_id=one.partner_id, customer=customer, names=names, account_id=account_id, is_new=False)
    return (await put_up_doubts(uow, [who], policy=policy))[0]


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
