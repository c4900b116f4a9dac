"""Two accounts as one: whose protection stays where both protect the same deal, and what becomes of the slots."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registration.domain.accounts.refusals import MergeCollides
from services.registration.domain.deals.approval import reject
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.facts import Ending, Expired, Rejected
from services.registration.domain.deals.protection import Slot, Window
from services.registration.domain.deals.territories import meet
from services.registration.domain.values import AccountId, DealId
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True)
class Keep:
    """Which deals keep their protection where two collide: those named before all others, then the earlier registered."""

    named: frozenset[DealId] = frozenset()


@dataclass(frozen=True, slots=True)
class Joined:
    """What a merge does: these deals lose their protection, and these slots stand instead of all that their deals had."""

    yielded: tuple[DealId, ...]
    rewritten: Mapping[DealId, tuple[Slot, ...]]


KEPT_BY_ANOTHER = (
    "Your customer turned out to be one that is on record under another name, and another registration of it keeps its protection. "
    "Yours could not be approved beside it."
)
"""What a partner reads whose registration was still in review: not who has the other one."""


def yield_protection(deal: Deal, *, now: datetime) -> tuple[Deal, Expired | Rejected]:
    """Exclusivity ends at once and for good, since another deal of the account has it.

    An open deal lives on. One in review is rejected: it never had protection, and would be refused today as taken.
    """
    if deal.state.is_pending:
        return reject(deal, reason=KEPT_BY_ANOTHER, now=now)
    ended = replace(deal.protection.end(now), expired=True)
    return replace(deal, protection=ended, version=deal.version + 1), Expired(now, Ending.MERGED)


def on_account(deal: Deal, account_id: AccountId) -> Deal:
    """The deal on another account."""
    return replace(deal, scope=replace(deal.scope, account_id=account_id))


def join(slots: Iterable[Slot], deals: Mapping[DealId, Deal], *, into: AccountId, keep: Keep | None, now: datetime) -> Joined:
    """What the slots of two accounts are on the one that stays. Raises MergeCollides where both protect the same and `keep` is not given.

    Where windows met in the past, the later registered deal's slot is cut to what the earlier did not hold: history has one holder too.
    """
    moved = {slot: replace(slot, account_id=into) for slot in slots}
    yielded = _yielded(list(moved.values()), deals, keep=keep, now=now)
    standing: list[Slot] = []
    for slot in sorted(moved.values(), key=lambda slot: (*_rank(slot, deals, None), slot.window.start)):
        window = Window(slot.window.start, min(slot.window.end, now)) if slot.deal_id in yielded else slot.window
        standing += [replace(slot, window=left) for left in _left(replace(slot, window=window), standing)]
    return Joined(tuple(sorted(yielded)), _changed(moved, standing))


def _rank(slot: Slot, deals: Mapping[DealId, Deal], keep: Keep | None) -> tuple[bool, datetime, DealId]:
    named = keep is not None and slot.deal_id in keep.named
    deal = deals.get(slot.deal_id)
    return (not named, deal.registered_at if deal else slot.window.start, slot.deal_id)


def _yielded(slots: Sequence[Slot], deals: Mapping[DealId, Deal], *, keep: Keep | None, now: datetime) -> set[DealId]:
    """The deals that lose what another of the two accounts protects from now on."""
    live = [replace(slot, window=Window(max(slot.window.start, now), slot.window.end)) for slot in slots]
    live = [slot for slot in live if not slot.window.is_empty]
    holding: list[Slot] = []
    yielded: set[DealId] = set()
    for slot in sorted(live, key=lambda slot: _rank(slot, deals, keep)):
        if slot.deal_id in yielded:
            continue
        if any(_collide(slot, other) for other in holding):
            yielded.add(slot.deal_id)
            holding = [other for other in holding if other.deal_id != slot.deal_id]
        else:
            holding.append(slot)
    if yielded and keep is None:
        named = sorted({slot.deal_id for slot in live for other in live if slot.deal_id != other.deal_id and _collide(slot, other)})
        raise MergeCollides(deals=", ".join(map(str, named)))
    return yielded


def _collide(one: Slot, other: Slot) -> bool:
    same = one.family == other.family and meet(one.path, other.path)
    return same and one.deal_id != other.deal_id and one.window.overlaps(other.window)


def _left(slot: Slot, standing: Collection[Slot]) -> list[Window]:
    """What of the slot's window nobody else holds."""
    left = [] if slot.window.is_empty else [slot.window]
    for other in standing:
        if _collide(slot, other):
            left = [part for window in left for part in _without(window, other.window)]
    return left


def _without(window: Window, taken: Window) -> list[Window]:
    parts = (Window(window.start, min(window.end, taken.start)), Window(max(window.start, taken.end), window.end))
    return [part for part in parts if not part.is_empty] if window.overlaps(taken) else [window]


def _changed(moved: Mapping[Slot, Slot], standing: Sequence[Slot]) -> dict[DealId, tuple[Slot, ...]]:
    """The slots of each deal with one that is not where or what it was."""
    kept = set(standing)
    changed = {before.deal_id for before, after in moved.items() if before.account_id != after.account_id or after not in kept}
    return {deal_id: tuple(slot for slot in standing if slot.deal_id == deal_id) for deal_id in changed}
