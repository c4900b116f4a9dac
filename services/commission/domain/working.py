"""From a won deal's terms to its entries where brackets alone do not make them: rules, limits, SPIFFs, another currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from uuid import UUID

from services.commission.domain.accruing import release_at
from services.commission.domain.deal import Counted, Detail, Sale, Special, Stake
from services.commission.domain.entries import Entry, Exchange, Kind, LineFigure, Placed, Worked
from services.commission.domain.facts import Amended, Closed, Invoiced, Line, Paid, Terms
from services.commission.domain.figuring import BRACKETS, Asked, Figured, figured
from services.commission.domain.incentives import Spiff
from services.commission.domain.limits import Limits
from services.commission.domain.options import Base, Pays, Split
from services.commission.domain.outcome import NOTHING, Effects, State
from services.commission.domain.plan import PlanVersion
from services.commission.domain.rules import Rule, Subject, matching
from services.commission.domain.valuing import valued
from shared.chassis.ids import derived_id
from shared.chassis.money import allocate, round_half_up

Cause = Closed | Amended | Invoiced | Paid
Accruals = tuple[tuple[Entry, ...], tuple[Stake, ...]]


@dataclass(frozen=True)
class Working:
    """One sale being rated. `pending` is what the fact did before.

    Where this is a part of a deal, `whole` is what was sold in all and `earlier` are the parts that were rated before it.
    """

    fact: Cause
    terms: Terms
    state: State
    version: PlanVersion
    reason: str
    exchange: Exchange | None = None
    pending: Effects = NOTHING
    whole: int | None = None
    earlier: tuple[Sale, ...] = ()

    def accrue(self) -> tuple[Effects, Sale]:
        """An entry for each beneficiary and each SPIFF, and the sale to remember."""
        limits = Limits(self.state, self.version, tallies=list(self.pending.tallies))
        limits.take(self.pending.entries)
        before = len(limits.tallies)
        entries, stakes = self._accruals(limits)
        for spiff in self.version.spiffs:
            if spiff.open_on(self.state.plan.calendar.day(self.terms.closed_at)):
                more, theirs = self._spiff(spiff, limits)
                entries, stakes = entries + more, stakes + theirs
        sale = self._sale(stakes)
        return Effects(entries, sale.moves, tuple(limits.tallies[before:])), sale

    @cached_property
    def valued(self) -> Terms:
        """The terms in the plan's currency."""
        return valued(self.terms, self.exchange, currency=self.state.plan.currency)

    @cached_property
    def month(self) -> date:
        return self.state.plan.calendar.month(self.terms.closed_at)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """A deal without lines counts as one line without product."""
        return self.valued.lines or (Line("", "", "", self.valued.amount),)

    @cached_property
    def scale(self) -> Fraction:
        """How much of the deal this is: flat amounts are in proportion to it."""
        return Fraction(self.terms.amount, self.whole) if self.whole else Fraction(1)

    @cached_property
    def whose(self) -> tuple[UUID, ...]:
        """Whose commission is figured: the beneficiaries', or the registrant's alone where the commission is divided."""
        if self.version.split is Split.COMMISSION:
            return (self.fact.partner_id,)
        return tuple(credit.partner_id for credit in self.terms.credits)

    @cached_property
    def found(self) -> tuple[tuple[list[Rule], ...], ...]:
        """The rules that match, by partner and line."""
        return tuple(tuple(matching(self.version.rules, Subject.of(line, self.valued, who)) for line in self.lines) for who in self.whose)

    @cached_property
    def ruled(self) -> bool:
        return any(found for by_line in self.found for found in by_line)

    @cached_property
    def figures(self) -> tuple[Figured, ...]:
        """One for each of `whose`."""
        return tuple(self._figure(index, who) for index, who in enumerate(self.whose))

    def _figure(self, index: int, who: UUID) -> Figured:
        period = self.state.plan.calendar.period(self.version.period, self.month)
        deal = self.version.base is Base.DEAL
        before = self._of_this_deal(who) if deal else self.state.positions.at(who, period, moves=self.pending.moves)
        return figured(self.version, self._asked(index), before=before)

    def _of_this_deal(self, who: UUID) -> int:
        """Revenue of earlier parts that still counts: they are one deal to brackets of a deal."""
        return sum(c.revenue - c.lowered for part in self.earlier for c in part.counted if c.partner_id == who)

    def _asked(self, index: int) -> list[Asked]:
        if not self.ruled:
            return [Asked("", self._part(self.valued.amount, index))]
        return [
            Asked(
                line.line_id,
                self._part(line.amount, index),
                self.found[index][number],
                {rule.name: self._flat(rule.flat, index) for rule in self.version.rules if rule.flat is not None},
            )
            for number, line in enumerate(self.lines)
        ]

    def _flat(self, flat: int, index: int) -> int:
        return round_half_up(self._part(flat, index) * self.scale)

    def _part(self, total: int, index: int) -> int:
        return total if self.version.split is Split.COMMISSION else self._divided(total)[index]

    def _divided(self, total: int) -> list[int]:
        """By the deal's shares: largest remainder, ties to the earlier beneficiary."""
        shares = [credit.share for credit in self.terms.credits]
        return [total] if len(shares) == 1 else allocate(total, shares)

    @cached_property
    def revenues(self) -> list[int]:
        """Each beneficiary's part of the net revenue; line by line when a rule matched."""
        if not self.ruled:
            return self._divided(self.valued.amount)
        return [sum(parts) for parts in zip(*(self._divided(line.amount) for line in self.lines), strict=True)]

    def _accruals(self, limits: Limits) -> Accruals:
        shared = self.version.split is Split.COMMISSION
        amounts = self._divided(self.figures[0].earned) if shared else [figure.earned for figure in self.figures]
        entries, stakes = [], []
        for index, credit in enumerate(self.terms.credits):
            figure = self.figures[0 if shared else index]
            margin = self.version.pays is Pays.MARGIN
            amount, cuts = limits.commission(amounts[index], partner_id=credit.partner_id, month=self.month, margin=margin)
            rule = _rule_names(figure.lines)
            how = Worked(
                sold=self.valued.amount,
                share=credit.share,
                split=self.version.split,
                placed=self._placed(0 if shared else index),
                lines=figure.lines,
                earned=figure.earned,
                cuts=cuts,
                exchange=self.exchange,
            )
            reason = self.reason if amount else _why_zero(how, self.revenues[index])
            entries.append(self._entry(Kind.ACCRUAL, credit.partner_id, amount, rule, reason, how, revenue=self.revenues[index]))
            stakes.append(self._stake(entries[-1], figure, cut=bool(cuts)))
        return tuple(entries), tuple(stakes)

    def _placed(self, index: int) -> Placed:
        period = self.state.plan.calendar.period(self.version.period, self.month)
        figure = self.figures[index]
        return Placed(self.version.base, self.whose[index], period.label, figure.before, figure.after)

    def _stake(self, entry: Entry, figure: Figured, *, cut: bool) -> Stake:
        special = None
        if self.ruled:
            parts = figure.parts(entry.amount)
            ruled = tuple(part if rule else 0 for part, rule in zip(parts, figure.rules, strict=True))
            special = Special(parts=parts, ruled=ruled, cut=cut)
        elif cut:
            special = Special(cut=True)
        return Stake(entry.id, entry.partner_id, entry.amount, entry.revenue, special=special)

    def _spiff(self, spiff: Spiff, limits: Limits) -> Accruals:
        """On the lines that match, divided by the shares."""
        lines = tuple(
            LineFigure(line.line_id, spiff.name, line.amount, (), _worth(spiff, line, self.scale))
            if spiff.when.matches(Subject.of(line, self.valued, self.fact.partner_id))
            else LineFigure(line.line_id, spiff.name, line.amount, (), Fraction(0))
            for line in self.lines
        )
        earned = round_half_up(sum((line.earned for line in lines), Fraction(0)))
        figure = Figured(lines, (), (), 0, 0)
        entries, stakes = [], []
        for credit, part in zip(self.terms.credits, self._divided(earned) if earned else (), strict=bool(earned)):
            amount, cuts = limits.spiff(spiff, part, partner_id=credit.partner_id, month=self.month)
            shown = tuple(line for line in lines if line.earned)
            how = Worked(self.valued.amount, credit.share, Split.COMMISSION, None, shown, earned, cuts, self.exchange)
            reason = "spiff" if amount else _why_zero(how, 1)
            entries.append(self._entry(Kind.SPIFF, credit.partner_id, amount, spiff.name, reason, how, revenue=0))
            special = Special(spiff=spiff.name, parts=figure.parts(amount))
            stakes.append(Stake(entries[-1].id, credit.partner_id, amount, 0, special=special))
        return tuple(entries), tuple(stakes)

    def _entry(self, kind: Kind, partner_id: UUID, amount: int, rule: str, reason: str, how: Worked, *, revenue: int) -> Entry:
        of = (kind, partner_id) if kind is Kind.ACCRUAL else (kind, rule, partner_id)
        return Entry(
            id=derived_id("commission.entry", self.fact.id, *of),
            fact_id=self.fact.id,
            kind=kind,
            partner_id=partner_id,
            deal_id=self.fact.deal_id,
            close_number=self.fact.close_number,
            amount=amount,
            revenue=revenue,
            currency=self.state.plan.currency,
            plan_version=self.version.number,
            rule=rule,
            month=self.month,
            closed_at=self.terms.closed_at,
            release_at=release_at(self.terms, self.version),
            reason=reason,
            derivation=how,
        )

    def _sale(self, stakes: tuple[Stake, ...]) -> Sale:
        lines = tuple((line.line_id, line.amount) for line in self.terms.lines)
        if not lines and any(stake.special and stake.special.parts for stake in stakes):
            lines = (("", self.terms.amount),)
        detail = Detail(
            counted=tuple(figure.counted for figure in self.figures) if self.ruled else (),
            bracketed=tuple(tuple(rule is None for rule in figure.rules) for figure in self.figures) if self.ruled else (),
            shares=tuple(credit.share for credit in self.terms.credits) if self.version.split is Split.COMMISSION else (),
            exchange=self.exchange,
        )
        return Sale(
            amount=self.terms.amount,
            currency=self.terms.currency,
            closed_at=self.terms.closed_at,
            month=self.month,
            plan_version=self.version.number,
            release_at=release_at(self.terms, self.version),
            lines=lines,
            stakes=stakes,
            counted=tuple(Counted(who, sum(figure.counted)) for who, figure in zip(self.whose, self.figures, strict=True)),
            detail=None if detail == Detail() else detail,
        )


def _worth(spiff: Spiff, line: Line, scale: Fraction) -> Fraction:
    """A rate is of the line, which is in proportion already; so is the rest, to whole minor units."""
    if spiff.rate is not None:
        return line.amount * spiff.rate
    flat = spiff.per_unit * line.quantity if spiff.per_unit is not None else spiff.flat or 0
    return Fraction(round_half_up(flat * scale))


def _rule_names(lines: Sequence[LineFigure]) -> str:
    """The rules that made an entry, in the order of its lines."""
    return ", ".join(dict.fromkeys(line.rule for line in lines)) or BRACKETS


def _why_zero(how: Worked, revenue: int) -> str:
    for cut in how.cuts:
        return cut.why if cut.why == "paid_by_margin" else "capped"
    if not revenue and not any(line.earned for line in how.lines):
        return "no_revenue"
    exact = any(line.earned or any(part.exact for part in line.slices) for line in how.lines)
    return "below_one_unit" if exact else "rate_zero"
