"""Exclusivity: half-open windows, slots of account × family × territory, and the rule that the first to register wins."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain

from services.registration.domain.deals.territories import meet
from services.registration.domain.values import AccountId, DealId, PartnerId
from shared.chassis.values import Value, replace


class Window(Value, frozen=True):
    """`[start, end)` in UTC: a rival at exactly `end` is accepted."""

    start: datetime
    end: datetime

    def contains(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: "Window") -> bool:
        """Whether the two share an instant; an empty window shares none."""
        return max(self.start, other.start) < min(self.end, other.end)

    @property
    def is_empty(self) -> bool:
        return self.end <= self.start


class Protection(Value, frozen=True):
    """The exclusivity of one deal. `granted` is false for history that came second; `ended_at` is set by close and withdrawal."""

    window: Window
    granted: bool = True
    extensions: int = 0
    ended_at: datetime | None = None
    expired: bool = False

    def holds_at(self, instant: datetime) -> bool:
        return self.granted and self.ended_at is None and self.window.contains(instant)

    def end(self, at: datetime) -> "Protection":
        """Exclusivity stops at `at` (or has stopped before)."""
        return replace(self, ended_at=at)

    def resume(self, at: datetime) -> "Protection":
        """What is left of the window holds again from `at` on."""
        return replace(self, window=Window(at, self.window.end), ended_at=None)

    def extend(self, by: timedelta) -> "Protection":
        return replace(self, window=Window(self.window.start, self.window.end + by), extensions=self.extensions + 1)


class Scope(Value, frozen=True):
    """What a deal is about: two deals are the same if their scopes meet. `path` is the territory's place in the tree."""

    account_id: AccountId
    families: tuple[str, ...]
    path: str


class Slot(Value, frozen=True):
    """Account × family × territory, held over a window. `partner_id` is absent where the reader may not know it."""

    deal_id: DealId
    account_id: AccountId
    family: str
    path: str
    window: Window
    partner_id: PartnerId | None = None

    @property
    def scope(self) -> Scope:
        """What it holds, as a deal would be about it."""
        return Scope(self.account_id, (self.family,), self.path)


def slots_for(deal_id: DealId, scope: Scope, window: Window, *, partner_id: PartnerId | None = None) -> tuple[Slot, ...]:
    """The slots that protect `scope` over `window`; an empty window takes none."""
    if window.is_empty:
        return ()
    return tuple(Slot(deal_id, scope.account_id, family, scope.path, window, partner_id) for family in scope.families)


class Board:
    """Who holds what on the accounts that were loaded under their locks. It keeps what changed for the store to write."""

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._slots: defaultdict[tuple[AccountId, str], dict[DealId, list[Slot]]] = defaultdict(dict)
        self._loaded: set[Slot] = set()
        self.cuts: dict[DealId, datetime] = {}
        for slot in slots:
            self._loaded.add(slot)
            self._put(slot)

    def hold(self, slots: Iterable[Slot]) -> None:
        """The slots are taken from now on."""
        for slot in slots:
            self._put(slot)

    def _put(self, slot: Slot) -> None:
        self._slots[slot.account_id, slot.family].setdefault(slot.deal_id, []).append(slot)

    def end(self, deal_id: DealId, scope: Scope, *, at: datetime, is_new: bool = False) -> None:
        """Cut the deal's slots at `at`: what lies after is free. Of a new deal the store has nothing to cut yet."""
        if not is_new:
            self.cuts[deal_id] = min(at, self.cuts.get(deal_id, at))
        for family in scope.families:
            held = self._slots[scope.account_id, family]
            cut = [_cut(slot, at) for slot in held.get(deal_id, ())]
            if deal_id in held:
                held[deal_id] = [slot for slot in cut if not slot.window.is_empty]

    def holders(self, scope: Scope, window: Window, *, besides: DealId | None = None) -> tuple[Slot, ...]:
        """The slots of other deals that meet `scope` within `window`; empty means that it is free."""
        if window.is_empty:
            return ()
        start, end = window.start, window.end
        return tuple(
            slot
            for family in scope.families
            for slot in self._on((scope.account_id, family))
            if start < slot.window.end and slot.window.start < end  # first, for most of an account's slots lie elsewhere in time
            if slot.deal_id != besides and meet(slot.path, scope.path)
        )

    def _on(self, place: tuple[AccountId, str]) -> Iterator[Slot]:
        return chain.from_iterable(self._slots[place].values()) if place in self._slots else iter(())

    def on(self, account_id: AccountId) -> tuple[Slot, ...]:
        """All slots of the account."""
        return tuple(slot for place in self._slots if place[0] == account_id for slot in self._on(place))

    def nameless(self) -> set[DealId]:
        """Who holds slots and is no deal that the reader sees: a place in line, to which the account is offered, or a rival's deal."""
        return {slot.deal_id for slot in self._loaded if slot.partner_id is None}

    def added(self) -> tuple[Slot, ...]:
        """The slots that are new, as they stand; a loaded one that was cut is told by `cuts`."""
        loaded = {(slot.deal_id, slot.family, slot.window.start) for slot in self._loaded}
        every = (slot for place in self._slots for slot in self._on(place))
        return tuple(slot for slot in every if (slot.deal_id, slot.family, slot.window.start) not in loaded)


def _cut(slot: Slot, at: datetime) -> Slot:
    return slot if slot.window.end <= at else replace(slot, window=Window(slot.window.start, max(slot.window.start, at)))


def rivals(holders: Iterable[Slot], partner_id: PartnerId) -> tuple[Slot, ...]:
    """Those of `holders` that another partner has (a partner it may not know is another)."""
    return tuple(slot for slot in holders if slot.partner_id != partner_id)


def instant(at: datetime) -> Window:
    """The smallest window that contains `at`: one microsecond, the store's resolution."""
    return Window(at, at + timedelta(microseconds=1))
