"""Caps and budgets: what goes over a limit is cut from the entry, and shown as cut."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.commission.domain.entries import Cut, Entry
from services.commission.domain.facts import PROGRAMME
from services.commission.domain.incentives import Spiff
from services.commission.domain.outcome import State
from services.commission.domain.plan import PlanVersion
from services.commission.domain.positions import Move, earned_by
from services.commission.domain.tallies import Tally, spiff_used

Room = Iterator[tuple[str, int]]


@dataclass
class Limits:
    """What is left of every limit, while one fact's entries are made: each takes of it before the next."""

    state: State
    version: PlanVersion
    earned: list[Move] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)

    def take(self, entries: Iterable[Entry]) -> None:
        """Entries that are made, but not applied yet."""
        self.earned += earned_by(entries)

    def commission(self, amount: int, *, partner_id: UUID, month: date, margin: bool = False) -> tuple[int, tuple[Cut, ...]]:
        """What the caps (and an agreement by margin) leave of an accrual."""
        left, cuts = limited(amount, self._room(partner_id, month, margin=margin))
        self.earned.append(Move(partner_id, month, left))
        return left, cuts

    def spiff(self, spiff: Spiff, amount: int, *, partner_id: UUID, month: date) -> tuple[int, tuple[Cut, ...]]:
        """What the SPIFF's cap and budget and the caps leave of it."""
        left, cuts = limited(amount, self._spiff_room(spiff, partner_id, month))
        self.earned.append(Move(partner_id, month, left))
        self.tallies += used(spiff.name, partner_id, left)
        return left, cuts

    def _room(self, partner_id: UUID, month: date, *, margin: bool = False) -> Room:
        if margin:
            yield "paid_by_margin", 0
        for cap in self.version.caps:
            period = self.state.plan.calendar.period(cap.period, month)
            yield f"cap of {period.label}", cap.amount - self.state.earned.at(partner_id, period, moves=self.earned)

    def _spiff_room(self, spiff: Spiff, partner_id: UUID, month: date) -> Room:
        name = spiff_used(spiff.name)
        for limit, whose, why in ((spiff.cap, partner_id, "cap"), (spiff.budget, PROGRAMME, "budget")):
            if limit is not None:
                yield f"{why} of SPIFF {spiff.name}", limit - self.state.tallies.at(whose, name, changes=self.tallies)
        yield from self._room(partner_id, month)


def limited(amount: int, room: Iterable[tuple[str, int]]) -> tuple[int, tuple[Cut, ...]]:
    """`amount` cut to every limit in turn."""
    cuts = []
    for why, left in room:
        if amount > max(left, 0):
            cuts.append(Cut(why, amount - max(left, 0)))
            amount = max(left, 0)
    return amount, tuple(cuts)


def used(spiff: str, partner_id: UUID, amount: int) -> tuple[Tally, ...]:
    """What a SPIFF paid counts towards the partner's cap and the programme's budget; a reversal gives it back."""
    name = spiff_used(spiff)
    return (Tally(partner_id, name, amount), Tally(PROGRAMME, name, amount)) if amount else ()
