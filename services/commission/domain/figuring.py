"""One beneficiary's commission line by line: rules where they match, the brackets between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from services.commission.domain.entries import LineFigure
from services.commission.domain.plan import PlanVersion
from services.commission.domain.rules import Rule, chosen
from shared.chassis.money import allocate, round_half_up

BRACKETS = "brackets"


@dataclass(frozen=True, slots=True)
class Asked:
    """A line to be figured: `revenue` is the beneficiary's part, `found` the rules that match, `flats` its part of their flat amounts."""

    line_id: str
    revenue: int
    found: Sequence[Rule] = ()
    flats: Mapping[str, Fraction | int] | None = None


@dataclass(frozen=True, slots=True)
class Figured:
    """What lines gave between two positions. `counted` is what each moved the position by, `rules` which rule held (None: brackets)."""

    lines: tuple[LineFigure, ...]
    rules: tuple[Rule | None, ...]
    counted: tuple[int, ...]
    before: int
    after: int

    @property
    def earned(self) -> int:
        """Figures of brackets are rounded by themselves (they are differences); those of rules are summed and rounded once, half up."""
        return round_half_up(sum((line.earned for line in self.lines), Fraction(0)))

    def parts(self, total: int) -> tuple[int, ...]:
        """`total` by lines, each as near to its own figure as whole minor units can be."""
        exact = [line.earned for line in self.lines]
        whole = sum(exact)
        if not whole:
            return (0,) * len(exact)
        return tuple(allocate(total, [figure / whole for figure in exact]))


def figured(version: PlanVersion, asked: Sequence[Asked], *, before: int) -> Figured:
    """Work the lines off in order; each moves the position unless its rule does not count."""
    position, lines, rules, counted = before, [], [], []
    for each in asked:
        rule = chosen(each.found, version.select, partial(_gives, version, each, position))
        lines.append(_line(version, each, rule, position))
        rules.append(rule)
        counted.append(each.revenue if rule is None or rule.counts else 0)
        position += counted[-1]
    return Figured(tuple(lines), tuple(rules), tuple(counted), before, position)


def _gives(version: PlanVersion, asked: Asked, position: int, rule: Rule) -> Fraction:
    return _line(version, asked, rule, position).earned


def _line(version: PlanVersion, asked: Asked, rule: Rule | None, position: int) -> LineFigure:
    name = rule.name if rule else BRACKETS
    if rule is not None and rule.rate is not None:
        return LineFigure(asked.line_id, name, asked.revenue, (), asked.revenue * rule.rate)
    if rule is not None and rule.flat is not None:
        return LineFigure(asked.line_id, name, asked.revenue, (), Fraction((asked.flats or {})[rule.name]))
    schedule = (rule or version).schedule
    after = position + asked.revenue
    earned = schedule.cumulative(after) - schedule.cumulative(position)
    return LineFigure(asked.line_id, name, asked.revenue, schedule.slices(position, after), Fraction(earned))
