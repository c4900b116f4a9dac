"""A plan's parts in the domain's words: minor units of the plan's currency, exact rates, ids of partners."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from services.commission.domain.brackets import Bracket, Mode
from services.commission.domain.incentives import Bonus, Cap, Reward, Spiff
from services.commission.domain.plan import Assignment
from services.commission.domain.rules import Condition, Rule
from services.commission.plan_parts import (
    AssignmentDocument,
    BonusDocument,
    BracketDocument,
    CapDocument,
    ConditionDocument,
    RewardDocument,
    RuleDocument,
    SpiffDocument,
)
from shared.chassis.ids import derived_id
from shared.chassis.money import Money


def partner_named(text: str) -> UUID:
    """A partner's id; in quotes a partner may have any other name, which gives the same id each time."""
    try:
        return UUID(text)
    except ValueError:
        return derived_id("partner named", text)


@dataclass(frozen=True, slots=True)
class Wording:
    """Reads parts in one currency. Raises AmountPrecision and the like for an amount that the currency does not have."""

    currency: str

    def minor(self, text: str) -> int:
        return Money.parse(text, self.currency).minor

    def some(self, text: str | None) -> int | None:
        return None if text is None else self.minor(text)

    def brackets(self, documents: Iterable[BracketDocument]) -> tuple[Bracket, ...]:
        return tuple(Bracket(self.minor(b.start), self.some(b.end), _rate(b.rate), self.minor(b.flat)) for b in documents)

    def condition(self, when: ConditionDocument) -> Condition:
        return Condition(
            product=when.product,
            family=when.family,
            territory=when.territory,
            country=when.country,
            partner=partner_named(when.partner) if when.partner is not None else None,
            partner_type=when.partner_type,
            min_amount=self.some(when.min_amount),
            max_amount=self.some(when.max_amount),
            attributes=tuple(sorted(when.attributes.items())),
        )

    def rule(self, rule: RuleDocument, mode: Mode) -> Rule:
        """A rule's own brackets run in the version's mode."""
        return Rule(
            name=rule.name,
            when=self.condition(rule.when),
            rate=_some_rate(rule.rate),
            flat=self.some(rule.flat),
            brackets=self.brackets(rule.brackets),
            counts=rule.counts,
            mode=mode,
        )

    def cap(self, cap: CapDocument) -> Cap:
        return Cap(cap.period, self.minor(cap.amount))

    def spiff(self, spiff: SpiffDocument) -> Spiff:
        return Spiff(
            name=spiff.name,
            start=spiff.start,
            until=spiff.until,
            when=self.condition(spiff.when),
            per_unit=self.some(spiff.per_unit),
            rate=_some_rate(spiff.rate),
            flat=self.some(spiff.flat),
            cap=self.some(spiff.cap),
            budget=self.some(spiff.budget),
        )

    def bonus(self, bonus: BonusDocument) -> Bonus:
        return Bonus(bonus.name, bonus.period, self.minor(bonus.target), self.some(bonus.flat), _some_rate(bonus.rate), bonus.on)

    def reward(self, reward: RewardDocument) -> Reward:
        return Reward(reward.name, reward.top, reward.by, tuple(map(self.minor, reward.amounts)), reward.period)


def assignment(whom: AssignmentDocument | None) -> Assignment | None:
    """Nobody named: everyone."""
    if whom is None or not (whom.partners or whom.types):
        return None
    return Assignment(frozenset(map(partner_named, whom.partners)), frozenset(whom.types))


def _rate(text: str) -> Fraction:
    return Fraction(Decimal(text))


def _some_rate(text: str | None) -> Fraction | None:
    return None if text is None else _rate(text)
