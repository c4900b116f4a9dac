"""Rules that replace the brackets for the deal lines that they match, and which of several holds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from uuid import UUID

from services.commission.domain.brackets import Bracket, Mode, Schedule
from services.commission.domain.facts import Line, Terms

Attributes = tuple[tuple[str, str], ...]


class Select(StrEnum):
    """Which rule holds when several match a line: the most specific one, or the one that gives most."""

    MOST_SPECIFIC = "most_specific"
    HIGHEST = "highest"


@dataclass(frozen=True, slots=True)
class Subject:
    """A line as conditions see it: `partner_id` is whose commission is figured, the rest is the deal's."""

    line: Line
    partner_id: UUID
    territory: str
    country: str | None
    partner_type: str | None
    attributes: Attributes

    @classmethod
    def of(cls, line: Line, terms: Terms, partner_id: UUID) -> "Subject":
        return cls(line, partner_id, terms.territory, terms.country, terms.partner_type, terms.attributes)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a line must be; what is not named matches anything. `min_amount` ≤ line < `max_amount`, in minor units of the plan."""

    product: str | None = None
    family: str | None = None
    territory: str | None = None
    country: str | None = None
    partner: UUID | None = None
    partner_type: str | None = None
    min_amount: int | None = None
    max_amount: int | None = None
    attributes: Attributes = ()

    def matches(self, subject: Subject) -> bool:
        """Whether every condition named holds."""
        asked = (
            (self.product, subject.line.product),
            (self.family, subject.line.family),
            (self.territory, subject.territory),
            (self.country, subject.country),
            (self.partner, subject.partner_id),
            (self.partner_type, subject.partner_type),
        )
        return (
            all(wanted is None or wanted == found for wanted, found in asked)
            and (self.min_amount is None or subject.line.amount >= self.min_amount)
            and (self.max_amount is None or subject.line.amount < self.max_amount)
            and set(self.attributes) <= set(subject.attributes)
        )

    @property
    def specificity(self) -> tuple[bool | int, ...]:
        """Product before family, territory, partner and type; then how many conditions there are."""
        ranked = (self.product, self.family, self.territory, self.partner, self.partner_type)
        others = (self.country, self.min_amount, self.max_amount)
        count = sum(each is not None for each in (*ranked, *others)) + len(self.attributes)
        return (*(each is not None for each in ranked), count)


@dataclass(frozen=True)
class Rule:
    """What a line gives that matches: a `rate` of it, a `flat` amount, or `brackets` of the rule's own.

    Unless it `counts`, the line's revenue does not move the position.
    """

    name: str
    when: Condition
    rate: Fraction | None = None
    flat: int | None = None
    brackets: tuple[Bracket, ...] = ()
    counts: bool = True
    mode: Mode = Mode.GRADUATED

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule(self.brackets, mode=self.mode)


def matching(rules: Iterable[Rule], subject: Subject) -> list[Rule]:
    """The rules that match, the most specific first; of equals, the earlier."""
    return sorted((rule for rule in rules if rule.when.matches(subject)), key=lambda rule: rule.when.specificity, reverse=True)


def chosen(found: Sequence[Rule], select: Select, gives: Callable[[Rule], Fraction | int]) -> Rule | None:
    """The rule that holds of those `matching` found; `gives` figures what one would pay."""
    if select is Select.HIGHEST and found:
        return max(found, key=gives)
    return found[0] if found else None
