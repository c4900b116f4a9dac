"""Evaluations: who is ranked, how tiers change, what is published, who may see it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from services.tiering.policy import TieringPolicy
from services.tiering.use_cases.evaluate_when_due import end_graces
from shared.chassis.http.paging import encode
from shared.chassis.policies import Policies
from shared.chassis.service import Service
from shared.chassis.testing import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.tiering.facts import NOW, activated, closed, partner, refunded, suspended, take_in

Standings = Callable[[], Awaitable[list[dict[str, Any]]]]
GRACE = timedelta(days=90)


async def published(service: Service) -> list[tuple[str, str | None, str, int]]:
    """(fact, from, to, sequence) of every event in the outbox, as they were written."""
    async with service.platform.worker_database.transaction() as uow:
        rows = await uow.fetch(
            "select type, payload::jsonb->>'from_tier', payload::jsonb->>'to_tier', (headers::jsonb->>'ce_sequence')::int "
            "from outbox order by id"
        )
    return [(row[0].split(".")[2], row[1], row[2], row[3]) for row in rows]


@pytest.mark.parametrize(("population", "expected"), [(1, [1, 0, 0, 0]), (10, [1, 1, 1, 7]), (20, [1, 2, 3, 14]), (33, [2, 3, 5, 23])])
async def test_percentiles_of_a_network(tiering: Service, operator: httpx2.AsyncClient, population: int, expected: list[int]) -> None:
    await take_in(tiering, *(activated(n) for n in range(population)))
    await take_in(tiering, *(closed(n, minor=n * 100 + 1, shares={n: "1"}) for n in range(population)))
    answer = (await operator.post("/v1/evaluations")).json()
    assert [answer["earned"][tier] for tier in ("platinum", "gold", "silver", "bronze")] == expected
    rows = (await operator.get("/v1/standings")).json()["items"]
    assert [row["rank"] for row in rows] == list(range(1, population + 1))
    assert rows[0]["partner_id"] == str(partner(population - 1))


async def test_suspended_partner_is_not_ranked_even_if_its_activation_comes_later(tiering: Service, standings: Standings) -> None:
    await take_in(tiering, activated(1), (suspended(2), 2))
    await take_in(tiering, (activated(2), 1))
    assert [row["partner_id"] for row in await standings()] == [str(partner(1))]


async def test_partner_suspended_after_an_evaluation_keeps_its_tier_without_a_rank(
    tiering: Service, standings: Standings, operator: httpx2.AsyncClient
) -> None:
    await take_in(tiering, activated(1), activated(2), closed(1, minor=5_00))
    await standings()
    await take_in(tiering, (suspended(1), 2))
    rows = await standings()
    assert [(row["partner_id"], row["rank"], row["tier"]) for row in rows] == [
        (str(partner(2)), 1, "bronze"),
        (str(partner(1)), None, "platinum"),
    ]
    assert rows[1]["reason"] == "not ranked: suspended"


async def test_fall_is_announced_waits_out_its_grace_and_goes_one_tier_at_a_time(
    tiering: Service, clock: ManualClock, standings: Standings
) -> None:
    await take_in(tiering, activated(1), activated(2), closed(1, minor=900_00), closed(2, minor=800_00, shares={2: "1"}))
    await standings()
    await take_in(tiering, (refunded(1, minor=900_00), 2))
    row = (await standings())[1]
    assert (row["tier"], row["earned"]) == ("platinum", "bronze")
    assert row["pending"] == {"to": "gold", "due": "2026-05-31T09:00:00Z"}
    clock.advance(GRACE - timedelta(seconds=1))
    assert (await standings())[1]["tier"] == "platinum"
    clock.advance(timedelta(seconds=1))
    row = (await standings())[1]
    assert (row["tier"], row["pending"]["to"]) == ("gold", "silver")
    assert row["reason"].startswith("rank 2 of 2; no score in the last 12 months; score 0 from 0.00 USD")
    assert await published(tiering) == [
        ("changed", None, "platinum", 1),
        ("changed", None, "bronze", 1),
        ("changed", "bronze", "platinum", 2),
        ("downgrade_pending", "platinum", "gold", 2),
        ("changed", "platinum", "gold", 3),
        ("downgrade_pending", "gold", "silver", 4),
    ]


async def test_evaluating_twice_at_one_instant_changes_and_publishes_nothing(tiering: Service, standings: Standings) -> None:
    await take_in(tiering, activated(1), closed(1, minor=900_00))
    first = await standings()
    before = await published(tiering)
    second = await standings()
    assert await published(tiering) == before
    assert [{**row, "evaluation_id": None} for row in first] == [{**row, "evaluation_id": None} for row in second]


async def test_look_back_ranks_but_moves_nobody(tiering: Service, standings: Standings, operator: httpx2.AsyncClient) -> None:
    await take_in(tiering, activated(1), activated(2), closed(1, minor=1, at=datetime(2024, 5, 1, tzinfo=UTC)))
    before = await standings()
    answer = (await operator.post("/v1/evaluations", json={"as_of": "2024-06-01T00:00:00Z"})).json()
    assert (answer["applied"], answer["earned"]["platinum"]) == (False, 1)
    assert (await operator.get("/v1/standings")).json()["items"] == before
    results = (await operator.get(f"/v1/evaluations/{answer['id']}/results", params={"limit": 1})).json()
    assert results["items"][0] | {"reason": ""} == {
        "partner_id": str(partner(1)),
        "rank": 1,
        "score": "0.01",
        "revenue": "0.01",
        "currency": "USD",
        "certification_points": "0",
        "certified_people": 0,
        "earned": "platinum",
        "reason": "",
    }
    after = (await operator.get(f"/v1/evaluations/{answer['id']}/results", params={"next": results["next"]})).json()
    assert [row["rank"] for row in after["items"]] == [2]


async def test_instant_to_come_is_refused(operator: httpx2.AsyncClient) -> None:
    answer = await operator.post("/v1/evaluations", json={"as_of": (NOW + timedelta(seconds=1)).isoformat()})
    assert (answer.status_code, answer.json()["code"]) == (422, "as_of_in_future")


async def test_timer_evaluates_each_quarter_once_among_those_enrolled_by_then(
    tiering: Service, clock: ManualClock, operator: httpx2.AsyncClient
) -> None:
    await take_in(tiering, activated(1), activated(2, enrolled_at=datetime(2026, 5, 1, tzinfo=UTC)))
    assert await tiering.worker.timers.run_due() == 0  # the first quarter began before anyone had enrolled
    clock.set(datetime(2026, 5, 2, tzinfo=UTC))
    assert await tiering.worker.timers.run_due() == 1
    assert await tiering.worker.timers.run_due() == 0
    found = (await operator.get("/v1/evaluations")).json()["items"]
    assert [(one["as_of"], one["trigger"], one["population"]) for one in found] == [("2026-04-01T00:00:00Z", "schedule", 1)]


async def test_timer_ends_a_grace_against_a_fresh_ranking(
    tiering: Service, clock: ManualClock, standings: Standings, operator: httpx2.AsyncClient
) -> None:
    await take_in(tiering, *(activated(n) for n in (1, 2)), closed(1, minor=900_00), closed(2, minor=800_00, shares={2: "1"}))
    await standings()
    await take_in(tiering, (refunded(1, minor=150_00), 2))
    assert (await standings())[1]["pending"]["to"] == "gold"
    await take_in(tiering, closed(3, minor=51_00))
    clock.advance(GRACE)
    await tiering.worker.timers.run_due()
    row = (await operator.get(f"/v1/standings/{partner(1)}")).json()
    assert (row["tier"], row["rank"], row["pending"]) == ("platinum", 1, None)


async def test_timer_when_a_grace_ended_after_the_quarter_began_ranks_everyone_as_of_now(
    tiering: Service, clock: ManualClock, standings: Standings, operator: httpx2.AsyncClient
) -> None:
    await take_in(tiering, activated(1), activated(2), closed(1, minor=900_00), closed(2, minor=800_00, shares={2: "1"}))
    await standings()
    await take_in(tiering, (refunded(1, minor=900_00), 2))
    await standings()
    clock.set(NOW + GRACE)  # 31 May: the quarter that began on 1 April has not been evaluated yet
    async with tiering.platform.worker_database.transaction() as uow:
        assert await end_graces(uow, policies=Policies(TieringPolicy)) == 1
    assert await tiering.worker.timers.run_due() == 1
    assert await tiering.worker.timers.run_due() == 0
    found = (await operator.get("/v1/evaluations")).json()["items"][:2]
    assert [(one["trigger"], one["as_of"], one["applied"]) for one in found] == [
        ("schedule", "2026-05-31T09:00:00Z", True),
        ("grace", "2026-05-31T09:00:00Z", True),
    ]


@pytest.mark.parametrize("path", ["/v1/standings", "/v1/evaluations", "/v1/evaluations/{id}/results"])
async def test_cursor_of_another_making_never_breaks_a_list(operator: httpx2.AsyncClient, path: str) -> None:
    evaluation = (await operator.post("/v1/evaluations")).json()["id"]
    for cursor in (encode(2**62, str(uuid4())), encode(2**62), encode(-(2**62)), encode("x"), "%%%"):
        answer = await operator.get(path.format(id=evaluation), params={"next": cursor})
        assert answer.status_code in {200, 422}, answer.text


async def test_partner_sees_its_own_standing_alone(stage: Stage, tiering: Service, standings: Standings) -> None:
    await take_in(tiering, activated(1), activated(2), closed(1, minor=5_00))
    await standings()
    mine = stage.client(tiering, role="partner", partner_id=partner(2))
    rows = (await mine.get("/v1/standings")).json()["items"]
    assert [(row["partner_id"], row["rank"], row["population"]) for row in rows] == [(str(partner(2)), 2, 2)]
    assert (await mine.get(f"/v1/standings/{partner(1)}")).status_code == 404
    assert (await mine.post("/v1/evaluations")).status_code == 403
    assert (await mine.get("/v1/evaluations")).status_code == 403


async def test_tiers_include_the_benefits_of_those_below(operator: httpx2.AsyncClient) -> None:
    tiers = (await operator.get("/v1/tiers")).json()
    assert [one["tier"] for one in tiers] == ["platinum", "gold", "silver", "bronze"]
    assert set(tiers[1]["benefits"]) > set(tiers[2]["benefits"]) > set(tiers[3]["benefits"])
    assert tiers[0]["discount"] == {"low": "0.30", "high": "0.40"}


async def test_unknown_evaluation_and_standing_are_not_found(operator: httpx2.AsyncClient) -> None:
    for path in (f"/v1/evaluations/{uuid4()}", f"/v1/evaluations/{uuid4()}/results", f"/v1/standings/{uuid4()}"):
        assert (await operator.get(path)).json()["code"] == "not_found"


async def test_standings_come_in_pages(tiering: Service, standings: Standings, operator: httpx2.AsyncClient) -> None:
    await take_in(tiering, *(activated(n) for n in range(5)), (suspended(9), 1))
    await standings()
    seen: list[int] = []
    cursor = None
    while True:
        page = (await operator.get("/v1/standings", params={"limit": 2} | ({"next": cursor} if cursor else {}))).json()
        seen += [row["rank"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [1, 2, 3, 4, 5]
    silver = (await operator.get("/v1/standings", params={"tier": "silver"})).json()["items"]
    assert silver == []
