"""A sales history taken in: one result per row, and the second time nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

DAY = timedelta(days=1)
START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


def row(world: World, number: int, **changed: Any) -> dict[str, Any]:
    """An open opportunity of the first partner, engaged on the first of January."""
    told = {
        "source": "crm",
        "external_id": f"O{number}",
        "partner_id": str(world.partner_id),
        "account_name": "Acme Holding",
        "country": "United States",
        "families": ["GTX"],
        "engaged_at": START.isoformat(),
        "stage": "open",
    }
    return told | {key: value.isoformat() if isinstance(value, datetime) else value for key, value in changed.items()}


def won(world: World, number: int, *, after: int = 10, amount: str = "1054.00", **changed: Any) -> dict[str, Any]:
    return row(world, number, stage="won", closed_at=START + after * DAY, amount=amount, **changed)


async def test_import_when_run_twice_then_the_second_changes_nothing(world: World) -> None:
    rows = [won(world, 1), row(world, 2, families=["MG"]), row(world, 3, stage="lost", closed_at=START + DAY, families=["GTK"])]
    assert [result["result"] for result in await world.imported(*rows)] == ["won", "registered", "lost"]
    before = await world.events()
    again = await world.imported(*rows)
    assert [(result["result"], result["stage"]) for result in again] == [("unchanged", "won"), ("unchanged", "open"), ("unchanged", "lost")]
    assert await world.events() == before
    topics = [(topic, sequence) for topic, sequence, _ in before]
    registered, closed = "deal.registered", "deal.closed"
    assert topics == [(registered, 1), (closed, 2), (registered, 1), (registered, 1), (closed, 2)]
    assert before[0][2]["territory"] == "US"
    assert [(told["source"], told["external_id"]) for _, _, told in before] == [("crm", f"O{number}") for number in (1, 1, 2, 3, 3)]


async def test_import_when_the_opportunity_moves_then_the_deal_follows(world: World) -> None:
    steps = [
        row(world, 1),
        won(world, 1),
        won(world, 1, amount="2000"),
        row(world, 1, stage="lost", closed_at=START + 20 * DAY),
        row(world, 1),
    ]
    results = [(await world.imported(step))[0]["result"] for step in steps]
    assert results == ["registered", "won", "won", "lost", "open"]
    topics = [topic.removeprefix("deal.") for topic, _, _ in await world.events()]
    assert topics == ["registered", "closed", "amended", "reopened", "closed", "reopened"]
    assert [sequence for _, sequence, _ in await world.events()] == [1, 2, 3, 4, 5, 6]


async def test_import_when_news_is_older_than_what_is_known_then_ignored(world: World) -> None:
    await world.imported(won(world, 1, occurred_at=START + 12 * DAY))
    assert (await world.imported(row(world, 1, occurred_at=START + 5 * DAY)))[0]["result"] == "unchanged"


async def test_import_when_rivals_overlapped_then_recorded_as_history_says_and_reported(world: World) -> None:
    second = won(world, 2, partner_id=str(world.rival_id), engaged_at=START + DAY)
    results = await world.imported(second, won(world, 1))
    assert [(result["result"], result["stage"], result["conflict"]) for result in results] == [
        ("conflict", "won", True),
        ("won", "won", False),
    ]
    credited = {event["deal_id"]: event["partner_id"] for topic, _, event in await world.events() if topic == "deal.closed"}
    assert set(credited.values()) == {str(world.partner_id), str(world.rival_id)}


async def test_import_when_the_rules_are_enforced_then_the_first_in_time_wins(world: World) -> None:
    second = won(world, 2, partner_id=str(world.rival_id), engaged_at=START + DAY)
    third = row(world, 3, partner_id=str(world.rival_id), engaged_at=START + 11 * DAY)
    results = await world.imported(second, third, won(world, 1), exclusivity="enforce")
    assert [(result["result"], result["code"]) for result in results] == [("refused", "account_taken"), ("registered", None), ("won", None)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"engaged_at": "not a date"}, "row_invalid"),
        ({"stage": "won"}, "closed_at_missing"),
        ({"stage": "won", "closed_at": START.isoformat()}, "amount_missing"),
        ({"stage": "won", "closed_at": START.isoformat(), "amount": "12,5"}, "amount_invalid"),
        ({"stage": "won", "closed_at": START.isoformat(), "amount": "-1"}, "amount_negative"),
        ({"stage": "won", "closed_at": (START - DAY).isoformat(), "amount": "1"}, "close_before_registration"),
        ({"partner_id": str(uuid4())}, "partner_unknown"),
        ({"engaged_at": "2099-01-01T00:00:00Z"}, "registered_in_future"),
        ({"account_name": "..."}, "account_name_missing"),
    ],
)
async def test_import_when_a_row_is_wrong_then_it_alone_is_refused(world: World, changed: dict[str, Any], code: str) -> None:
    results = await world.imported(row(world, 1, **changed), row(world, 2))
    assert [(result["result"], result["code"]) for result in results] == [("refused", code), ("registered", None)]


async def test_import_when_the_deal_belongs_to_another_partner_then_refused(world: World) -> None:
    await world.imported(row(world, 1))
    assert (await world.imported(row(world, 1, partner_id=str(world.rival_id))))[0]["code"] == "partner_changed"


async def test_import_when_the_caller_is_a_partner_then_out_of_scope(world: World) -> None:
    assert (await world.partner.post("/v1/imports", content=b"{}")).json()["code"] == "scope_missing"


async def test_import_when_a_batch_is_too_long_then_refused_whole(world: World) -> None:
    answer = await world.staff.post("/v1/imports", content=b"{}\n" * 501)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_rows")
    bad = await world.staff.post("/v1/imports", content=b"{\n\xff\n\n7")
    assert [line.count(b"row_invalid") for line in bad.content.splitlines()] == [1, 1, 1]


async def test_import_when_many_rows_come_then_quota_and_slots_agree_with_the_deals(world: World) -> None:
    rows = [
        row(world, number, account_name=f"Account {number % 40}", engaged_at=START + number % 90 * DAY)
        if number % 3
        else won(world, number, account_name=f"Account {number % 40}", after=60, engaged_at=START + number % 50 * DAY)
        for number in range(500)
    ]
    results = await world.imported(*rows)
    assert {result["result"] for result in results} <= {"registered", "won"}
    open_deals = "select (select count(*) from deals where state = 'open'), (select sum(open_deals) from registration_quotas)"
    [(counted, quota)] = await world.rows(open_deals)
    assert counted == quota == 333
    stray = "select 1 from protection_slots s join deals d on d.id = s.deal_id where not d.granted or upper(s.during) > d.protected_until"
    assert await world.rows(stray) == []


@pytest.mark.parametrize("field", ["engaged_at", "closed_at", "occurred_at"])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_import_when_an_instant_is_beyond_every_calendar_then_its_row_alone_is_refused(world: World, field: str, text: str) -> None:
    results = await world.imported(won(world, 1) | {field: text}, won(world, 2, families=["MG"]))
    assert [(result["result"], result["code"]) for result in results] == [("refused", "row_invalid"), ("won", None)]
