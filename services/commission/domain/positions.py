"""Each partner's counted revenue (and, kept alike, its commission) by programme month; a period is the sum of its months."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.commission.domain.calendar import Period
from services.commission.domain.entries import Entry, Kind
from shared.chassis.values import Value


class Move(Value, frozen=True):
    """Net revenue of `month` changed by `delta` minor units: a close raises it, a refund lowers it."""

    partner_id: UUID
    month: date
    delta: int


@dataclass(slots=True)
class _Sum:
    period: Period
    revenue: int


OF_DEALS = frozenset({Kind.ACCRUAL, Kind.REVERSAL, Kind.SPIFF})


def earned_by(entries: Iterable[Entry]) -> list[Move]:
    """Commission on deals that entries add to the months of their closes: what caps limit."""
    return [Move(entry.partner_id, entry.month, entry.amount) for entry in entries if entry.amount and entry.kind in OF_DEALS]


class Positions:
    """Sums of periods, kept up to date by moves.

    Kept by month, so that a plan version with another period carries on from the same revenue. With `loaded` sums, only
    those periods may be asked for: any other is a KeyError, never a silent 0.
    """

    def __init__(self, loaded: Mapping[tuple[UUID, Period], int] | None = None) -> None:
        self.months: dict[tuple[UUID, date], int] = defaultdict(int)
        self._complete = loaded is None
        self._sums: dict[UUID, list[_Sum]] = defaultdict(list)
        for (partner_id, period), revenue in (loaded or {}).items():
            self._sums[partner_id].append(_Sum(period, revenue))

    def at(self, partner_id: UUID, period: Period, *, moves: Iterable[Move] = ()) -> int:
        """The position in `period`, after `moves` that are not applied yet."""
        position = self._sum(partner_id, period).revenue
        for move in moves:
            if move.partner_id == partner_id and period.start <= move.month < period.end:
                position += move.delta
        return position

    def give(self, partner_id: UUID, sums: Mapping[Period, int]) -> None:
        """Put the partner where it is said to stand in these periods."""
        self._sums[partner_id] = [_Sum(period, revenue) for period, revenue in sums.items()]

    def apply(self, moves: Iterable[Move]) -> None:
        """Take moves into the sums."""
        for move in moves:
            self.months[move.partner_id, move.month] += move.delta
            for known in self._sums[move.partner_id]:
                if known.period.start <= move.month < known.period.end:
                    known.revenue += move.delta

    def _sum(self, partner_id: UUID, period: Period) -> "_Sum":
        known = self._sums[partner_id]
        for each in known:
            if each.period is period or each.period == period:
                return each
        if not self._complete:
            raise KeyError(f"position of {partner_id} in {period.label} was not loaded")
        months = (revenue for (who, month), revenue in self.months.items() if who == partner_id and period.start <= month < period.end)
        known.append(_Sum(period, sum(months)))
        return known[-1]
