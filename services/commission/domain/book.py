"""The working memory of the books: takes facts in one by one and keeps deals and positions up to date."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.commission.domain.booking import booked
from services.commission.domain.deal import Deal
from services.commission.domain.facts import AnyFact, Booked
from services.commission.domain.outcome import Posting, State, Waiting
from services.commission.domain.plan import Plan
from services.commission.domain.positions import Positions
from services.commission.domain.posting import decide
from services.commission.domain.refusals import EventConflict
from shared.chassis.errors import Refused


@dataclass(frozen=True, slots=True)
class Rejected:
    """A fact that a rule refused."""

    fact: AnyFact
    refusal: Refused


Outcome = Posting | Waiting | Rejected


class Book:
    """Deals and positions under one plan; whoever uses it loads what the facts touch and writes what they did."""

    def __init__(self, plan: Plan, *, deals: Iterable[Deal] = (), positions: Positions | None = None) -> None:
        self.plan = plan
        self.deals: dict[UUID, Deal] = {deal.id: deal for deal in deals}
        self.positions = positions or Positions()

    def take(self, fact: AnyFact) -> Outcome:
        """Decide on a fact and apply the decision."""
        if isinstance(fact, Booked):
            return booked(fact, self.plan)
        try:
            outcome = decide(fact, State(self.deals.get(fact.deal_id), self.plan, self.positions))
        except Refused as refusal:
            return Rejected(fact, refusal)
        if outcome.deal is not None:
            self.deals[fact.deal_id] = outcome.deal
        if isinstance(outcome, Posting):
            self.positions.apply(outcome.moves)
        return outcome


class Desk:
    """A book that also does what the event machinery does around it: knows ids again, and keeps facts that wait."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.waiting: list[Waiting] = []
        self._seen: dict[str, AnyFact] = {}

    def take(self, fact: AnyFact) -> list[Outcome]:
        """What a fact and the ones that waited for it do, in order; nothing for an event that is known already."""
        if fact.id in self._seen:
            return [] if self._seen[fact.id] == fact else [Rejected(fact, EventConflict())]
        self._seen[fact.id] = fact
        return self._settle(fact)

    def _settle(self, fact: AnyFact) -> list[Outcome]:
        outcome = self.book.take(fact)
        if isinstance(outcome, Waiting):
            self.waiting.append(outcome)
            return [outcome]
        outcomes: list[Outcome] = [outcome]
        if isinstance(outcome, Posting):
            free = [each for each in self.waiting if each.predecessor in outcome.settles]
            self.waiting = [each for each in self.waiting if each not in free]
            for each in free:
                outcomes += self._settle(each.fact)
        return outcomes
