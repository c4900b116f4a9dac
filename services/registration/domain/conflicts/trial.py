"""Trying rules over history: the deals on record, registered once more under other rules, and which conflicts would not have been."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from services.registration.domain.conflicts.conflict import Kind
from services.registration.domain.conflicts.refusals import TerritoryNotAllowed
from services.registration.domain.deals.assignment import Assignment
from services.registration.domain.deals.deal import Deal, protected_window
from services.registration.domain.deals.protection import Board, Scope, Window, instant, rivals, slots_for
from services.registration.domain.deals.territories import Territories
from services.registration.domain.intake.opportunity import Exclusivity
from services.registration.domain.refusals import (
    AccountTaken,
    CoolOff,
    CreditExpired,
    CreditHeldByRival,
    CreditUnderReview,
    QuotaReached,
)
from services.registration.domain.values import AccountId, CreditAfterExpiry, DealId, PartnerId, State
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the programme says, as far as it decides who may register, and who is credited for a win."""

    exclusivity: Exclusivity
    protection: timedelta
    extension: timedelta
    extensions: int
    credit: CreditAfterExpiry
    cool_off: timedelta
    limit: int
    territories: Territories
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one registration: refused with a code, or accepted beside `meets` (rivals' deals that hold the same).

    `uncredited` is the code with which its win would be refused: it came after the end of its protection.
    """

    refusal: str | None = None
    meets: tuple[DealId, ...] = ()
    breach: bool = False
    uncredited: str | None = None


ACCEPTED = Verdict()
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PastConflict:
    """A conflict on record and the deals it was about."""

    kind: Kind
    deal_ids: tuple[DealId, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A deal that was accepted, or credited, and would not have been. Honest: it was won, or no conflict was about it."""

    deal: Deal
    code: str
    honest: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """How the rules would have done."""

    deals: int
    conflicts: tuple[PastConflict, ...]
    prevented: tuple[PastConflict, ...]
    blocked: tuple[Blocked, ...]
    uncredited: tuple[Blocked, ...] = ()

    @property
    def honest_blocked(self) -> tuple[Blocked, ...]:
        return tuple(one for one in self.blocked if one.honest)


Kinds = Mapping[PartnerId, str | None]
Verdicts = Mapping[DealId, Verdict]


def compare(history: Sequence[Deal], cases: Sequence[PastConflict], kinds: Kinds, *, now: Rules, then: Rules, since: datetime) -> Trial:
    """The rules of now beside other ones: what they refuse anyway, and what they prevent anyway, is no merit of the others.

    `history` is in order of registration; what was registered before `since` only takes its places.
    """
    before, after = replay(history, kinds, now), replay(history, kinds, then)
    judged = [deal for deal in history if deal.registered_at >= since]
    past = (*cases, *_unopened(judged, cases))
    concerned = {deal_id for case in past for deal_id in case.deal_ids}
    blocked = tuple(
        Blocked(deal, code, deal.state is State.WON or deal.id not in concerned)
        for deal in judged
        if (code := after[deal.id].refusal) is not None and before[deal.id].refusal is None
    )
    uncredited = tuple(
        Blocked(deal, code, honest=True)
        for deal in judged
        if (code := after[deal.id].uncredited) is not None and _credited(before[deal.id])
    )
    prevented = tuple(case for case in past if _arises(case, before) and not _arises(case, after))
    return Trial(len(judged), past, prevented, blocked, uncredited)


def replay(history: Sequence[Deal], kinds: Kinds, rules: Rules) -> Verdicts:
    """Register the deals of history one after the other, then win them as they were won. What is refused takes no place."""
    desk = _Desk(rules, kinds)
    verdicts = {deal.id: desk.take(deal) for deal in history}
    return verdicts | {deal.id: replace(verdicts[deal.id], uncredited=code) for deal, code in desk.uncredited()}


def _credited(verdict: Verdict) -> bool:
    return verdict.refusal is None and verdict.uncredited is None


def _unopened(deals: Iterable[Deal], cases: Iterable[PastConflict]) -> list[PastConflict]:
    """Overlaps that are marked on the deals of an imported history, and that no conflict was opened about."""
    opened = {deal_id for case in cases for deal_id in case.deal_ids}
    return [PastConflict(Kind.OVERLAP, (deal.id,)) for deal in deals if deal.conflict and deal.id not in opened]


def _arises(case: PastConflict, verdicts: Verdicts) -> bool:
    """Whether the conflict comes about where registrations end so."""
    accepted = {deal_id: verdict for deal_id in case.deal_ids if (verdict := verdicts.get(deal_id, ACCEPTED)).refusal is None}
    match case.kind:
        case Kind.TERRITORY_BREACH:
            return any(verdict.breach for verdict in accepted.values())
        case Kind.DIRECT_SALES:
            return bool(accepted)
        case Kind.PROBABLE_DUPLICATE:
            return len(accepted) >= min(2, len(case.deal_ids))
        case Kind.OVERLAP if len(case.deal_ids) == 1:
            return any(verdict.meets for verdict in accepted.values())
        case Kind.OVERLAP:
            return any(not accepted.keys().isdisjoint(verdict.meets) for verdict in accepted.values())


@dataclass(slots=True)
class _Desk:
    """Registers deals under `rules` by the same board of slots that registration itself decides on.

    `earlier` has each partner's accepted deals of an account, `places` the ends of its open ones (a heap), as far as they end;
    `late` the wins that came after the end of their protection.
    """

    rules: Rules
    kinds: Kinds
    board: Board = field(default_factory=Board)
    earlier: defaultdict[tuple[PartnerId, AccountId], list[tuple[Deal, Window]]] = field(default_factory=lambda: defaultdict(list))
    places: defaultdict[PartnerId, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    late: list[tuple[Deal, Scope]] = field(default_factory=list)

    def take(self, deal: Deal) -> Verdict:
        tree = self.rules.territories
        scope = replace(deal.scope, path=tree.path(deal.territory))  # the tree is one of the rules
        breach = self.rules.assignment.breached(_registrant(deal), self.kinds.get(_registrant(deal)), scope.path, tree=tree)
        window = self._window(deal)
        asked = protected_window(deal.registered_at, days=self.rules.protection, granted=True).window
        holders = self.board.holders(scope, asked)
        if (code := self._refusal(deal, breach=breach, taken=bool(holders))) is not None:
            return Verdict(code)
        if not holders:
            self.board.hold(slots_for(deal.id, scope, window, partner_id=_registrant(deal)))
        self._enter(deal, window)
        if deal.state is State.WON and not (not holders and self._protects(deal)):
            self.late.append((deal, scope))
        return Verdict(None, tuple(dict.fromkeys(slot.deal_id for slot in rivals(holders, _registrant(deal)))), breach)

    def _refusal(self, deal: Deal, *, breach: bool, taken: bool) -> str | None:
        if breach and self.rules.assignment.refuses:
            return TerritoryNotAllowed.code
        if taken and (deal.origin is None or self.rules.exclusivity is Exclusivity.ENFORCE):
            return AccountTaken.code
        if deal.origin is None and self._cools_off(deal):  # neither is asked of what a sales system tells
            return CoolOff.code
        if deal.origin is None and self._open_at(deal) >= self.rules.limit:
            return QuotaReached.code
        return None

    def uncredited(self) -> Iterator[tuple[Deal, str]]:
        """The late wins that would not have been credited. Of history that a sales system tells, only exclusivity that is enforced asks."""
        for deal, scope in self.late:
            asked = deal.origin is None or self.rules.exclusivity is Exclusivity.ENFORCE
            if asked and (code := self._credit_refused(deal, scope)) is not None:
                yield deal, code

    def _credit_refused(self, deal: Deal, scope: Scope) -> str | None:
        match self.rules.credit:
            case CreditAfterExpiry.NEVER:
                return CreditExpired.code
            case CreditAfterExpiry.REVIEW:
                return CreditUnderReview.code
            case CreditAfterExpiry.UNLESS_RIVAL_HOLDS:
                holders = self.board.holders(scope, instant(deal.closed_terms().closed_at), besides=deal.id)
                return CreditHeldByRival.code if rivals(holders, _registrant(deal)) else None

    def _protects(self, deal: Deal) -> bool:
        """Whether the window, had nothing cut it, holds at the win."""
        return deal.closed_terms().closed_at < self._regular_end(deal)

    def _regular_end(self, deal: Deal) -> datetime:
        """The end of the window with the extensions that the deal was given, as far as the rules give so many."""
        given = min(deal.protection.extensions, self.rules.extensions)
        return deal.registered_at + self.rules.protection + given * self.rules.extension

    def _enter(self, deal: Deal, window: Window) -> None:
        self.earlier[_registrant(deal), deal.scope.account_id].append((deal, window))
        heappush(self.places[_registrant(deal)], ended_at(deal) or _NEVER)

    def _cools_off(self, deal: Deal) -> bool:
        """Whether the same partner's registration of the same ended too short a time before."""
        since = deal.registered_at - self.rules.cool_off
        return any(
            since < _freed_at(earlier, window) <= deal.registered_at
            for earlier, window in self.earlier[_registrant(deal), deal.scope.account_id]
            if not set(earlier.scope.families).isdisjoint(deal.scope.families)
        )

    def _open_at(self, deal: Deal) -> int:
        """How many deals the partner has open when it registers this one. Time only goes on, so what ended is forgotten."""
        places = self.places[_registrant(deal)]
        while places and places[0] <= deal.registered_at:
            heappop(places)
        return len(places)

    def _window(self, deal: Deal) -> Window:
        """The window under these rules, cut where the deal ended."""
        start, end = deal.registered_at, self._regular_end(deal)
        ended = ended_at(deal) or deal.protection.ended_at
        return Window(start, end if ended is None else max(start, min(end, ended)))


def _registrant(deal: Deal) -> PartnerId:
    """Who registered it, whoever has it now."""
    return deal.reassigned_from or deal.partner_id


def ended_at(deal: Deal) -> datetime | None:
    """When a deal stopped being open; None while it is."""
    if deal.terms is not None:
        return deal.terms.closed_at
    return deal.protection.ended_at if deal.state is State.WITHDRAWN else None


def _freed_at(deal: Deal, window: Window) -> datetime:
    """From when on a partner cools off: the loss, the withdrawal, or the end of the window of a deal that is still open; a win is none."""
    return _NEVER if deal.state is State.WON else window.end
