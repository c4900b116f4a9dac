"""Acceptance cases of the calculator: documents in, answers out, straight on the domain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from services.commission.domain.book import Book, Desk, Outcome, Rejected
from services.commission.domain.facts import AnyFact, Closed, Credit, Line, Refunded, Terms
from services.commission.domain.outcome import Posting, Waiting
from services.commission.domain.plan import Plan
from services.commission.domain.refusals import PlanInvalid
from services.commission.plan_document import PlanDocument
from shared.chassis.errors import Refused
from shared.chassis.ids import derived_id
from shared.chassis.money import Money

NOT_BUILT = {"rules": "rules", "spiffs": "SPIFFs", "bonuses": "bonuses", "rewards": "rewards", "caps": "caps"}


@dataclass
class Answer:
    """What a case gave: rows as the case file writes them."""

    entries: list[list[str | None]] = field(default_factory=list)
    balances: dict[str, dict[str, str]] = field(default_factory=dict)
    waiting: list[list[str]] = field(default_factory=list)
    rejected: list[list[str]] = field(default_factory=list)
    plan_errors: list[str] = field(default_factory=list)


def not_built(case: Mapping[str, Any]) -> str | None:
    """Why the case is outside of what is built, or None."""
    for version in case["plan"]["versions"]:
        missing = [name for key, name in NOT_BUILT.items() if version.get(key)]
        if version.get("refunds") == "rerate":
            missing.append("refunds: rerate")
        if missing:
            return "not built yet: " + ", ".join(missing)
    return "not built yet: exchange rates" if case.get("fx") else None


def answer(case: Mapping[str, Any]) -> Answer:
    """Run a case on the domain."""
    result = Answer()
    try:
        plan = PlanDocument.read(case["plan"]).plan()
    except PlanInvalid as refusal:
        result.plan_errors = list(refusal.details["codes"])  # type: ignore[call-overload]
        return result
    desk, names = Desk(Book(plan)), _names(case["events"])
    for event in case["events"]:
        try:
            fact = _fact(event, plan, case["events"])
        except Refused as refusal:
            result.rejected.append([event["id"], refusal.code])
            continue
        _write(desk.take(fact), plan, names, result)
    result.waiting = [[each.fact.id, each.reason] for each in desk.waiting]
    return result


def _names(events: Iterable[Mapping[str, Any]]) -> dict[UUID, str]:
    named = {event["partner"] for event in events if "partner" in event}
    named |= {credit["partner"] for event in events for credit in event.get("credits", ())}
    return {derived_id(name): name for name in named}


def _write(outcomes: Sequence[Outcome], plan: Plan, names: Mapping[UUID, str], result: Answer) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            result.rejected.append([outcome.fact.id, outcome.refusal.code])
        if not isinstance(outcome, Posting):
            assert isinstance(outcome, Rejected | Waiting)
            continue
        for entry in outcome.entries:
            amount = str(Money(entry.amount, plan.currency))
            result.entries.append([entry.fact_id, names[entry.partner_id], str(entry.kind), amount])
            balance = result.balances.setdefault(names[entry.partner_id], {})
            total = Money.parse(balance.get(plan.currency, "0"), plan.currency) + Money(entry.amount, plan.currency)
            balance[plan.currency] = str(total)


def _fact(event: Mapping[str, Any], plan: Plan, events: Sequence[Mapping[str, Any]]) -> AnyFact:
    close = next((other for other in events if other["type"] == "deal.closed" and other["deal"] == event["deal"]), event)
    currency = close.get("currency", plan.currency)
    common = (event["id"], derived_id(event["deal"]), derived_id(close["partner"]), _instant(event["at"]), 1)
    if event["type"] == "deal.refunded":
        return Refunded(*common, amount=Money.parse(event["amount"], currency).minor, currency=currency)
    lines = tuple(
        Line(str(n), line["product"], line["family"], Money.parse(line["amount"], currency).minor)
        for n, line in enumerate(event.get("lines", ()))
    )
    amount = sum(line.amount for line in lines) if lines else Money.parse(event["amount"], currency).minor
    shared = event.get("credits") or [{"partner": event["partner"], "share": "1"}]
    shares = tuple(Credit(derived_id(credit["partner"]), Fraction(credit["share"])) for credit in shared)
    return Closed(*common, terms=Terms(_instant(event["at"]), currency, amount, shares, lines))


def _instant(at: datetime | str) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)
