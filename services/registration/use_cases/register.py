"""Register a deal: the first to come keeps rivals out, a rival learns that the account is taken and not by whom."""

from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.registration.domain import refusals as no
from services.registration.domain.accounts.directory import Party
from services.registration.domain.accounts.identifiers import Customer, Identifier, Registrable, identifiers
from services.registration.domain.accounts.likeness import Likeness
from services.registration.domain.deals.deal import Deal, protected_window
from services.registration.domain.deals.protection import Scope
from services.registration.domain.values import AccountId, Confidence, DealId, PartnerId
from services.registration.policy import Policy
from services.registration.store import accounts, partners, reviews, slots
from services.registration.use_cases.allowed import check_cool_off, check_not_kept
from services.registration.use_cases.conflicts.arising import breaching_territory, open_breach
from services.registration.use_cases.conflicts.clashing import with_likely
from services.registration.use_cases.doubts import Recognised, put_up_doubts
from services.registration.use_cases.enter import Entry, enter
from services.registration.use_cases.hear_of_partner import partner_name
from services.registration.use_cases.identify import identify
from services.registration.use_cases.waiting.join import join
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.ids import new_id
from shared.chassis.money import Money
from shared.schemas.deals import DealDuplicateRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is to be registered, and `by` whom. `registered_at` comes from the vendor's own records; without it the time of receipt counts.

    `override` is staff's reason to set the vendor's own claims aside; with `wait` whoever comes second stands in line.
    """

    partner_id: PartnerId
    customer: Customer
    families: tuple[str, ...]
    territory: str | None = None
    expected: Money | None = None
    registered_at: datetime | None = None
    evidence: str | None = None
    override: str | None = None
    wait: bool = False
    by: str = ""
    lead_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A deal on a free account, how surely its customer was recognised, and whom it may be the same as (for staff alone)."""

    wanted: Registration
    deal: Deal
    confidence: Confidence
    like: tuple[Likeness, ...]
    context: Context | None = None

    def entry(self) -> Entry:
        """It as it enters the record, with what a person should look at."""
        reasons = [reason for one in self.like for reason in one.reasons]
        set_aside = [f"The vendor's own claim on it was set aside: {self.wanted.override}"] if self.wanted.override else []
        doubts = (*reasons, *set_aside)
        return Entry(deal=self.deal, confidence=self.confidence, by=self.wanted.by, doubts=doubts, context=self.context)


async def register(uow: UnitOfWork, wanted: Registration, *, policy: Policy, registrable: Registrable) -> Deal | Refused:
    """The deal, protected or in review; or a refusal that is itself on record and must be committed (AccountTaken, AccountAmbiguous).

    Raises PartnerUnknown, PartnerInactive, QuotaReached, CoolOff, RegisteredInFuture, EvidenceMissing, ExistingOpportunity,
    TerritoryNotAllowed and what identifiers raises.
    """
    check_terms(wanted, now=uow.now, policy=policy)
    names = identifiers(wanted.customer, registrable=registrable, free_mail=policy.free_mail_domains)
    if wanted.wait:  # before the account: a place in line must not outlive its partnership
        await uow.lock(partner_name(wanted.partner_id))
    standing, known = await accounts.find_for(uow, names, partner_id=wanted.partner_id)
    partners.check_standing(standing)
    claimed = await _claim(uow, wanted, names, known, policy=policy)
    if isinstance(claimed, Refused):
        return claimed
    await check_cool_off(uow, claimed.deal, policy=policy)
    return (await record(uow, [claimed], policy=policy))[0]


def check_terms(wanted: Registration, *, now: datetime, policy: Policy) -> None:
    """What can be told from the registration alone. Raises RegisteredInFuture, EvidenceMissing."""
    if wanted.registered_at and wanted.registered_at > now:
        raise no.RegisteredInFuture
    if policy.evidence_required and not wanted.evidence:
        raise no.EvidenceMissing


async def record(uow: UnitOfWork, claimed: Sequence[Claimed], *, policy: Policy) -> list[Deal]:
    """The deals, entered, with the conflicts that they give rise to. Raises QuotaReached, PartnerInactive, TerritoryNotAllowed."""
    breaches = await breaching_territory(uow, [one.deal for one in claimed], policy=policy)
    entered = await enter(uow, [one.entry() for one in claimed], policy=policy)
    for one, deal in zip(claimed, entered, strict=True):
        if deal.id in breaches:
            await open_breach(uow, deal, policy=policy)
        await with_likely(uow, deal, one.like, policy=policy)
    return entered


async def _claim(
    uow: UnitOfWork, wanted: Registration, names: tuple[Identifier, ...], known: accounts.Known, *, policy: Policy
) -> Claimed | Refused:
    """The deal if its account is free, under the account's lock."""
    matches = set(known.values())
    if len(matches) == 1:
        # Asked before the names are entered: what a refused rival says of an account must not stick to it.
        deal = drafted(wanted, next(iter(matches)), policy=policy, now=uow.now)
        if refused := await _in_the_way(uow, wanted, deal, policy=policy):
            return refused
    made = await identify(uow, [Party(wanted.customer.name, wanted.customer.country, names)], known=known)
    account_id = made.accounts[0]
    if account_id is None:
        return await _ambiguous(uow, wanted, names)
    deal = drafted(wanted, account_id, policy=policy, now=uow.now)
    entered_meanwhile = account_id not in matches and not made.new_accounts
    if entered_meanwhile and (refused := await _in_the_way(uow, wanted, deal, policy=policy)):
        return refused
    is_new = bool(made.new_accounts)
    who = Recognised(partner_id=wanted.partner_id, customer=wanted.customer, names=names, account_id=account_id, is_new=is_new)
    like = (await put_up_doubts(uow, [who], policy=policy))[0]
    confidence = Confidence.PROBABLE if like else Confidence.NEW if is_new else Confidence.EXACT
    return Claimed(wanted, deal, confidence, like)


async def _in_the_way(uow: UnitOfWork, wanted: Registration, deal: Deal, *, policy: Policy) -> Refused | None:
    """A refusal that is on record if a rival holds the account. Raises ExistingOpportunity if the vendor keeps it."""
    if await _is_taken(uow, deal):
        waits = wanted.wait and policy.waiting_list.open
        return _duplicate(uow, deal, place=await join(uow, deal) if waits else None)
    if wanted.override is None:
        await check_not_kept(uow, deal, policy=policy)
    return None


def drafted(wanted: Registration, account_id: AccountId, *, policy: Policy, now: datetime) -> Deal:
    """The deal that would be on the account."""
    territory = policy.tree.derive(wanted.territory, wanted.customer.country)
    start = wanted.registered_at or now
    return Deal(
        id=DealId(new_id()),
        partner_id=wanted.partner_id,
        account_name=wanted.customer.name,
        scope=Scope(account_id, wanted.families, policy.tree.path(territory)),
        territory=territory,
        country=wanted.customer.country,
        registered_at=start,
        protection=protected_window(start, days=policy.protection, granted=True),
        expected=wanted.expected,
        evidence=wanted.evidence,
        lead_id=wanted.lead_id,
    )


async def _is_taken(uow: UnitOfWork, deal: Deal) -> bool:
    """Decided under the account's lock; the exclusion constraint on the slots holds the same once more."""
    window = deal.protection.window
    board = await slots.board(uow, [deal.scope.account_id], since=window.start, until=window.end)
    return bool(board.holders(deal.scope, window))


def _duplicate(uow: UnitOfWork, deal: Deal, *, place: UUID | None) -> Refused:
    refusal = no.AccountTaken(refusal_id=deal.id)
    refused = DealDuplicateRefused(
        occurred_at=uow.now,
        recorded_at=uow.now,
        refusal_id=deal.id,
        partner_id=deal.partner_id,
        account_name=deal.account_name,
        families=deal.scope.families,
        territory=deal.territory,
        code=refusal.code,
        waiting_id=place,
    )
    uow.emit(refused, sequence=1)
    return refusal


async def _ambiguous(uow: UnitOfWork, wanted: Registration, names: tuple[Identifier, ...]) -> Refused:
    refusal = no.AccountAmbiguous(refusal_id=new_id())
    await reviews.put_up(uow, wanted.partner_id, name=wanted.customer.name, wanted=names, reason=refusal.code)
    return refusal
