"""Post decisions of staff and timers: facts that no event brings, journaled and booked like those that events bring."""

from collections.abc import Iterator, Sequence

from services.commission.domain.book import Rejected
from services.commission.domain.entries import Entry
from services.commission.domain.facts import AnyFact
from services.commission.domain.outcome import Posting
from services.commission.mapping import adjusted
from services.commission.store.loading import opened
from services.commission.store.plans import Plans
from services.commission.store.writing import write
from shared.chassis.database import UnitOfWork


async def decide(uow: UnitOfWork, facts: Sequence[AnyFact], *, plans: Plans) -> list[Posting]:
    """Lock what the facts touch, journal them in order, move their money, tell of new entries. Raises the Refused of a rule."""
    if not facts:
        return []
    work = await opened(uow, facts, plan=await plans.current(uow))
    postings = []
    for fact in facts:
        outcome = work.book.take(fact)
        if isinstance(outcome, Rejected):
            raise outcome.refusal
        if isinstance(outcome, Posting):
            postings.append(outcome)
    await write(uow, work, postings)
    for posting, entry in _entries(postings):
        uow.emit(adjusted(entry, at=posting.fact.at, now=uow.now), sequence=1)
    return postings


def _entries(postings: Sequence[Posting]) -> Iterator[tuple[Posting, Entry]]:
    for posting in postings:
        for entry in posting.entries:
            yield posting, entry
