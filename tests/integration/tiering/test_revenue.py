"""Revenue as tiering counts it from events, in whatever order they come."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from shared.chassis.service import Service
from shared.schemas.base import Event
from shared.schemas.deals import Outcome
from tests.integration.tiering.facts import NOW, activated, amended, closed, expired, partner, passed, record, refunded, reopened, take_in

Standings = Callable[[], Awaitable[list[dict[str, Any]]]]


async def test_split_deal_counts_for_each_partner_to_the_cent(tiering: Service, standings: Standings) -> None:
    await take_in(tiering, *(activated(n) for n in (1, 2, 3)), closed(1, minor=100_00, shares={1: "1/3", 2: "1/3", 3: "1/3"}))
    found = {row["partner_id"]: row["revenue"] for row in await standings()}
    assert found == {str(partner(1)): "33.34", str(partner(2)): "33.33", str(partner(3)): "33.33"}


async def test_lost_deal_and_undone_close_count_nothing(tiering: Service, standings: Standings) -> None:
    await take_in(tiering, activated(1), closed(1, minor=500, outcome=Outcome.LOST), closed(2, minor=700))
    await take_in(tiering, (reopened(2), 2), (closed(2, minor=300, close_number=2), 3))
    assert [row["revenue"] for row in await standings()] == ["3.00"]


_LIFE: tuple[tuple[Event, int], ...] = (
    (closed(1, minor=100_00), 2),
    (amended(1, minor=80_00, shares={2: "1"}), 3),
    (refunded(1, minor=30_00), 4),
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_close_amendment_and_refund_add_up_whatever_their_order(
    tiering: Service, standings: Standings, order: tuple[int, ...]
) -> None:
    await take_in(tiering, activated(1), activated(2))
    for index in order:
        await take_in(tiering, _LIFE[index])
    assert {row["partner_id"]: row["revenue"] for row in await standings()} == {str(partner(1)): "0.00", str(partner(2)): "50.00"}


async def test_refund_before_its_close_waits_for_it(tiering: Service, standings: Standings) -> None:
    await take_in(tiering, activated(1), (refunded(1, minor=30_00), 3))
    async with tiering.platform.worker_database.transaction() as uow:
        assert len(await uow.fetch("select 1 from waiting_facts")) == 1
    await take_in(tiering, (closed(1, minor=100_00), 2))
    assert [row["revenue"] for row in await standings()] == ["70.00"]
    async with tiering.platform.worker_database.transaction() as uow:
        assert not await uow.fetch("select 1 from waiting_facts")


async def test_window_is_the_trailing_twelve_months_with_its_end(tiering: Service, standings: Standings) -> None:
    a_year_ago = datetime(2025, 3, 2, 9, 0, tzinfo=UTC)
    await take_in(
        tiering,
        activated(1),
        closed(1, minor=1_00, at=a_year_ago),
        closed(2, minor=10_00, at=a_year_ago + timedelta(microseconds=1)),
        closed(3, minor=100_00, at=NOW),
        closed(4, minor=1000_00, at=NOW + timedelta(microseconds=1)),
    )
    assert [row["revenue"] for row in await standings()] == ["110.00"]


async def test_other_currencies_are_listed_apart_and_not_in_the_score(tiering: Service, standings: Standings) -> None:
    await take_in(tiering, activated(1), closed(1, minor=100_00), closed(2, minor=335, currency="JPY"))
    row = (await standings())[0]
    assert (row["revenue"], row["score"], row["revenue_apart"]) == ("100.00", "100", {"JPY": "335"})


async def test_valid_certificates_add_points_once_per_person_and_level(tiering: Service, standings: Standings) -> None:
    until = NOW + timedelta(days=365)
    await take_in(
        tiering,
        activated(1),
        (expired(1, person=2, level=1, at=NOW), 2),  # before the certificate that it ends
        passed(1, person=1, level=1, valid_until=until),
        passed(1, person=1, level=2, valid_until=until),
        passed(1, person=2, level=1, valid_until=until),
        passed(1, person=3, level=4, valid_until=NOW),
    )
    row = (await standings())[0]
    assert (row["score"], row["certification_points"], row["certified_people"]) == ("1500", "1500", 1)


async def test_same_event_twice_counts_once(tiering: Service, standings: Standings) -> None:
    once = record(closed(1, minor=100_00))
    await take_in(tiering, activated(1))
    await tiering.worker.processor.process([once, once])
    await tiering.worker.processor.process([once])
    assert [row["revenue"] for row in await standings()] == ["100.00"]


LAST = datetime.fromisoformat("9999-12-31T23:59:59-10:00")  # in UTC already the year 10000
FIRST = datetime.fromisoformat("0001-01-01T00:00:00+10:00")


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        (closed(1, minor=100, shares={1: "1/0"}), "share_invalid"),
        (closed(1, minor=100, shares={1: "1", 2: "0"}), "share_invalid"),
        (closed(1, minor=100, shares={1: "2"}), "splits_not_one"),
        (amended(1, minor=100, shares={1: "1/3"}), "splits_not_one"),
        (closed(1, minor=100, at=LAST), "instant_out_of_range"),
        (amended(1, minor=100, at=FIRST), "instant_out_of_range"),
        (activated(2, enrolled_at=LAST), "instant_out_of_range"),
        (passed(1, person=1, level=1, valid_until=LAST), "instant_out_of_range"),
        (expired(1, person=1, level=1, at=LAST), "instant_out_of_range"),
    ],
)
async def test_fact_when_it_cannot_be_true_then_it_is_refused_with_a_code_and_the_rest_of_its_batch_counts(
    tiering: Service, standings: Standings, fact: Event, code: str
) -> None:
    await take_in(tiering, activated(1), fact, closed(9, minor=100_00))
    async with tiering.platform.worker_database.transaction() as uow:
        assert [row[0] for row in await uow.fetch("select code from refusals")] == [code]
        assert not await uow.fetch("select 1 from dead_letters")
    assert [row["revenue"] for row in await standings()] == ["100.00"]


@pytest.mark.parametrize("at", [datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)])
async def test_close_when_it_is_at_an_end_of_the_calendar_then_it_is_taken_in(tiering: Service, standings: Standings, at: datetime) -> None:
    await take_in(tiering, activated(1), closed(1, minor=100, at=at))
    async with tiering.platform.worker_database.transaction() as uow:
        assert len(await uow.fetch("select 1 from closes")) == 1
    assert [row["revenue"] for row in await standings()] == ["0.00"]
