"""What is wrong with a plan: every fault with its place in the document, so that it is mended at once."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from services.commission.domain.brackets import Fault, faults, rate_allowed
from services.commission.domain.calendar import PeriodKind
from services.commission.domain.incentives import Bonus, Reward, Spiff
from services.commission.domain.options import EarnedOn, Refunds, Split
from services.commission.domain.plan import PlanVersion
from services.commission.domain.rules import Condition, Rule


def plan_faults(versions: Sequence[PlanVersion]) -> Iterator[Fault]:
    """Every fault of every version."""
    for index, version in enumerate(versions):
        place = f"versions[{index}]"
        yield from faults(version.brackets, place=f"{place}.brackets")
        if version.hold_days < 0:
            yield Fault("hold_invalid", f"{place}.hold_days")
        in_parts = bool(version.rules) or version.earned_on is not EarnedOn.WON
        if in_parts and version.refunds is Refunds.RERATE and version.split is Split.COMMISSION:
            # What was divided part by part cannot be taken apart again by the schedule of the whole, to the unit.
            yield Fault("rerate_of_divided_parts", f"{place}.refunds")
        for part in ("rules", "spiffs", "bonuses", "rewards"):
            yield from _names([each.name for each in getattr(version, part)], f"{place}.{part}")
        for number, rule in enumerate(version.rules):
            yield from _rule(rule, f"{place}.rules[{number}]")
        for number, spiff in enumerate(version.spiffs):
            yield from _spiff(spiff, f"{place}.spiffs[{number}]")
        for number, bonus in enumerate(version.bonuses):
            yield from _bonus(bonus, f"{place}.bonuses[{number}]")
        for number, reward in enumerate(version.rewards):
            yield from _reward(reward, f"{place}.rewards[{number}]")


def _names(names: Sequence[str], place: str) -> Iterator[Fault]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault("name_taken", f"{place}[{number}].name")


def _rule(rule: Rule, place: str) -> Iterator[Fault]:
    if [rule.rate is not None, rule.flat is not None, bool(rule.brackets)].count(True) != 1:
        yield Fault("gives_not_one", place)
    yield from _rate(rule.rate, place)
    yield from _condition(rule.when, place)
    if rule.brackets:
        yield from faults(rule.brackets, place=f"{place}.brackets")


def _spiff(spiff: Spiff, place: str) -> Iterator[Fault]:
    if [spiff.per_unit is not None, spiff.rate is not None, spiff.flat is not None].count(True) != 1:
        yield Fault("gives_not_one", place)
    if spiff.until <= spiff.start:
        yield Fault("window_empty", f"{place}.until")
    yield from _rate(spiff.rate, place)
    yield from _condition(spiff.when, place)


def _bonus(bonus: Bonus, place: str) -> Iterator[Fault]:
    if (bonus.flat is None) == (bonus.rate is None):
        yield Fault("gives_not_one", place)
    yield from _rate(bonus.rate, place)
    yield from _ends(bonus.period, place)


def _reward(reward: Reward, place: str) -> Iterator[Fault]:
    if len(reward.amounts) not in {1, reward.top}:
        yield Fault("amounts_not_top", f"{place}.amounts")
    yield from _ends(reward.period, place)


def _ends(period: PeriodKind, place: str) -> Iterator[Fault]:
    if period is PeriodKind.LIFETIME:
        yield Fault("period_endless", f"{place}.period")


def _rate(rate: Fraction | None, place: str) -> Iterator[Fault]:
    if rate is not None and not rate_allowed(rate):
        yield Fault("rate_invalid", f"{place}.rate")


def _condition(when: Condition, place: str) -> Iterator[Fault]:
    if when.min_amount is not None and when.max_amount is not None and when.max_amount <= when.min_amount:
        yield Fault("amounts_empty", f"{place}.when.max_amount")
