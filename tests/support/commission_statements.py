"""Statements for tests of the pure rules: facts in, documents out, as the timer makes them from the journal."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.commission.domain.book import Book
from services.commission.domain.calendar import PeriodKind
from services.commission.domain.entries import Entry
from services.commission.domain.facts import PROGRAMME, AnyFact, Rate
from services.commission.domain.outcome import Posting
from services.commission.domain.statement import Posted, Sheet, Standing, deal_before, joins, span_of
from services.commission.domain.statement_names import Names
from services.commission.domain.statement_view import settle_seen
from services.commission.plan_document import PlanDocument
from services.commission.statement_document import Heading, compose
from services.commission.statement_plan import Shown, Version, plan_of
from services.commission.store.touching import Touched

SEED = {
    "currency": "USD",
    "timezone": "UTC",
    "versions": [
        {
            "effective_from": "2000-01-01",
            "brackets": [
                {"from": "0", "to": "100000", "rate": "0.15"},
                {"from": "100000", "to": "500000", "rate": "0.20"},
                {"from": "500000", "to": None, "rate": "0.25"},
            ],
        }
    ],
}
RECORDED = datetime(2026, 3, 15, 10, tzinfo=UTC)

Json = dict[str, Any]


class Books:
    """The whole programme's books in memory, and each partner's statements out of them, one after another."""

    def __init__(self, document: Json = SEED) -> None:
        singles = enumerate(PlanDocument.read(document).single(), 1)
        self.versions = tuple(Version(number, single.model_dump(mode="json", by_alias=True)) for number, single in singles)
        self.plan = plan_of(self.versions)
        self.book = Book(self.plan)
        self._journals: dict[UUID, list[Posted]] = {}
        self._entries: dict[UUID, dict[str, tuple[Entry, ...]]] = {}
        self._last: dict[UUID, tuple[Json, Sheet]] = {}
        self._deals: dict[UUID, dict[UUID, Any]] = {}
        self._posted: set[str] = set()

    def know(self, latest: int) -> None:
        """From now on the plan has its first `latest` versions on record."""
        self.book.plan = self.plan.known(latest)

    def post(self, *facts: AnyFact, at: datetime = RECORDED) -> None:
        """Take facts in, each once, as the consumer does; those that are refused or wait are left out."""
        for fact in facts:
            outcome = None if fact.id in self._posted else self.book.take(fact)
            if not isinstance(outcome, Posting):
                continue
            self._posted.add(fact.id)
            for partner_id in (each for each in outcome.streams if each != PROGRAMME):
                own = tuple(entry for entry in outcome.entries if entry.partner_id == partner_id)
                self._entries.setdefault(partner_id, {})[fact.id] = own
                journal = self._journals.setdefault(partner_id, [])
                deal = self._joined(fact, partner_id, own)
                journal.append(Posted(len(journal) + 1, at, self.book.plan.latest, fact, deal=deal))

    def _joined(self, fact: AnyFact, partner_id: UUID, own: tuple[Entry, ...]) -> Any:
        if fact.deal_id is None or not joins(fact, partner_id, own):
            return None
        about = [p for p in self._journals[fact.partner_id] if p.fact.deal_id == fact.deal_id and p.fact.id != fact.id]
        return deal_before(Names.of(partner_id, self.plan), self.plan, about, fact.deal_id, rates=self.book.rates.values())

    @property
    def partners(self) -> Sequence[UUID]:
        return sorted(self._journals)

    def state(self, partner_id: UUID, *, name: str | None = None) -> Json | None:
        """The partner's next statement, of all facts without one; None if there are none."""
        former, sheet = self._last.get(partner_id, (None, None))
        facts = self._journals[partner_id][former["facts"]["last"] if former else 0 :]
        if not facts:
            return None
        opening = replace(sheet.closing if sheet else Standing(), deals=self._touched(partner_id, facts))
        names, rates = Names.of(partner_id, self.plan), self._rates(facts)
        own = [entry for posted in facts for entry in self._entries[partner_id].get(posted.fact.id, ())]
        deals = [*opening.deals.values(), *(posted.deal for posted in facts if posted.deal is not None)]
        shown = Shown.by(names, [posted.fact for posted in facts], deals, own)
        known = max(posted.plan_known for posted in facts)
        versions = tuple(shown.version(version) for version in self.versions if version.number <= known)
        sheet = settle_seen(names, plan_of(versions), opening, facts, self._entries[partner_id], rates=rates)
        span = span_of(self.plan.calendar, PeriodKind.MONTH, facts[0].recorded_at)
        document = compose(
            Heading(
                partner_id=partner_id,
                name=name,
                number=former["number"] + 1 if former else 1,
                kind=PeriodKind.MONTH,
                span=span,
                issued_at=span.ends,
                former=former["hash"] if former else None,
                versions=versions,
                rates=rates,
            ),
            self.plan.calendar,
            opening,
            sheet,
        )
        self._last[partner_id] = document, sheet
        self._deals.setdefault(partner_id, {}).update(sheet.closing.deals)
        return document

    def _rates(self, facts: Sequence[Posted]) -> tuple[Rate, ...]:
        pairs = Touched([(posted.fact, self.plan) for posted in facts], [], self.plan).pairs()
        return tuple(self.book.rates[each] for each in dict.fromkeys(pairs))

    def _touched(self, partner_id: UUID, facts: Sequence[Posted]) -> dict[UUID, Any]:
        known = self._deals.get(partner_id, {})
        return {p.fact.deal_id: known[p.fact.deal_id] for p in facts if p.fact.deal_id is not None and p.fact.deal_id in known}
