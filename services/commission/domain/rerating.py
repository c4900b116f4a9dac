"""Refunds by the schedule: what the brackets give for what is left of a sale, against what they gave for what stood."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.commission.domain.deal import Sale, Special, Stake
from services.commission.domain.entries import Rerated
from services.commission.domain.options import Base
from services.commission.domain.outcome import State
from services.commission.domain.positions import Move
from services.commission.domain.refunding import Gone
from shared.chassis.money import allocate
from shared.chassis.values import replace

_PLAIN = Special()


@dataclass(frozen=True, slots=True)
class Figure:
    """The brackets' figures for one position before and after the refund; what is left of the sale is the last revenue counted."""

    before: int
    after: int
    was: int
    now: int


@dataclass(frozen=True, slots=True)
class Schedules:
    """A sale rated by its own version from where its partners' positions stand; `lowered` is what these were lowered by so far."""

    state: State
    sale: Sale
    lowered: Gone
    moves: Sequence[Move]
    others: Sequence[Sale] = ()

    def figure(self, index: int, before: Gone, after: Gone) -> Figure:
        """For the `index`-th position that the sale counts in, of which `lowered` is out of it."""
        was, now = self._left(index, before), self._left(index, after)
        start = self._position(index) - sum(revenue for revenue, _ in self._left(index, self.lowered))
        return Figure(start + sum(r for r, _ in was), start + sum(r for r, _ in now), self._worth(was, start), self._worth(now, start))

    def _position(self, index: int) -> int:
        version, counted = self.state.plan.version(self.sale.plan_version), self.sale.counted[index]
        if version.base is Base.DEAL:
            rest = (c for other in self.others for c in other.counted if c.partner_id == counted.partner_id)
            return sum(c.revenue - c.lowered for c in (counted, *rest))
        period = self.state.plan.calendar.period(version.period, self.sale.month)
        return self.state.positions.at(counted.partner_id, period, moves=self.moves)

    def _left(self, index: int, gone: Gone) -> list[tuple[int, bool]]:
        """What is left of the revenue counted, by line, and whether it runs through the brackets."""
        detail, revenue = self.sale.detail, self.sale.counted[index].revenue
        if detail is None or not detail.counted:
            return [(revenue - gone.share(revenue), True)]
        lines = detail.counted[index]
        pairs = zip(lines, gone.lines_of(lines), detail.bracketed[index], strict=True)
        return [(line - back, bracketed) for line, back, bracketed in pairs]

    def _worth(self, lines: Sequence[tuple[int, bool]], position: int) -> int:
        schedule, total = self.state.plan.version(self.sale.plan_version).schedule, 0
        for revenue, bracketed in lines:
            if bracketed:
                total += schedule.cumulative(position + revenue) - schedule.cumulative(position)
            position += revenue
        return total


def rerate(schedules: Schedules, before: Gone, after: Gone) -> tuple[dict[int, tuple[Stake, Rerated]], int]:
    """The sale's accruals once `after` of it is owed back in all, `before` of which was: by their place among its stakes.

    What a limit cut, and SPIFFs, go back pro rata. And what the schedule took back of all shares so far, which includes the
    parts of those that a limit cut.
    """
    sale = schedules.sale
    by_schedule = {i: s for i, s in enumerate(sale.stakes) if not (s.special and (s.special.spiff or s.special.cut))}
    if not by_schedule or not sale.counted:
        return {}, 0
    figures = [schedules.figure(index, before, after) for index in range(len(sale.counted))]
    if sale.detail and sale.detail.shares:
        former = sale.detail.rerated
        gone = figures[0].was - figures[0].now + (sum(map(_by_brackets, by_schedule.values())) if former is None else former)
        parts = allocate(gone, sale.detail.shares)
        return {i: _stake(sale, stake, i, figures[0], parts[i], after) for i, stake in by_schedule.items()}, gone
    return {
        i: _stake(sale, stake, i, figures[i], figures[i].was - figures[i].now + _by_brackets(stake), after)
        for i, stake in by_schedule.items()
    }, 0


def _by_brackets(stake: Stake) -> int:
    """What went back by the schedule so far, without what rules took back."""
    return stake.reversed - (stake.special or _PLAIN).ruled_back


def _stake(sale: Sale, stake: Stake, index: int, figure: Figure, by_brackets: int, gone: Gone) -> tuple[Stake, Rerated]:
    special = stake.special or _PLAIN
    ruled_back = gone.share(sum(special.ruled), special.ruled) if special.ruled else 0
    whose = sale.counted[min(index, len(sale.counted) - 1)].partner_id
    how = Rerated(whose, figure.before, figure.after, figure.was, figure.now, ruled_back - special.ruled_back)
    changed = replace(
        stake,
        reversed=by_brackets + ruled_back,
        special=replace(special, ruled_back=ruled_back) if stake.special else None,
    )
    return changed, how
