"""Receive opportunities, whichever way they came: take them in, publish what follows, keep what was refused and what never came."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from services.registration.arrival import Arrival, Fault
from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.intake.desk import Taken
from services.registration.domain.intake.error import Rejected, Way
from services.registration.domain.intake.news import News
from services.registration.domain.intake.opportunity import Exclusivity
from services.registration.domain.refusals import AccountTaken
from services.registration.mapping.deals import duplicate_of
from services.registration.policy import Policy
from services.registration.reading import fault_of, rejected
from services.registration.store import intake_errors as errors
from services.registration.use_cases.publish import publish
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.take_in import Intake, take_in
from services.registration.use_cases.watch_versions import watch_versions
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import derived_id

_TOLD_AT_ONCE = 32  # opportunities: a millisecond or two
_NOBODY = nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How opportunities are taken in."""

    way: Way
    exclusivity: Exclusivity
    policy: Policy
    registrable: Registrable
    receipts: Receipts


@dataclass(slots=True)
class Outcome:
    """What became of one arrival: taken, or refused for `fault` and kept in the error queue under `error_id`.

    What a newer state had settled before is refused without an error on record.
    """

    arrival: Arrival
    taken: Taken | None = None
    fault: Fault | None = None
    error_id: UUID | None = None


async def receive(uow: UnitOfWork, arrivals: Sequence[Arrival], manner: Manner) -> list[Outcome]:
    """What became of each arrival, in their order. A refused one leaves nothing but its error."""
    outcomes = [Outcome(arrival, fault=arrival.fault) for arrival in arrivals]
    ready = [outcome for outcome in outcomes if outcome.arrival.seen]
    seen = [outcome.arrival.seen for outcome in ready if outcome.arrival.seen]
    intake = await take_in(
        uow,
        seen,
        exclusivity=manner.exclusivity,
        policy=manner.policy,
        registrable=manner.registrable,
        publish=lambda decided: _publish(uow, ready, decided),
    )
    for outcome, taken in zip(ready, intake.taken, strict=True):
        outcome.taken = taken
        if taken.refusal:
            outcome.fault = fault_of(taken.refusal)
    in_turn = [ready[place] for place in intake.turns]
    manner.receipts.issue_at_last(uow, [one.taken for one in in_turn if one.taken])
    unread = await _keep_errors(uow, outcomes, manner)
    await watch_versions(uow, [one.taken for one in in_turn if one.taken], unread, policy=manner.policy)
    return outcomes


async def _publish(uow: UnitOfWork, ready: Sequence[Outcome], intake: Intake) -> None:
    """The facts in the order in which they happened, each caused by the event that brought it."""
    for count, place in enumerate(intake.turns):
        if count % _TOLD_AT_ONCE == 0:
            await asyncio.sleep(0)  # hear that a statement is done, and send the next
        taken = intake.taken[place]
        if taken.steps:
            cause = ready[place].arrival.cause
            with uow.caused_by(cause) if cause else _NOBODY:
                publish(uow, taken.steps, partner_kind=intake.kinds.get(taken.seen.partner_id), told_by=taken.seen.source)


async def _keep_errors(uow: UnitOfWork, outcomes: Sequence[Outcome], manner: Manner) -> list[Rejected]:
    """Put refusals in the queue; errors of what was taken in are settled by that. A rival is told once that the account is taken.

    Returns those that were not even read as an opportunity.
    """
    unread: list[Rejected] = []
    settled: dict[tuple[str, str], errors.Settled] = {}
    refused: dict[tuple[str, str], list[tuple[Outcome, Rejected]]] = {}
    for one in outcomes:  # in the order of arrival: a success settles what was refused before it
        if one.fault:
            row = rejected(one.arrival, one.fault, way=manner.way, exclusivity=manner.exclusivity.value)
            refused.setdefault((row.source, row.name), []).append((one, row))
            if one.taken is None:
                unread.append(row)
        elif one.taken and one.taken.news in (News.FRESH, News.ECHO):
            done = _settled(one.taken)
            key = (done.source, done.name)
            settled[key] = _newer(settled.get(key), done)
            if key in refused:
                refused[key] = [pair for pair in refused[key] if not done.settles(pair[1])]
    await errors.supersede(uow, list(settled.values()))
    kept = await errors.record(uow, [row for rows in refused.values() for _, row in rows])
    for key, rows in refused.items():
        error_id, is_new = kept.get(key, (None, False))
        for outcome, _ in rows:
            outcome.error_id = error_id
        if rows and is_new and manner.way is not Way.BULK:
            _tell_rival(uow, rows[-1][0])
    return unread


def _tell_rival(uow: UnitOfWork, outcome: Outcome) -> None:
    if outcome.taken and isinstance(outcome.taken.refusal, AccountTaken):
        with uow.caused_by(outcome.arrival.cause):
            uow.emit(duplicate_of(outcome.taken.seen, refusal_id=derived_id("refusal", outcome.error_id), now=uow.now), sequence=1)


def _newer(one: errors.Settled | None, other: errors.Settled) -> errors.Settled:
    """The newer of two states of one opportunity, as far as they tell."""
    if one is None or one.version is None or other.version is None:
        return other
    return max(one, other, key=lambda each: each.version or 0)


def _settled(taken: Taken) -> errors.Settled:
    seen = taken.seen
    return errors.Settled(seen.source, seen.external_id, seen.version, seen.changed_at)
