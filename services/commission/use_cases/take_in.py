"""Take a batch of facts about deals into the books: load, decide one by one, write, tell."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from services.commission.domain.book import Outcome, Rejected
from services.commission.domain.conflict_hold import taken
from services.commission.domain.facts import AnyFact
from services.commission.domain.outcome import Posting, Waiting
from services.commission.domain.waits import FOR_ALL
from services.commission.mapping import event_of, fact_of
from services.commission.store.conflicts import mark_entries
from services.commission.store.loading import Opened, opened
from services.commission.store.plans import Plans
from services.commission.store.writing import write
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.events import Incoming
from shared.schemas.base import Event

Told = tuple[Incoming[Any], AnyFact]


class TakeIn:
    """The consumer's one use case. A constant number of statements a batch; only refusals and waits cost one each."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans

    async def __call__(self, uow: UnitOfWork, incomings: Sequence[Incoming[Any]]) -> None:
        facts = []
        for incoming in incomings:
            try:
                facts.append((incoming, fact_of(incoming)))
            except Refused as refusal:
                await uow.refuse(incoming, refusal.code, refusal.message)
        if not facts:
            return
        work = await opened(uow, [fact for _, fact in facts], plan=await self._plans.current(uow))
        outcomes = _contested(work, facts, uow.now) if work.contested else [(incoming, work.book.take(fact)) for incoming, fact in facts]
        postings = [outcome for _, outcome in outcomes if isinstance(outcome, Posting)]
        others = [] if len(postings) == len(outcomes) else [each for each in outcomes if not isinstance(each[1], Posting)]
        pending = [outcome.deal for _, outcome in others if isinstance(outcome, Waiting) and outcome.deal]
        await write(uow, work, postings, pending=pending, meanwhile=lambda: _tell(uow, outcomes))
        if work.contested:
            await mark_entries(uow, work)
        for incoming, outcome in others:
            if isinstance(outcome, Waiting):
                await uow.wait_for(outcome.predecessor, incoming, reason=outcome.reason)
            elif isinstance(outcome, Rejected):
                await uow.refuse(incoming, outcome.refusal.code, outcome.refusal.message)
        await _release(uow, [*postings, *(outcome for _, outcome in others if isinstance(outcome, Waiting))])


def _contested(work: Opened, facts: Sequence[Told], at: datetime) -> list[tuple[Incoming[Any], Outcome]]:
    """What the facts do, and what open conflicts over their deals hold of it at once."""
    return [(incoming, outcome) for incoming, fact in facts for outcome in taken(work.book, fact, work.contested, at=at)]


async def _release(uow: UnitOfWork, outcomes: Sequence[Posting | Waiting]) -> None:
    """What waited for these goes on; so does what waits in vain for the rate or the plan of a close that is undone."""
    await uow.release(*(name for outcome in outcomes for name in outcome.settles))
    if undone := [str(outcome.fact.deal_id) for outcome in outcomes if isinstance(outcome, Posting) and outcome.undoes]:
        await uow.release_about(undone, waiting_for=FOR_ALL)


def _tell(uow: UnitOfWork, outcomes: Iterable[tuple[Incoming[Event], Outcome]]) -> None:
    """Announce every new entry, each caused by the event behind it."""
    for incoming, outcome in outcomes:
        if isinstance(outcome, Posting) and outcome.entries:
            with uow.caused_by(incoming):
                for entry in outcome.entries:
                    uow.emit(event_of(entry, at=outcome.fact.at, now=uow.now), sequence=1)
