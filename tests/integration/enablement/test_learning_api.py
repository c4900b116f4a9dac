"""Enrol, complete and certify over HTTP, on a real database."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.enablement.world import World

LEAP_DAY = datetime(2024, 2, 29, 15, tzinfo=UTC)


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def test_courses_when_listed_then_the_four_levels_of_the_programme(world: World) -> None:
    courses = (await world.staff.get("/v1/courses")).json()["items"]
    assert [(one["level"], one["id"], one["prerequisites"]) for one in courses] == [
        (1, "foundation", []),
        (2, "sales", ["foundation"]),
        (3, "technical", ["sales"]),
        (4, "advanced", ["technical"]),
    ]
    assert {one["validity_months"] for one in courses} == {12}


async def test_way_when_walked_then_a_completion_and_a_certificate_are_announced(world: World) -> None:
    ada = uuid4()
    await world.learned("foundation", person=ada)
    paper = (await world.step("certificates", "foundation", person=ada)).json()
    assert (paper["validity"], paper["level"]) == ("valid", 1)
    completed, passed = await world.events()
    assert (completed[:2], passed[:2]) == (("training.completed", "2"), ("certification.passed", "1"))
    assert completed[2]["person_id"] == passed[2]["person_id"] == str(ada)


async def test_certificate_when_passed_on_a_leap_day_then_valid_until_the_last_of_february(world: World) -> None:
    ada = uuid4()
    await world.learned("foundation", person=ada, at=LEAP_DAY)
    paper = (await world.step("certificates", "foundation", person=ada, at=LEAP_DAY)).json()
    assert (paper["valid_until"], paper["validity"]) == ("2025-02-28T15:00:00Z", "expired")


@pytest.mark.parametrize(
    ("kind", "course", "status", "code"),
    [
        ("enrolments", "sales", 409, "prerequisite_missing"),
        ("enrolments", "juggling", 404, "course_unknown"),
        ("completions", "foundation", 409, "not_enrolled"),
        ("certificates", "foundation", 409, "not_completed"),
    ],
)
async def test_step_when_something_is_missing_then_refused(world: World, kind: str, course: str, status: int, code: str) -> None:
    answer = await world.step(kind, course, person=uuid4())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await world.events() == []


async def test_step_when_repeated_then_refused(world: World) -> None:
    ada = uuid4()
    await world.step("enrolments", "foundation", person=ada)
    repeated = [await world.step("enrolments", "foundation", person=ada)]
    await world.step("completions", "foundation", person=ada)
    repeated.append(await world.step("completions", "foundation", person=ada))
    await world.step("certificates", "foundation", person=ada)
    repeated.append(await world.step("certificates", "foundation", person=ada))
    assert [one.json()["code"] for one in repeated] == ["already_enrolled", "already_completed", "already_certified"]


@pytest.mark.parametrize("kind", ["enrolments", "completions", "certificates"])
async def test_step_when_eight_arrive_at_once_then_one_counts(world: World, kind: str) -> None:
    ada = uuid4()
    for before in ("enrolments", "completions", "certificates"):
        if before == kind:
            break
        await world.step(before, "foundation", person=ada)
    answers = await asyncio.gather(*(world.step(kind, "foundation", person=ada) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]


async def test_lists_when_asked_by_person_then_enrolments_hold_the_open_ones_too(world: World) -> None:
    ada, bela = uuid4(), uuid4()
    await world.learned("foundation", person=ada)
    await world.step("enrolments", "sales", person=ada)
    await world.step("enrolments", "foundation", person=bela)
    enrolments = (await world.staff.get("/v1/enrolments", params={"person_id": str(ada)})).json()["items"]
    completions = (await world.staff.get("/v1/completions", params={"person_id": str(ada)})).json()["items"]
    assert [one["course_id"] for one in enrolments] == ["foundation", "sales"]
    assert [one["course_id"] for one in completions] == ["foundation"]


async def test_step_when_staff_name_no_partner_then_asked_for(world: World) -> None:
    answer = await world.staff.post("/v1/enrolments", json={"person_id": str(uuid4()), "course_id": "foundation"})
    assert (answer.status_code, answer.json()["code"]) == (422, "partner_missing")
