"""Take opportunities of a sales system in: register, close, amend, reopen or leave alone, a set at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.registration.domain import refusals as no
from services.registration.domain.accounts import Identifier, Registrable, identifiers
from services.registration.domain.agreed_split import AgreedSplit, apply
from services.registration.domain.deal import Deal
from services.registration.domain.directory import Party
from services.registration.domain.intake import Desk, Key, Rules, Taken
from services.registration.domain.opportunity import Exclusivity, Opportunity
from services.registration.domain.values import AccountId, DealId, PartnerId, Standing, State
from services.registration.policy import Policy
from services.registration.store import accounts, coselling, deals, partners, reviews, slots
from services.registration.store.partners import KnownPartner
from services.registration.use_cases.identify import identify
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.ids import new_id

CREDITED_THERE = "the sales system names other credits"


@dataclass(slots=True)
class _Candidate:
    """One opportunity on its way to the desk."""

    seen: Opportunity
    names: tuple[Identifier, ...] = ()
    account_id: AccountId | None = None
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of each opportunity, in the order in which they were given, and the kinds of the partners concerned."""

    taken: list[Taken]
    kinds: dict[PartnerId, str | None]


def lock_name(source: str) -> str:
    """One intake per sales system at a time: its facts have an order."""
    return f"intake:{source}"


async def take_in(
    uow: UnitOfWork, seen: Sequence[Opportunity], *, exclusivity: Exclusivity, policy: Policy, registrable: Registrable
) -> Intake:
    """Decide on all of `seen` in order of registration and write what follows. The caller publishes the steps."""
    if not seen:
        return Intake([], {})
    await uow.lock(*{lock_name(one.source) for one in seen})
    known = await deals.by_origin(uow, [(one.source, one.external_id) for one in seen])
    seen = await _split(uow, seen, known)
    who = await partners.of(uow, _partners_in(seen))
    candidates = [_screen(one, known, who, exclusivity, registrable=registrable, policy=policy) for one in seen]
    await _find_accounts(uow, candidates)
    desk = await _open_desk(uow, candidates, known, exclusivity=exclusivity, policy=policy)
    taken: dict[int, Taken] = {}
    for place, candidate in sorted(enumerate(candidates), key=lambda pair: pair[1].seen.engaged_at):
        taken[place] = _decide(desk, candidate)
    await _write(uow, desk)
    return Intake([taken[place] for place in range(len(candidates))], {partner: one.kind for partner, one in who.items()})


async def _split(uow: UnitOfWork, seen: Sequence[Opportunity], known: dict[Key, Deal]) -> list[Opportunity]:
    """The opportunities with the splits that all sides have signed where they name none; what they name is the vendor's word."""
    signed = await coselling.agreed(uow, known.values())
    return [_with_split(one, signed.get(known[key].id) if (key := (one.source, one.external_id)) in known else None) for one in seen]


def _with_split(seen: Opportunity, split: AgreedSplit | None) -> Opportunity:
    if seen.terms is None or split is None:
        return seen
    return replace(seen, terms=apply(seen.terms, split, given=seen.split_given, override=CREDITED_THERE))


def _partners_in(seen: Sequence[Opportunity]) -> set[PartnerId]:
    beneficiaries = {credit.partner_id for one in seen if one.terms for credit in one.terms.credits}
    return beneficiaries | {one.partner_id for one in seen}


def _screen(
    seen: Opportunity,
    known: dict[Key, Deal],
    who: dict[PartnerId, KnownPartner],
    exclusivity: Exclusivity,
    *,
    registrable: Registrable,
    policy: Policy,
) -> _Candidate:
    candidate = _Candidate(seen)
    try:
        if not _partners_in([seen]) <= who.keys():
            raise no.PartnerUnknown
        if (seen.source, seen.external_id) not in known:
            if exclusivity is Exclusivity.ENFORCE and who[seen.partner_id].standing is not Standing.ACTIVE:
                raise no.PartnerInactive
            candidate.names = identifiers(seen.customer, registrable=registrable, free_mail=policy.free_mail_domains)
    except Refused as refusal:
        candidate.refusal = refusal
    return candidate


async def _find_accounts(uow: UnitOfWork, candidates: Sequence[_Candidate]) -> None:
    """Give each candidate that needs one its account; what names two accounts is put up for review."""
    new = sorted((one for one in candidates if one.names), key=lambda one: one.seen.engaged_at)
    parties = [Party(one.seen.customer.name, one.seen.customer.country, one.names) for one in new]
    made = await identify(uow, parties) if parties else None
    for one, account_id in zip(new, made.accounts if made else (), strict=True):
        one.account_id = account_id
        if account_id is None:
            one.refusal = refusal = no.AccountAmbiguous()
            await reviews.put_up(uow, one.seen.partner_id, name=one.seen.customer.name, wanted=one.names, reason=refusal.code)


async def _open_desk(
    uow: UnitOfWork, candidates: Sequence[_Candidate], known: dict[Key, Deal], *, exclusivity: Exclusivity, policy: Policy
) -> Desk:
    """The desk with everything that the candidates touch on it; the accounts of known deals are locked as well."""
    rules = Rules(
        exclusivity=exclusivity, protection=policy.protection, territories=policy.tree, credit_after_expiry=policy.credit_after_expiry
    )
    of_deals = {deal.scope.account_id for deal in known.values()}
    await accounts.lock(uow, of_deals)
    everything = of_deals | {one.account_id for one in candidates if one.account_id}
    board = await slots.board(uow, everything, since=_earliest(candidates, uow.now))
    return Desk(known, board, rules, now=uow.now, make_id=lambda: DealId(new_id()))


def _earliest(candidates: Sequence[_Candidate], now: datetime) -> datetime:
    closes = [one.seen.terms.closed_at for one in candidates if one.seen.terms]
    return min([now, *closes, *(one.seen.engaged_at for one in candidates)])


def _decide(desk: Desk, candidate: _Candidate) -> Taken:
    if candidate.refusal:
        return Taken(seen=candidate.seen, refusal=candidate.refusal)
    return desk.take(candidate.seen, candidate.account_id)


async def _write(uow: UnitOfWork, desk: Desk) -> None:
    new, changed = desk.new_deals(), desk.changed_deals()
    await deals.insert(uow, new)
    await deals.save(uow, *changed)
    await slots.write(uow, desk.board)
    quota: Counter[PartnerId] = Counter()
    quota.update(deal.partner_id for deal in (*new, *changed) if deal.state is State.OPEN)
    quota.subtract(deal.partner_id for deal in desk.before(changed) if deal.state is State.OPEN)
    await partners.move_quota(uow, quota)
