"""The consumer: it takes the facts of all topics as they come, and holds what the service holds."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from shared.schemas.accounts import AccountFact
from shared.schemas.base import Event
from shared.schemas.conflicts import ConflictFact
from shared.schemas.coselling import CosellFact
from shared.schemas.deals import DealDuplicateRefused, DealFact
from shared.schemas.leads import LeadEvent
from shared.schemas.waiting import WaitingFact
from tests.support.reading import deals as deal
from tests.support.reading import others
from tests.support.reading.accounts import Accounts
from tests.support.reading.agreements import Agreements
from tests.support.reading.facts import Fact, InTurn

# What has no gap in its sequence: each fact in its turn, folded into what the reader holds under this name.
_FOLDED: dict[type[Event], tuple[str, Callable[[Any, Any], object]]] = {
    DealFact: ("deals", deal.fold),
    LeadEvent: ("leads", others.lead),
    ConflictFact: ("sides", others.side),
    WaitingFact: ("places", others.place),
    DealDuplicateRefused: ("places", others.place),
}


@dataclass
class Reader:
    """Everything that was read so far. What has no gap in its sequence waits for its turn, of the rest the highest counts."""

    turns: defaultdict[tuple[str, UUID], InTurn] = field(default_factory=lambda: defaultdict(InTurn))
    deals: dict[UUID, deal.Read] = field(default_factory=dict)
    places: dict[UUID, others.Place] = field(default_factory=dict)
    leads: dict[UUID, others.Lead] = field(default_factory=dict)
    sides: dict[UUID, others.Side] = field(default_factory=dict)
    agreements: Agreements = field(default_factory=Agreements)
    accounts: Accounts = field(default_factory=Accounts)

    def read(self, facts: Iterable[Fact]) -> "Reader":
        for fact in facts:
            self._take(fact)
        return self

    def _take(self, fact: Fact) -> None:
        for told, (name, fold) in _FOLDED.items():
            if isinstance(fact.event, told) and not _is_refusal_alone(fact.event):
                held = getattr(self, name)
                for each in self.turns[name, fact.id].take(fact):
                    held[fact.id] = fold(held.get(fact.id), each)
        match fact.event:
            case CosellFact():
                self.agreements.take(fact)
            case AccountFact():
                self.accounts.take(fact)

    def held(self) -> dict[str, Any]:
        """All of it, by what it is; nothing may wait any more."""
        assert [turn for turn in self.turns.values() if turn.early] == []
        came_of = {lead.deal: id_ for id_, lead in self.leads.items() if lead.deal}
        on = {id_: replace(one, account=self.accounts.of(id_, one.account), lead=came_of.get(id_)) for id_, one in self.deals.items()}
        return {
            "deals": on,
            "places": self.places,
            "leads": self.leads,
            "sides": self.sides,
            "seats": self.agreements.seats(),
            "merged": self.accounts.merged(),
        }


def _is_refusal_alone(event: Event) -> bool:
    """A refusal that became no place in line, of which nothing is held."""
    return isinstance(event, DealDuplicateRefused) and event.waiting_id != event.refusal_id
