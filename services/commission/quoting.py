"""A quote: what a plan gives for some events, figured by the same rules as the books, and written nowhere."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from services.commission.domain.book import Book, Desk, Outcome, Rejected
from services.commission.domain.brackets import Fault, Slice
from services.commission.domain.calendar import Period
from services.commission.domain.deal import Standing
from services.commission.domain.due import Types, ended, grants
from services.commission.domain.entries import Accrued, Entry, Worked
from services.commission.domain.explaining import major
from services.commission.domain.facts import AnyFact, PeriodEnded, RewardsGranted
from services.commission.domain.ledger import Ledger
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan
from services.commission.domain.refusals import QuoteInvalid
from services.commission.plan_document import PlanDocument, shape_faults
from services.commission.plan_terms import partner_named
from services.commission.quote_events import EventDocument, Facts, RateDocument
from shared.chassis.errors import Refused
from shared.chassis.money import Money

Row = dict[str, object]
_BEFORE = datetime.min.replace(tzinfo=UTC)  # rates stand before everything else


class QuoteDocument(BaseModel):
    """What a quote is asked: a plan, exchange rates, events in posting order, and a time by which periods may have ended."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plan: object
    events: tuple[EventDocument, ...] = ()
    fx: tuple[RateDocument, ...] = ()
    as_of: AwareDatetime | None = None

    @classmethod
    def read(cls, document: object) -> Self:
        """Raises QuoteInvalid with every fault and its place."""
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise QuoteInvalid.of(list(shape_faults(error))) from error


@dataclass
class Quote:
    """What came of it, as rows: `event` is null where a period's end made the entry."""

    entries: list[Row] = field(default_factory=list)
    balances: dict[str, dict[str, str]] = field(default_factory=dict)
    waiting: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)
    warnings: list[Row] = field(default_factory=list)
    hash: str = ""


def quote(document: object) -> Quote:
    """Figure a document. Raises QuoteInvalid or PlanInvalid."""
    asked = QuoteDocument.read(document)
    plan = PlanDocument.read(asked.plan)
    teller = Teller(plan.plan(), asked)
    teller.run()
    result = teller.result
    result.warnings = [{"code": fault.code, "place": fault.place} for fault in plan.warnings()]
    return result


class Teller:
    """Takes the document's facts to a desk of its own and writes down what happens."""

    def __init__(self, plan: Plan, asked: QuoteDocument) -> None:
        self._plan, self._asked = plan, asked
        self._desk = Desk(Book(plan))
        self._ledger = Ledger()
        self._deals: dict[UUID, str] = {}
        self._types = Types(plan.calendar)
        self._names = {partner_named(name): name for name in _partners(asked.events)}
        self.result = Quote()

    def run(self) -> None:
        """Rates first, then events in order, then the periods that ended. Raises QuoteInvalid for a second rate of one day."""
        for number, rate in enumerate(self._asked.fx):
            for outcome in self._desk.take(rate.fact(_BEFORE)):
                if isinstance(outcome, Rejected):
                    raise QuoteInvalid.of([Fault(outcome.refusal.code, f"fx[{number}]")])
        facts = Facts(self._asked.events, self._plan.currency)
        for event in self._asked.events:
            try:
                self._take(facts.of(event), event)
            except Refused as refusal:
                self.result.rejected.append({"event": event.id, "code": refusal.code})
        if self._asked.as_of is not None:
            self._settle(self._asked.as_of)
        self.result.waiting = [{"event": _event(each.fact), "reason": each.reason} for each in self._desk.waiting]
        self.result.hash = self._ledger.stands(self._desk.book).state_hash()

    def _take(self, fact: AnyFact, event: EventDocument) -> None:
        if fact.deal_id is not None:
            self._deals[fact.deal_id] = event.deal
        for outcome in self._desk.take(fact):
            self._write(outcome)

    def _settle(self, as_of: datetime) -> None:
        book = self._desk.book
        decisions: list[AnyFact] = [*ended(self._plan, book.positions.months, as_of, self._types.at)]
        decisions += grants(self._plan, book.positions.months, self._won, as_of, self._types.at)
        for decision in decisions:
            for outcome in self._desk.take(decision):
                self._write(outcome)

    def _won(self, period: Period) -> Counter[UUID]:
        """Deals won in a period, by registrant."""
        deals = (deal for deal in self._desk.book.deals.values() if deal.standing is Standing.WON and deal.sale)
        return Counter(deal.partner_id for deal in deals if deal.sale and period.start <= deal.sale.month < period.end)

    def _write(self, outcome: Outcome) -> None:
        if isinstance(outcome, Rejected):
            self.result.rejected.append({"event": _event(outcome.fact), "code": outcome.refusal.code})
        if not isinstance(outcome, Posting):
            return
        self._types.tell(outcome.fact)
        self._ledger.post(outcome)
        for entry in outcome.entries:
            self.result.entries.append(self._row(entry, outcome.fact))
            of_partner = self.result.balances.setdefault(self._name(entry.partner_id), {})
            total = Money.parse(of_partner.get(entry.currency, "0"), entry.currency) + Money(entry.amount, entry.currency)
            of_partner[entry.currency] = str(total)

    def _row(self, entry: Entry, fact: AnyFact) -> Row:
        return {
            "event": _event(fact),
            "deal": self._deals.get(entry.deal_id) if entry.deal_id else None,
            "partner": self._name(entry.partner_id),
            "kind": entry.kind.value,
            "amount": str(Money(entry.amount, entry.currency)),
            "currency": entry.currency,
            "version": entry.plan_version,
            "rule": entry.rule,
            "reason": entry.reason,
            "slices": [_slice(part, entry.currency) for part in _slices(entry)],
        }

    def _name(self, partner_id: UUID) -> str:
        return self._names.get(partner_id, str(partner_id))


def _event(fact: AnyFact) -> str | None:
    return None if isinstance(fact, PeriodEnded | RewardsGranted) else fact.id


def _slices(entry: Entry) -> Iterator[Slice]:
    if isinstance(entry.derivation, Accrued):
        yield from entry.derivation.slices
    if isinstance(entry.derivation, Worked):
        for line in entry.derivation.lines:
            yield from line.slices


def _slice(part: Slice, currency: str) -> Mapping[str, str | None]:
    return {
        "from": str(Money(part.start, currency)),
        "to": None if part.end is None else str(Money(part.end, currency)),
        "rate": _decimal(part),
        "revenue": str(Money(part.revenue, currency)),
        "flat": str(Money(part.flat, currency)),
        "amount": major(part.exact, currency),
    }


def _decimal(part: Slice) -> str:
    """A rate as the plan writes it: rates are finite decimals."""
    return f"{Decimal(part.rate.numerator) / Decimal(part.rate.denominator):f}"


def _partners(events: tuple[EventDocument, ...]) -> Iterator[str]:
    for event in events:
        yield from (name for name in (event.partner, *(credit.partner for credit in event.credits)) if name is not None)
