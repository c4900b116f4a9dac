"""Statements of periods that ended: what they say, their numbers, and that nothing changes them."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
import pytest

from services.commission.statement_check import check
from services.commission.store.plans import Plans
from services.commission.use_cases.issue_statements import IssueStatements
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import NOW, amended, closed, partner, refunded, reopened, rows, take_in
from tests.integration.commission.stating import APRIL, DAY, JULY, JUNE, MAY, issue, of


async def test_statement_when_its_period_runs_then_none_and_at_its_end_one(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 250_000_00))
    clock.set(APRIL - timedelta(microseconds=1))
    assert await issue(commission) == []
    clock.set(APRIL)
    (statement,) = await issue(commission)
    assert (statement["number"], statement["former"], statement["period"]["from"], statement["period"]["until"]) == (
        1,
        None,
        "2026-03-01",
        "2026-04-01",
    )
    assert statement["closing"]["balances"] == [{"currency": "USD", "held": 45_000_00, "payable": 0, "in_payout": 0, "paid": 0}]
    assert check(statement) == []


async def test_life_when_stated_month_by_month_then_each_opens_where_the_last_closed(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 90_000_00), closed(2, 99_999_99, shares={2: "1/3", 1: "1/3", 3: "1/3"}), closed(3, 7))
    clock.set(APRIL + DAY)
    await take_in(commission, refunded(1, 33_333_33), amended(2, 50_000_00, shares={2: "0.5", 1: "0.3", 3: "0.2"}), reopened(3))
    await issue(commission)
    clock.set(MAY + DAY)
    await take_in(commission, closed(4, 500_000_00, at=MAY), refunded(1, 1), refunded(2, 10_000_00, owner=2, revision=1))
    await issue(commission)
    clock.set(JUNE)
    for number in (1, 2, 3):
        first, second, *more = await of(commission, number)
        assert check(first) == check(second, former=first) == []
        assert [each["number"] for each in (first, second, *more)] == list(range(1, 3 + len(more)))
        assert second["opening"]["balances"] == first["closing"]["balances"]
    clock.set(JULY)  # what the timers did on the first of June stands in June's
    await issue(commission)
    balances = await rows(commission, "select partner_id, held_minor, payable_minor from balances order by 1")
    last = {each["partner"]["id"]: each["closing"]["balances"][0] for each in await issue(commission)}
    assert [(str(who), held, payable) for who, held, payable in balances] == [
        (who, last[who]["held"], last[who]["payable"]) for who in sorted(last)
    ]


async def test_statement_of_a_shared_deal_when_read_then_no_other_partner_is_in_it(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100, shares={2: "1/3", 1: "1/3", 3: "1/3"}), closed(2, 99, shares={3: "0.5", 1: "0.25", 2: "0.25"}))
    clock.set(APRIL)
    for number in (1, 2, 3):
        (statement,) = await of(commission, number)
        text = orjson.dumps(statement).decode()
        assert not any(str(partner(other)) in text for other in {1, 2, 3} - {number})
        assert check(statement) == []


async def test_fact_when_it_is_late_then_in_the_statement_of_its_recording_with_both_dates(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.set(APRIL + DAY)
    await issue(commission)
    await take_in(commission, closed(2, 100_00, at=NOW))
    clock.set(MAY)
    first, second = await issue(commission)
    assert [line["late"] for line in first["lines"]] == [False]
    accrued = [line for line in second["lines"] if line["entries"]]
    assert [(line["late"], line["occurred_at"][:10], line["recorded_at"][:10]) for line in accrued] == [(True, "2026-03-02", "2026-04-02")]


async def test_fact_when_posted_after_its_period_was_stated_then_in_the_next_one(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.set(APRIL)
    await issue(commission)
    clock.set(APRIL - timedelta(seconds=1))  # a transaction that began before midnight, and took its time
    await take_in(commission, closed(2, 100_00))
    clock.set(APRIL + 5 * DAY)
    await issue(commission)  # the holds end
    clock.set(MAY)
    first, second = await issue(commission)
    assert [line["number"] for line in first["lines"]] == [1]
    assert [line["kind"] for line in second["lines"]] == ["closed", "released", "released"]
    assert second["period"]["from"] == "2026-04-01"
    assert check(second, former=first) == []


async def test_quiet_months_when_over_then_no_statement_and_numbers_go_on(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.set(datetime(2026, 9, 1, tzinfo=UTC))
    await issue(commission)
    clock.set(datetime(2026, 11, 1, tzinfo=UTC))
    assert [(each["number"], each["period"]["from"]) for each in await issue(commission)] == [(1, "2026-03-01"), (2, "2026-09-01")]


async def test_issuers_when_many_run_at_once_then_numbers_have_no_gap_and_no_twin(
    stage: Stage, commission: Service, clock: ManualClock
) -> None:
    for month in (3, 4, 5):
        clock.set(datetime(2026, month, 2, tzinfo=UTC))
        await take_in(commission, *(closed(100 * month + who, 100_00, shares={who: "1"}) for who in range(1, 21)))
    clock.set(JUNE)

    async def run() -> None:
        issuer = IssueStatements(Plans())
        done = 1
        while done:
            async with commission.platform.worker_database.transaction() as uow:
                done = await issuer(uow)

    await asyncio.gather(*(run() for _ in range(4)))
    found = await rows(commission, "select partner_id, array_agg(number order by number), count(distinct hash) from statements group by 1")
    assert len(found) == 20
    assert {(tuple(numbers), hashes) for _, numbers, hashes in found} == {((1, 2, 3), 3)}


async def test_issuer_when_it_dies_before_the_commit_then_its_number_is_taken_by_the_next(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.set(APRIL)

    async def die() -> None:
        async with commission.platform.worker_database.transaction() as uow:
            await IssueStatements(Plans())(uow)
            raise RuntimeError("died")

    with pytest.raises(RuntimeError, match="died"):
        await die()
    assert await rows(commission, "select 1 from statements union all select 1 from outbox where type like '%statement%'") == []
    assert [each["number"] for each in await issue(commission)] == [1]


async def test_statement_when_the_ledger_was_tampered_with_then_held_back_alone_and_told_until_right(
    stage: Stage, commission: Service, clock: ManualClock
) -> None:
    await take_in(commission, closed(1, 100_00), closed(2, 100_00, shares={2: "1"}))
    await rows(commission, f"update entries set amount_minor = 1 where partner_id = '{partner(1)}' returning 1")
    clock.set(APRIL)
    assert [each["partner"]["id"] for each in await issue(commission)] == [str(partner(2))]
    listed = (await stage.client(commission).get("/v1/held-back-statements")).json()["items"]
    assert [(each["partner_id"], each["reason"]) for each in listed] == [
        (str(partner(1)), "facts [1] give other entries than the ledger holds")
    ]
    assert await gauge(commission) == 1
    await rows(commission, f"update entries set amount_minor = 1500 where partner_id = '{partner(1)}' returning 1")
    clock.set(APRIL + timedelta(hours=2))
    assert len(await issue(commission)) == 2
    clock.set(APRIL + timedelta(hours=3))
    await issue(commission)
    assert (await stage.client(commission).get("/v1/held-back-statements")).json()["items"] == []
    assert await gauge(commission) == 0


async def gauge(service: Service) -> float:
    """The series that the alert watches."""
    lines = service.platform.telemetry.metrics.exposition().decode().splitlines()
    return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("hansa_commission_statements_held_back{"))


@pytest.mark.parametrize("kind", ["api", "worker", "migrator"])
@pytest.mark.parametrize(
    "change",
    ["update statements set number = number", "delete from statements", "truncate statements", "update statements set document = ''"],
)
async def test_issued_statement_when_anyone_would_change_it_then_the_database_refuses(
    commission: Service, clock: ManualClock, kind: str, change: str
) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.set(APRIL)
    before = await issue(commission)
    connection = await asyncpg.connect(getattr(commission.platform.settings, f"{kind}_url").replace("+asyncpg", ""))
    try:
        await connection.execute("select set_config('hansa.operator', 'on', false)")
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.IntegrityConstraintViolationError)):
            await connection.execute(change)
    finally:
        await connection.close()
    assert await issue(commission) == before


async def test_issue_when_done_then_told_with_hash_and_closing_balances(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.set(APRIL)
    (statement,) = await issue(commission)
    ((body,),) = await rows(commission, "select payload::text from outbox where type = 'hansa.commission.statement_issued.v1'")
    told = orjson.loads(body)
    assert (told["number"], told["hash"], told["statement_id"]) == (1, statement["hash"], statement["statement_id"])
    assert told["balances"] == [{"currency": "USD", "held_minor": 1500, "payable_minor": 0, "in_payout_minor": 0, "paid_minor": 0}]


async def test_partner_when_an_amendment_brings_it_in_after_a_refund_then_its_statement_is_right(
    commission: Service, clock: ManualClock
) -> None:
    await take_in(commission, closed(1, 90_000_00), refunded(1, 20_000_00))
    clock.set(APRIL + DAY)
    await take_in(commission, amended(1, 80_000_00, shares={1: "0.5", 2: "0.5"}), refunded(1, 10_000_00, revision=1))
    clock.set(MAY)
    (joined,) = await of(commission, 2)
    assert [[entry["reason"] for entry in line["entries"]] for line in joined["lines"]] == [
        ["deal_amended", "refunded_before_amendment"],
        ["refund"],
    ]
    assert check(joined) == []
    assert [check(each) for each in await of(commission, 1)] == [[], []]


async def test_month_when_in_another_time_zone_then_it_ends_at_midnight_there(
    stage: Stage, commission: Service, clock: ManualClock
) -> None:
    await rows(commission, "update policies set body = jsonb_set(body, '{timezone}', '\"Europe/Berlin\"') returning 1")
    fresh = await stage.build("commission", kafka=False)
    clock.set(datetime(2026, 3, 31, 21, 59, tzinfo=UTC))  # 23:59 in Berlin
    await take_in(fresh, closed(1, 100_00))
    clock.set(datetime(2026, 3, 31, 22, 0, tzinfo=UTC))
    await take_in(fresh, closed(2, 100_00))
    (march,) = await issue(fresh)
    assert (march["period"]["starts"], march["period"]["ends"]) == ("2026-02-28T23:00:00+00:00", "2026-03-31T22:00:00+00:00")
    assert [line["number"] for line in march["lines"]] == [1]
    assert check(march) == []


async def test_policy_when_it_says_quarter_then_one_statement_for_three_months(
    stage: Stage, commission: Service, clock: ManualClock
) -> None:
    rules = {"period": "quarter", "reason": "partners asked for it"}
    assert (await stage.client(commission).post("/v1/statement-rules", json=rules)).status_code == 201
    await take_in(commission, closed(1, 100_00))
    clock.set(APRIL - timedelta(microseconds=1))
    assert await issue(commission) == []
    clock.set(APRIL)
    assert [(each["period"]["from"], each["period"]["until"]) for each in await issue(commission)] == [("2026-01-01", "2026-04-01")]


async def test_partner_when_it_has_a_name_to_be_paid_under_then_its_statement_bears_it(commission: Service, clock: ManualClock) -> None:
    await rows(
        commission,
        f"""insert into payees (partner_id, name, currency, account, account_hint, details, version, changed_at, changed_by)
        values ('{partner(1)}', 'Söhne & Co', 'USD', '', '', 1, 1, now(), 'test') returning 1""",
    )
    await take_in(commission, closed(1, 100_00))
    clock.set(APRIL)
    assert [each["partner"]["name"] for each in await issue(commission)] == ["Söhne & Co"]
