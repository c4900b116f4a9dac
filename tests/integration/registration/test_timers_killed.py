"""Each timer's transaction dies at its end, and each is run by two leaders at once: what is due happens once, and is told once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from shared.chassis.testing.stage import Stage
from shared.chassis.timers import Timer
from tests.integration.registration.court import Court
from tests.integration.registration.test_coselling import Cosell
from tests.integration.registration.test_leads import LEAD
from tests.integration.registration.test_receipt_sets import row
from tests.integration.registration.test_reviews import MANUAL

DAY = timedelta(days=1)
CHECKED = "select sequence, checked_at from receipt_checks"
QUESTIONS = "select count(*) from account_reviews"
UNSWEPT = "select count(*) from accounts where not swept"


async def _end_by_window(world: Cosell) -> None:
    await world.registered()
    world.stage.clock.advance(30 * DAY)


async def _end_by_silence(world: Cosell) -> None:
    await world.policy(quiet={"after_days": 14})
    await world.registered()
    world.stage.clock.advance(14 * DAY)


async def _near_its_end(world: Cosell) -> None:
    await world.registered()
    world.stage.clock.advance(29 * DAY)


async def _in_review_for_long(world: Cosell) -> None:
    await _in_review(world)
    world.stage.clock.advance(7 * DAY)


async def _in_review_for_a_while(world: Cosell) -> None:
    await _in_review(world)
    world.stage.clock.set((await world.rows("select remind_at from deal_reviews"))[0][0])


async def _in_review(world: Cosell) -> None:
    await world.policy(**MANUAL)
    await world.registered()


async def _free_for_the_next(world: Cosell) -> None:
    await world.policy(waiting_list={"open": True})
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")


async def _offer_over(world: Cosell) -> None:
    await _free_for_the_next(world)
    await world.due()
    world.stage.clock.advance(4 * DAY)


async def _alike(world: Cosell) -> None:
    await world.imported(
        *(row(world, number, account_name=name) for number, name in enumerate(("Nordlicht Optik GmbH", "Nordlicht Optik")))
    )


async def _registered(world: Cosell) -> None:
    await world.registered()


async def _in_conflict(world: Cosell) -> None:
    await Court(world).overlap()
    world.stage.clock.advance(2 * DAY)


async def _lead_unanswered(world: Cosell) -> None:
    await _lead(world)
    world.stage.clock.advance(7 * DAY)


async def _lead_to_be_answered(world: Cosell) -> None:
    await _lead(world)
    world.stage.clock.set((await world.rows("select remind_at from leads"))[0][0])


async def _lead(world: Cosell) -> None:
    answer = await world.staff.post("/v1/leads", json=LEAD | {"partner_id": str(world.partner_id)})
    assert answer.status_code == 201, answer.text


async def _invited(world: Cosell) -> None:
    await world.propose(await world.registered(), "0.5", "0.5")
    world.stage.clock.advance(15 * DAY)


async def _step_overdue(world: Cosell) -> None:
    agreement = await world.signed(await world.registered(), "0.5", "0.5")
    due = world.stage.clock.now().date().isoformat()
    answer = await world.partner.post(f"/v1/coselling/{agreement['id']}/plan", json={"title": "Demo", "due_on": due})
    assert answer.status_code == 201, answer.text
    world.stage.clock.advance(2 * DAY)


Prepare = Callable[[Cosell], Awaitable[None]]
DUE: list[tuple[str, Prepare, list[str]]] = [
    ("expire protection", _end_by_window, ["deal.expired"]),
    ("end silent protection", _end_by_silence, ["deal.expired"]),
    ("announce the end of protection", _near_its_end, ["deal.expiring"]),
    ("chase reviews", _in_review_for_a_while, ["review.late"]),
    ("chase reviews", _in_review_for_long, ["review.late"]),
    ("offer free accounts", _free_for_the_next, ["account.offered"]),
    ("offer free accounts", _offer_over, ["account.waiting_ended"]),
    ("look for like accounts", _alike, []),
    ("check receipts", _registered, []),
    ("escalate conflicts", _in_conflict, ["conflict.escalated", "conflict.escalated"]),
    ("watch leads", _lead_to_be_answered, ["lead.reminded"]),
    ("watch leads", _lead_unanswered, ["lead.aged"]),
    ("lapse invitations", _invited, ["cosell.ended", "cosell.ended"]),
    ("tell overdue steps", _step_overdue, ["cosell.step_overdue"]),
]
"""A timer, what makes something due for it, and what it then tells."""
CASES = pytest.mark.parametrize(("name", "prepare", "topics"), DUE, ids=lambda part: part if isinstance(part, str) else "")


@pytest.fixture
async def world(stage: Stage) -> Cosell:
    world = await Cosell.open(stage)
    assert isinstance(world, Cosell)
    return world


async def test_timers_when_listed_then_each_is_killed_here(world: Cosell) -> None:
    assert {timer.name for timer in world.service.timers} == {name for name, _, _ in DUE}


def _timer(world: Cosell, name: str) -> Timer:
    return next(timer for timer in world.service.timers if timer.name == name)


async def _run(world: Cosell, timer: Timer) -> int:
    async with world.service.platform.worker_database.transaction() as uow:
        return await timer.run(uow)


async def _drained(world: Cosell, timer: Timer) -> None:
    while await _run(world, timer):
        pass


async def _die(world: Cosell, timer: Timer) -> None:
    """Everything is written, and the session ends before the commit."""
    async with world.service.platform.worker_database.transaction() as uow:
        await timer.run(uow)
        await uow.flush()
        [(pid,)] = await uow.fetch("select pg_backend_pid()")
        await world.killed(pid)


async def _seen(world: Cosell) -> tuple[list[str], list[Any]]:
    """Which events were told, and what the silent timers leave behind."""
    told = [topic for topic, _, _ in await world.events()]
    return told, [await world.rows(sql) for sql in (QUESTIONS, UNSWEPT, CHECKED)]


@CASES
async def test_timer_when_its_transaction_dies_then_nothing_of_it_is_left_and_the_next_does_it_once(
    world: Cosell, name: str, prepare: Prepare, topics: list[str]
) -> None:
    await prepare(world)
    timer, before = _timer(world, name), await _seen(world)
    with pytest.raises(DBAPIError):
        await _die(world, timer)
    assert await _seen(world) == before
    await _drained(world, timer)
    told, left = await _seen(world)
    assert sorted(told) == sorted(before[0] + topics)
    assert bool(topics) == (left == before[1]), "the silent ones leave their mark"
    await _drained(world, timer)
    assert (await _seen(world))[0] == told


@CASES
async def test_timer_when_a_thawed_leader_runs_it_beside_the_new_one_then_once(
    world: Cosell, name: str, prepare: Prepare, topics: list[str]
) -> None:
    await prepare(world)
    timer, (before, _) = _timer(world, name), await _seen(world)
    await asyncio.gather(*(_run(world, timer) for _ in range(4)), return_exceptions=True)
    await _drained(world, timer)
    told, (questions, *_) = await _seen(world)
    assert sorted(told) == sorted(before + topics)
    assert questions == [(int(name == "look for like accounts"),)]
