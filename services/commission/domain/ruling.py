"""A plan version, or the one rule of it that made an entry, in sentences that a partner could read."""

from collections.abc import Iterator, Sequence
from dataclasses import fields

from services.commission.domain.brackets import Bracket, Mode
from services.commission.domain.entries import Entry, Kind, Worked
from services.commission.domain.explaining import money, percent
from services.commission.domain.incentives import Counting, Spiff
from services.commission.domain.options import Base
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.rules import Condition, Rule

_NAMES = {"min_amount": "from", "max_amount": "below", "partner_type": "type"}


def rule_text(entry: Entry, plan: Plan) -> tuple[str, ...]:
    """What the plan says that the entry follows; nothing where a decision made it."""
    if not 1 <= entry.plan_version <= plan.latest:
        return ()
    version = plan.version(entry.plan_version)
    return (f"Version {version.number} of the plan holds from {version.effective_from}.", *_said(entry, version))


def _said(entry: Entry, version: PlanVersion) -> Iterator[str]:
    currency = entry.currency
    if entry.kind not in {Kind.ACCRUAL, Kind.REVERSAL}:
        yield from _extra(entry, version)
        return
    named = {line.rule for line in entry.derivation.lines} if isinstance(entry.derivation, Worked) else set()
    for rule in version.rules:
        if rule.name in named:
            yield _rule(rule, currency)
    if not named or "brackets" in named:
        yield from _brackets(version, currency)
    for cap in version.caps:
        yield f"Commission on deals closed in one {cap.period} is never above {money(cap.amount, currency)}."
    if version.clawback_days is not None:
        yield f"A refund later than {version.clawback_days} days after the close takes nothing back."
    yield f"What accrues is held for {version.hold_days} days from the close."


def _extra(entry: Entry, version: PlanVersion) -> Iterator[str]:
    """The SPIFF, bonus or reward of the entry's rule."""
    currency = entry.currency
    for spiff in version.spiffs:
        if spiff.name == entry.rule and entry.kind is Kind.SPIFF:
            yield _spiff(spiff, currency)
    for bonus in version.bonuses:
        if bonus.name == entry.rule and entry.kind is not Kind.SPIFF:
            of = "all of it" if bonus.on is Counting.TOTAL else "what exceeds it"
            pays = f"{percent(bonus.rate)} of {of}" if bonus.rate is not None else money(bonus.flat or 0, currency)
            yield f"Bonus {bonus.name!r} pays {pays} once the revenue of a {bonus.period} reaches {money(bonus.target, currency)}."
    for reward in version.rewards:
        if reward.name == entry.rule and entry.kind is Kind.REWARD:
            yield f"Reward {reward.name!r} goes to the first {reward.top} partners of a {reward.period} by {reward.by}."


def _spiff(spiff: Spiff, currency: str) -> str:
    if spiff.per_unit is not None:
        pays = f"{money(spiff.per_unit, currency)} for each unit"
    elif spiff.rate is not None:
        pays = f"{percent(spiff.rate)} of the line"
    else:
        pays = f"{money(spiff.flat or 0, currency)} for each line"
    cap = f"; at most {money(spiff.cap, currency)} for one partner" if spiff.cap is not None else ""
    budget = f"; at most {money(spiff.budget, currency)} in all" if spiff.budget is not None else ""
    window = f"on deals closed from {spiff.start} until before {spiff.until}"
    return f"SPIFF {spiff.name!r} pays {pays}{_when(spiff.when, currency)} {window}{cap}{budget}."


def _brackets(version: PlanVersion, currency: str) -> Iterator[str]:
    over = "each deal by itself" if version.base is Base.DEAL else f"the revenue of the {version.period}"
    how = "all of it at the rate of the bracket reached" if version.mode is Mode.WHOLE else "each part at its bracket's rate"
    yield f"Brackets count {over}, {how}: {_steps(version.brackets, currency)}."


def _steps(brackets: Sequence[Bracket], currency: str) -> str:
    return "; ".join(
        f"{percent(each.rate)} from {money(each.start, currency)}" + (f" and {money(each.flat, currency)} once" if each.flat else "")
        for each in brackets
    )


def _rule(rule: Rule, currency: str) -> str:
    if rule.rate is not None:
        pays = f"{percent(rule.rate)} of the line"
    elif rule.flat is not None:
        pays = f"{money(rule.flat, currency)} for each line"
    else:
        pays = f"brackets of its own ({_steps(rule.brackets, currency)})"
    counts = "" if rule.counts else "; such lines do not count for the position"
    return f"Rule {rule.name!r} pays {pays}{_when(rule.when, currency)}{counts}."


def _when(condition: Condition, currency: str) -> str:
    parts = []
    for field in fields(condition):
        value = getattr(condition, field.name)
        if value is None or value == ():
            continue
        shown = money(value, currency) if field.name in {"min_amount", "max_amount"} else _plain(value)
        parts.append(f"{_NAMES.get(field.name, field.name)} {shown}")
    return f" where {', '.join(parts)}" if parts else ""


def _plain(value: object) -> str:
    return ", ".join(f"{name} is {of}" for name, of in value) if isinstance(value, tuple) else str(value)
