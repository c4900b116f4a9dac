"""What conflicts over a deal do to the money earned on it: all of it that is there is held until the last of them is decided."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.commission.domain.book import Book, Outcome
from services.commission.domain.deal import Deal, Stake
from services.commission.domain.facts import AnyFact, Frozen, Thawed
from services.commission.domain.outcome import Posting

Contested = Mapping[UUID, tuple[UUID, ...]]
"""The conflicts that are open over a deal, by deal; a deal without any is not in it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One side of a conflict was told of it, or of its decision, with one of its deals."""

    deal_id: UUID
    conflict_id: UUID
    partner_id: UUID
    decided: bool


@dataclass(frozen=True, slots=True)
class There:
    """What can go back of what was released, in minor units: `payable` by partner; `kept` is what disputes keep back already, by entry."""

    payable: Mapping[UUID, int] = field(default_factory=dict)
    kept: Mapping[UUID, int] = field(default_factory=dict)


NOTHING_THERE = There()


def by_deal(pairs: Iterable[tuple[UUID, UUID]]) -> Contested:
    """Conflicts by deal, from pairs of a deal and a conflict that is open over it."""
    found: dict[UUID, tuple[UUID, ...]] = {}
    for deal_id, conflict_id in pairs:
        found[deal_id] = (*found.get(deal_id, ()), conflict_id)
    return found


def freeze(deal: Deal, conflicts: Iterable[UUID], there: There = NOTHING_THERE, *, at: datetime) -> Iterator[Frozen]:
    """The facts that hold every accrual of the deal that no conflict holds yet, in the name of the first of its conflicts.

    What was paid out, or is on its way, is not called back: as with disputes, no more is held than is payable.
    """
    conflict_id, payable = min(conflicts), dict(there.payable)
    for stake in _stakes(deal, contested=False):
        amount = None
        if stake.released:
            left, is_there = stake.left - there.kept.get(stake.entry_id, 0), max(payable.get(stake.partner_id, 0), 0)
            back = min(left, is_there)
            if back <= 0:
                continue
            payable[stake.partner_id] = is_there - back
            amount = None if back == stake.left else back
        if stake.left:
            yield Frozen(
                f"conflict:{conflict_id}:{stake.entry_id}:frozen",
                deal.id,
                stake.partner_id,
                at,
                deal.close_number,
                stake.entry_id,
                conflict_id,
                amount,
            )


def thaw(deal: Deal, conflict_id: UUID, *, at: datetime) -> Iterator[Thawed]:
    """The facts that let everything go that conflicts hold of the deal: that conflict was the last of them."""
    for stake in _stakes(deal, contested=True):
        name = f"conflict:{conflict_id}:{stake.entry_id}:thawed"
        yield Thawed(name, deal.id, stake.partner_id, at, deal.close_number, stake.entry_id, conflict_id)


def taken(book: Book, fact: AnyFact, contested: Contested, *, at: datetime) -> Iterator[Outcome]:
    """What the fact does to the book, and what conflicts do at once to that which it accrues."""
    outcome = book.take(fact)
    yield outcome
    deal = outcome.deal if isinstance(outcome, Posting) else None
    if deal is not None and (conflicts := contested.get(deal.id)):
        for frozen in freeze(deal, conflicts, at=at):
            yield book.take(frozen)


def contested_entries(deals: Iterable[Deal]) -> frozenset[UUID]:
    """The entries of the deals that conflicts hold something of."""
    return frozenset(stake.entry_id for deal in deals for stake in _stakes(deal, contested=True))


def _stakes(deal: Deal, *, contested: bool) -> Iterator[Stake]:
    for sale in deal.sales:
        for stake in sale.stakes:
            if bool(stake.special and stake.special.contested) is contested:
                yield stake
