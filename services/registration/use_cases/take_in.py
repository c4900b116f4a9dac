"""Take opportunities of a sales system in: register, close, amend, reopen or leave alone, a set at a time."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registration.domain import refusals as no
from services.registration.domain.accounts.directory import Party
from services.registration.domain.accounts.identifiers import Identifier, Registrable, identifiers
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.turns import turns
from services.registration.domain.intake.desk import Desk, Key, Rules, Taken
from services.registration.domain.intake.echo import OURS, exported_id, is_ours, written
from services.registration.domain.intake.opportunity import Exclusivity, Opportunity
from services.registration.domain.values import AccountId, DealId, PartnerId, Standing, State
from services.registration.policy import Policy
from services.registration.store import accounts, coselling, deals, extensions, partners, reviews, slots, waiting
from services.registration.store.partners import KnownPartner
from services.registration.use_cases.conflicts.arising import from_intake
from services.registration.use_cases.coselling.call_off import end_with_deals
from services.registration.use_cases.hear_of_partner import partner_name
from services.registration.use_cases.identify import identify
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.ids import new_id


@dataclass(slots=True)
class _Candidate:
    """One opportunity on its way to the desk."""

    seen: Opportunity
    names: tuple[Identifier, ...] = ()
    account_id: AccountId | None = None
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of each opportunity, in the order in which they were given, and the kinds of the partners concerned.

    `turns` are their places in the order in which they were decided: that of the facts.
    """

    taken: list[Taken]
    kinds: dict[PartnerId, str | None]
    turns: list[int]


def lock_name(source: str) -> str:
    """One intake per sales system at a time: its facts have an order."""
    return f"intake:{source}"


def names(seen: Iterable[Opportunity]) -> set[str]:
    """What is locked before anything else, all in one call: the sources, and the partners, who may not be ended meanwhile."""
    return {name for one in seen for name in (lock_name(one.source), partner_name(one.partner_id))}


async def take_in(
    uow: UnitOfWork,
    seen: Sequence[Opportunity],
    *,
    exclusivity: Exclusivity,
    policy: Policy,
    registrable: Registrable,
    publish: Callable[[Intake], Coroutine[object, object, None]],
) -> Intake:
    """Decide on all of `seen` in order of registration and write what follows. `publish` tells of it in pieces, while PostgreSQL writes."""
    if not seen:
        return Intake([], {}, [])
    await uow.lock(*names(seen))
    known = await deals.by_origin(uow, [(one.source, one.external_id) for one in seen])
    others = await _ours(uow, seen, known)
    who = await partners.of(uow, _partners_in(seen))
    candidates = [_screen(one, known, who, exclusivity, registrable=registrable, policy=policy) for one in seen]
    of_deals = {deal.scope.account_id for deal in (*known.values(), *others)}
    await _find_accounts(uow, candidates, of_deals)
    desk = await _open_desk(uow, candidates, known, others, of_deals, exclusivity=exclusivity, policy=policy)
    order = turns(seen)
    taken = {place: _decide(desk, candidates[place]) for place in order}
    kinds = {partner: one.kind for partner, one in who.items()}
    intake = Intake([taken[place] for place in range(len(candidates))], kinds, order)
    telling = asyncio.create_task(publish(intake))
    try:
        await _write(uow, desk)
    finally:
        await telling
    new = {deal.id for deal in desk.new_deals()}  # nothing is agreed about them yet
    await end_with_deals(uow, (deal for one in taken.values() for deal, _ in one.steps if deal.id not in new))
    await from_intake(uow, list(taken.values()), who, policy=policy)
    return intake


async def _ours(uow: UnitOfWork, seen: Sequence[Opportunity], known: dict[Key, Deal]) -> list[Deal]:
    """Our own deals that the opportunities echo, by the id that their origin names. Those that come back from an export join `known`."""
    exported = {DealId(id_): one for one in seen if one.source == OURS and (id_ := exported_id(one.external_id))}
    echoed = {DealId(named.deal_id) for one in seen if (named := written(one.origin)) and (one.source, one.external_id) not in known}
    if not (wanted := (exported.keys() | echoed) - {deal.id for deal in known.values()}):
        return []
    found = await deals.by_ids(uow, wanted)
    for deal in found:
        if deal.id in exported and deal.origin is None:
            known.setdefault((OURS, exported[deal.id].external_id), deal)
    return [deal for deal in found if deal.id in echoed]


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
        if is_ours(seen.origin):  # nothing begins with an echo
            return candidate
        deal = known.get((seen.source, seen.external_id))
        begins = deal is None or (deal.partner_id != seen.partner_id and not deal.is_closed)
        if begins and exclusivity is Exclusivity.ENFORCE and who[seen.partner_id].standing is not Standing.ACTIVE:
            raise no.PartnerInactive
        if deal is None:
            candidate.names = identifiers(seen.customer, registrable=registrable, free_mail=policy.free_mail_domains)
    except Refused as refusal:
        candidate.refusal = refusal
    return candidate


async def _find_accounts(uow: UnitOfWork, candidates: Sequence[_Candidate], of_deals: Iterable[AccountId]) -> None:
    """Give each candidate that needs one its account; what names two accounts is put up for review. All accounts are locked together."""
    new = sorted((one for one in candidates if one.names), key=lambda one: one.seen.engaged_at)
    parties = [Party(one.seen.customer.name, one.seen.customer.country, one.names) for one in new]
    known = await accounts.find_and_lock(uow, (name for one in new for name in one.names), of_deals)
    made = await identify(uow, parties, known=known)
    for one, account_id in zip(new, made.accounts, strict=True):
        one.account_id = account_id
        if account_id is None:
            one.refusal = refusal = no.AccountAmbiguous()
            await reviews.put_up(uow, one.seen.partner_id, name=one.seen.customer.name, wanted=one.names, reason=refusal.code)


async def _open_desk(
    uow: UnitOfWork,
    candidates: Sequence[_Candidate],
    known: dict[Key, Deal],
    others: Sequence[Deal],
    of_deals: set[AccountId],
    *,
    exclusivity: Exclusivity,
    policy: Policy,
) -> Desk:
    """The desk with everything that the candidates touch on it, whose accounts are locked."""
    rules = Rules(
        exclusivity=exclusivity,
        protection=policy.protection,
        territories=policy.tree,
        credit_after_expiry=policy.credit_after_expiry,
        on_owner_change=policy.on_owner_change,
    )
    everything = of_deals | {one.account_id for one in candidates if one.account_id}
    board = await slots.board(uow, everything, since=_earliest(candidates, uow.now))
    splits = await coselling.agreed(uow, known.values())
    offers = await waiting.places_among(uow, board.nameless())
    asked = await extensions.pending_among(uow, (deal.id for deal in known.values() if deal.state is State.OPEN))
    return Desk(
        known, board, rules, now=uow.now, make_id=lambda: DealId(new_id()), others=others, splits=splits, offers=offers, asked=asked
    )


def _earliest(candidates: Sequence[_Candidate], now: datetime) -> datetime:
    closes = [one.seen.terms.closed_at for one in candidates if one.seen.terms]
    return min([now, *closes, *(one.seen.engaged_at for one in candidates)])


def _decide(desk: Desk, candidate: _Candidate) -> Taken:
    if candidate.refusal:
        return Taken(seen=candidate.seen, refusal=candidate.refusal)
    return desk.take(candidate.seen, candidate.account_id)


async def _write(uow: UnitOfWork, desk: Desk) -> None:
    new, changed = desk.new_deals(), desk.changed_deals()
    await extensions.lapse(uow, sorted(desk.lapsed))
    await deals.save(uow, *changed)  # first, since a deal may leave its opportunity to a new one
    await deals.insert(uow, new)
    await slots.write(uow, desk.board)
    quota: Counter[PartnerId] = Counter()
    quota.update(deal.partner_id for deal in (*new, *changed) if deal.state.takes_a_place)
    quota.subtract(deal.partner_id for deal in desk.before(changed) if deal.state.takes_a_place)
    await partners.move_quota(uow, quota)
