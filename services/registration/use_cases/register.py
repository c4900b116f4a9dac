"""Register a deal: the first to come is protected, a rival learns that the account is taken and not by whom."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.registration.domain import refusals as no
from services.registration.domain.accounts import Customer, Identifier, Registrable, identifiers
from services.registration.domain.deal import Deal, protected_window
from services.registration.domain.deal import register as begin
from services.registration.domain.directory import Party
from services.registration.domain.protection import Scope
from services.registration.domain.values import AccountId, DealId, PartnerId, Standing
from services.registration.policy import Policy
from services.registration.store import accounts, deals, partners, reviews, slots
from services.registration.use_cases.identify import identify
from services.registration.use_cases.publish import publish
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.ids import new_id
from shared.chassis.money import Money
from shared.schemas.deals import DealDuplicateRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is to be registered. `registered_at` comes from the vendor's own records; without it the time of receipt counts."""

    partner_id: PartnerId
    customer: Customer
    families: tuple[str, ...]
    territory: str | None = None
    expected: Money | None = None
    registered_at: datetime | None = None
    lead_id: UUID | None = None


async def register(uow: UnitOfWork, wanted: Registration, *, policy: Policy, registrable: Registrable) -> Deal | Refused:
    """The protected deal; or a refusal that is itself on record and must be committed (AccountTaken, AccountAmbiguous).

    Raises PartnerUnknown, PartnerInactive, QuotaReached, CoolOff, RegisteredInFuture and what identifiers raises.
    """
    if wanted.registered_at and wanted.registered_at > uow.now:
        raise no.RegisteredInFuture
    names = identifiers(wanted.customer, registrable=registrable, free_mail=policy.free_mail_domains)
    standing, known = await accounts.find_for(uow, names, partner_id=wanted.partner_id)
    _check_standing(standing)
    deal = await _claim(uow, wanted, names, known, policy=policy)
    if isinstance(deal, Refused):
        return deal
    await _check_cool_off(uow, deal, policy=policy)
    deal, fact = begin(deal)
    if not await deals.enter(uow, deal, limit=policy.open_registrations_limit):
        _check_standing((await partners.of(uow, [deal.partner_id]))[deal.partner_id].standing)  # it may have ended meanwhile
        raise no.QuotaReached(limit=policy.open_registrations_limit)
    publish(uow, [(deal, fact)])
    return deal


async def _claim(
    uow: UnitOfWork, wanted: Registration, names: tuple[Identifier, ...], known: accounts.Known, *, policy: Policy
) -> Deal | Refused:
    """The deal if its account is free, under the account's lock."""
    matches = set(known.values())
    if len(matches) == 1:
        # Asked before the names are entered: what a refused rival says of an account must not stick to it.
        deal = _draft(wanted, next(iter(matches)), policy=policy, now=uow.now)
        if await _is_taken(uow, deal):
            return _duplicate(uow, deal)
    made = await identify(uow, [Party(wanted.customer.name, wanted.customer.country, names)], known=known)
    account_id = made.accounts[0]
    if account_id is None:
        return await _ambiguous(uow, wanted, names)
    deal = _draft(wanted, account_id, policy=policy, now=uow.now)
    entered_meanwhile = account_id not in matches and not made.new_accounts
    return _duplicate(uow, deal) if entered_meanwhile and await _is_taken(uow, deal) else deal


def _check_standing(standing: str | None) -> None:
    if standing is None:
        raise no.PartnerUnknown
    if standing != Standing.ACTIVE:
        raise no.PartnerInactive


def _draft(wanted: Registration, account_id: AccountId, *, policy: Policy, now: datetime) -> Deal:
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
        lead_id=wanted.lead_id,
    )


async def _is_taken(uow: UnitOfWork, deal: Deal) -> bool:
    """Decided under the account's lock; the exclusion constraint on the slots holds the same once more."""
    window = deal.protection.window
    board = await slots.board(uow, [deal.scope.account_id], since=window.start, until=window.end)
    return bool(board.holders(deal.scope, window))


def _duplicate(uow: UnitOfWork, deal: Deal) -> Refused:
    refusal = no.AccountTaken()
    refused = DealDuplicateRefused(
        occurred_at=uow.now,
        recorded_at=uow.now,
        refusal_id=deal.id,
        partner_id=deal.partner_id,
        account_name=deal.account_name,
        families=deal.scope.families,
        territory=deal.territory,
        code=refusal.code,
    )
    uow.emit(refused, sequence=1)
    return refusal


async def _ambiguous(uow: UnitOfWork, wanted: Registration, names: tuple[Identifier, ...]) -> Refused:
    refusal = no.AccountAmbiguous()
    await reviews.put_up(uow, wanted.partner_id, name=wanted.customer.name, wanted=names, reason=refusal.code)
    return refusal


async def _check_cool_off(uow: UnitOfWork, deal: Deal, *, policy: Policy) -> None:
    if policy.cool_off_days and await deals.ended_within(uow, deal, since=uow.now - policy.cool_off):
        raise no.CoolOff(days=policy.cool_off_days)
