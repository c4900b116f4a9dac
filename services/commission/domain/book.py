"""The working memory of the books: takes facts in one by one and keeps deals and positions up to date."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.commission.domain import waits
from services.commission.domain.booking import booked
from services.commission.domain.deal import Deal
from services.commission.domain.facts import PROGRAMME, AnyFact, Booked, PeriodEnded, Rate, RewardsGranted
from services.commission.domain.outcome import Posting, State, Waiting
from services.commission.domain.plan import Plan
from services.commission.domain.positions import Positions, earned_by
from services.commission.domain.posting import decide
from services.commission.domain.refusals import EventConflict, FxRateExists
from services.commission.domain.settling import grant, settle
from services.commission.domain.tallies import Tallies
from services.commission.domain.valuing import Pair, pair
from shared.chassis.errors import Refused


@dataclass(frozen=True, slots=True)
class Rejected:
    """A fact that a rule refused."""

    fact: AnyFact
    refusal: Refused


Outcome = Posting | Waiting | Rejected


class Book:
    """Deals, positions and sums under one plan; whoever uses it loads what the facts touch and writes what they did.

    `earned` is each partner's commission by month, which caps look at: loaded, or kept from the start of a whole book.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        deals: Iterable[Deal] = (),
        positions: Positions | None = None,
        earned: Positions | None = None,
        tallies: Tallies | None = None,
        rates: Iterable[Rate] = (),
    ) -> None:
        self.plan = plan
        self.deals: dict[UUID, Deal] = {deal.id: deal for deal in deals}
        self.positions = positions or Positions()
        self.earned = earned or Positions()
        self._caps = earned is not None or positions is None
        self.tallies = tallies or Tallies()
        self.rates: dict[Pair, Rate] = {pair(rate): rate for rate in rates}

    def take(self, fact: AnyFact) -> Outcome:
        """Decide on a fact and apply the decision."""
        try:
            outcome = self.tried(fact)
        except Refused as refusal:
            return Rejected(fact, refusal)
        if outcome.deal is not None:
            self.deals[outcome.deal.id] = outcome.deal
        if isinstance(outcome, Posting):
            self.positions.apply(outcome.moves)
            if self._caps:
                self.earned.apply(earned_by(outcome.entries))
            self.tallies.apply(outcome.tallies)
        return outcome

    def tried(self, fact: AnyFact) -> Posting | Waiting:
        """Decide on a fact without applying it. Raises Refused."""
        if isinstance(fact, Booked):
            return booked(fact, self.plan)
        if isinstance(fact, Rate):
            return self._rated(fact)
        if isinstance(fact, PeriodEnded | RewardsGranted):
            state = State(None, self.plan, self.positions, self.earned, self.tallies, self.rates)
            return settle(fact, state) if isinstance(fact, PeriodEnded) else grant(fact, state)
        return decide(fact, State(self.deals.get(fact.deal_id), self.plan, self.positions, self.earned, self.tallies, self.rates))

    def _rated(self, fact: Rate) -> Posting:
        """There is one rate for a pair and day. Raises FxRateExists for another one."""
        known = self.rates.setdefault(pair(fact), fact)
        if known != fact:  # the same again (replay knows it from the table) changes nothing
            raise FxRateExists(day=fact.day, source=fact.from_currency, target=fact.to_currency, rate=known.rate)
        return Posting(fact, None, (), (), (), (PROGRAMME,), (waits.rate(*pair(fact)),))


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
        outcomes: list[Outcome] = [outcome]
        if isinstance(outcome, Rejected):
            return outcomes
        free = [each for each in self.waiting if _free(each, outcome)]
        self.waiting = [each for each in self.waiting if each not in free]
        if isinstance(outcome, Waiting):
            self.waiting.append(outcome)
        for each in free:
            outcomes += self._settle(each.fact)
        return outcomes


def _free(waiting: Waiting, outcome: Posting | Waiting) -> bool:
    """Whether a fact that waits is to be looked at again after the outcome."""
    if waiting.predecessor in outcome.settles:
        return True
    undone = isinstance(outcome, Posting) and outcome.undoes and outcome.fact.deal_id == waiting.fact.deal_id
    return undone and waiting.predecessor.startswith(waits.FOR_ALL)
