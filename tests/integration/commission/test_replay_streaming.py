"""Replay in portions, in a schema of its own, beside live traffic: it finds the same ledger, or names the rows that are not."""

import asyncio
import random
from datetime import timedelta

import asyncpg
import pytest

from services.commission.store import replaying
from services.commission.store.plans import Plans
from services.commission.use_cases.release_due import ReleaseDue
from services.commission.use_cases.replay import Asked, Replay, ReplayRunning, UntilTooRecent, work_shard
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from shared.schemas.deals import DealClosed
from tests.integration.commission.facts import closed, partner, refunded, rows, take_in
from tests.integration.commission.test_replay import SHARES, _traffic

LEAD = "select count(*) from journal where lead and partner_id is not null"


def replay(service: Service, asked: Asked | None = None, *, jobs: int = 1, size: int = 37) -> Replay:
    return Replay(service.platform.settings.worker_url, asked or Asked(), jobs=jobs, size=size)


async def _busy(service: Service, clock: ManualClock, *, seed: int = 5, deals: int = 80) -> None:
    """A year and more of random lives of deals; holds end meanwhile."""
    chance = random.Random(seed)
    traffic = _traffic(chance, deals=deals)
    while traffic:
        size = chance.randint(1, 60)
        await take_in(service, *traffic[:size])
        traffic = traffic[size:]
        clock.advance(timedelta(days=chance.randint(0, 10)))
        await _released(service)


async def _released(service: Service) -> None:
    release = ReleaseDue(Plans())
    while True:
        async with service.platform.worker_database.transaction() as uow:
            if not await release(uow):
                return


@pytest.mark.parametrize("jobs", [1, 3])
async def test_replay_when_the_books_are_true_then_both_hashes_are_the_same(commission: Service, clock: ManualClock, jobs: int) -> None:
    await _busy(commission, clock)
    schemas = "select nspname from pg_namespace where nspname like 'replay%'"
    before = await rows(commission, schemas)  # one that was killed keeps its own

    found = await replay(commission, jobs=jobs).run()

    assert found.comparison.differences == []
    assert found.same
    assert found.comparison.stored_hash == found.comparison.rebuilt_hash
    assert found.facts == (await rows(commission, LEAD))[0][0]
    for kind, table in (("entry", "entries"), ("transfer", "transfers")):
        assert found.comparison.rows[kind] == (await rows(commission, f"select count(*) from {table}"))[0][0]
    assert await rows(commission, schemas) == before


async def test_state_hash_when_portions_and_processes_differ_then_it_is_the_same(commission: Service, clock: ManualClock) -> None:
    await _busy(commission, clock, deals=40)

    hashes = {(await replay(commission, jobs=jobs, size=size).run()).comparison.rebuilt_hash for jobs, size in ((1, 3), (1, 1000), (2, 11))}

    assert len(hashes) == 1


TAMPERED = {
    "entry": ("update entries set amount_minor = amount_minor + 1 ", ("amount_minor",)),
    "transfer": ("update transfers set target = 'partner:payable' where target = 'partner:held'", ("target",)),
    "balance": ("update balances set held_minor = held_minor - 5", ("amount",)),
    "position": ("update positions set revenue_minor = revenue_minor + 1", ("revenue_minor",)),
    "deal": ("update deals set sale = jsonb_set(sale, '{refunded}', '7')", ("sale",)),
}


@pytest.mark.parametrize("kind", TAMPERED)
async def test_replay_when_a_row_was_tampered_with_then_it_is_named_with_its_fields(commission: Service, kind: str) -> None:
    await take_in(commission, closed(1, 100_00))
    statement, fields = TAMPERED[kind]
    await rows(commission, statement)

    found = await replay(commission).run()

    assert not found.same
    assert found.comparison.stored_hash != found.comparison.rebuilt_hash
    assert [(each.partner_id, each.kind, each.fields) for each in found.comparison.differences] == [(partner(1), kind, fields)]


async def test_replay_when_a_row_is_missing_and_another_too_much_then_both_are_named(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00), closed(2, 200_00, shares={2: "1"}))
    await rows(commission, f"delete from entries where partner_id = '{partner(1)}'")
    await rows(
        commission,
        "insert into transfers select gen_random_uuid(), entry_id, partner_id, source, target, 1, currency, now() from transfers"
        f" where partner_id = '{partner(2)}'",
    )

    found = await replay(commission).run()

    by_kind = {each.kind: each for each in found.comparison.differences if each.kind in {"entry", "transfer"}}
    assert (by_kind["entry"].stored, by_kind["entry"].partner_id) == (None, partner(1))
    assert (by_kind["transfer"].rebuilt, by_kind["transfer"].partner_id) == (None, partner(2))


async def test_replay_when_a_fact_is_not_accepted_again_then_it_is_named(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00))
    await take_in(commission, refunded(1, 40_00))
    await rows(commission, "update journal set body = jsonb_set(body, '{amount}', '99999999') where kind = 'refunded'")

    found = await replay(commission).run()

    assert [why for _, why in found.refused] == ["refund_exceeds_sale"]
    assert not found.same


async def test_replay_when_killed_then_the_next_run_goes_on_from_the_checkpoint(commission: Service, clock: ManualClock) -> None:
    await _busy(commission, clock, deals=40)
    portions = 0

    async def killed() -> None:
        nonlocal portions
        portions += 1
        if portions == 3:
            raise KeyboardInterrupt

    url = commission.platform.settings.worker_url
    with pytest.raises(KeyboardInterrupt):
        await Replay(url, Asked(), size=11, pause=killed).run()
    found = await Replay(url, Asked(), size=11).run()

    assert 0 < found.resumed < found.facts
    assert found.same
    assert found.facts == (await rows(commission, LEAD))[0][0]


async def test_shard_when_an_orphan_works_it_too_then_it_stops_and_nothing_is_counted_twice(
    commission: Service, clock: ManualClock
) -> None:
    await _busy(commission, clock, deals=40)
    url, asked = commission.platform.settings.worker_url, Asked()

    async def overtaken() -> None:
        await work_shard(url, asked, 0, size=500)

    with pytest.raises(replaying.NotAlone):
        await Replay(url, asked, size=11, pause=overtaken).run()
    assert (await replay(commission).run()).same


async def test_replay_when_the_same_one_is_under_way_then_refused(commission: Service) -> None:
    url = commission.platform.settings.worker_url
    holder = await asyncpg.connect(plain_dsn(url))
    await holder.execute("select pg_advisory_lock(hashtextextended($1, 3))", Asked().schema)
    try:
        with pytest.raises(ReplayRunning) as refused:
            await replay(commission).run()
    finally:
        await holder.close()
    assert refused.value.code == "replay_running"


async def test_replay_when_traffic_goes_on_then_it_is_taken_in_too_and_all_is_the_same(stage: Stage, commission: Service) -> None:
    other = await stage.build("commission", kafka=False)
    events = [closed(n, 1000_00 + n, shares=SHARES[n % 4]) for n in range(400)]
    await take_in(commission, *events[:200])
    sent = iter(range(200, 400, 20))

    async def meanwhile() -> None:
        if (start := next(sent, None)) is not None:
            await asyncio.gather(take_in(commission, *events[start : start + 10]), take_in(other, *events[start + 10 : start + 20]))

    found = await Replay(commission.platform.settings.worker_url, Asked(), size=25, pause=meanwhile).run()

    assert found.same
    assert found.facts > 200


async def test_settled_when_a_writer_holds_a_lower_number_then_it_is_waited_for(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00))
    url = commission.platform.settings.worker_url
    slow, watch = await asyncpg.connect(plain_dsn(url)), await asyncpg.connect(plain_dsn(url))
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute(
        "insert into journal (partner_id, number, lead, fact_id, kind, plan_known, body, recorded_at)"
        " select null, 1000, false, 'x', 'none', 0, '{}', now()"
    )
    await take_in(commission, closed(2, 100_00, shares={2: "1"}))
    waiting = asyncio.create_task(replaying.settled(watch))
    assert not (await asyncio.wait({waiting}, timeout=0.3))[0], "a lower number may still be committed"
    await transaction.rollback()
    assert await asyncio.wait_for(waiting, 10) >= 3
    await slow.close()
    await watch.close()


async def test_replay_when_until_an_instant_then_the_ledger_of_then_and_later_tampering_is_not_seen(
    commission: Service, clock: ManualClock
) -> None:
    await _busy(commission, clock, deals=40)
    then, before = clock.now(), (await rows(commission, LEAD))[0][0]
    clock.advance(timedelta(hours=1))
    await take_in(commission, closed(900, 100_00))
    await rows(commission, "update entries set amount_minor = 1 where deal_id = (select deal_id from entries order by seq desc limit 1)")

    found = await replay(commission, Asked(until=then)).run()

    assert (found.same, found.facts, found.until) == (True, before, then)
    assert not (await replay(commission).run()).same


async def test_cut_when_clocks_differ_then_it_lies_before_what_was_posted_out_of_order(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.advance(timedelta(hours=2))
    await take_in(commission, closed(2, 100_00))
    late = clock.now()
    clock.advance(-timedelta(hours=1))
    await take_in(commission, closed(3, 100_00))

    found = await replay(commission, Asked(until=late - timedelta(minutes=1))).run()

    assert (found.same, found.facts) == (True, 1)
    assert found.until is not None
    assert found.until < late - timedelta(hours=1)


async def test_until_when_something_of_then_is_posted_meanwhile_then_refused(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00))

    async def late() -> None:
        await take_in(commission, closed(2, 100_00))

    asked = Asked(until=commission.platform.clock.now())
    with pytest.raises(UntilTooRecent) as refused:
        await Replay(commission.platform.settings.worker_url, asked, size=25, pause=late).run()
    assert refused.value.code == "until_too_recent"


async def test_replay_of_a_partner_then_those_who_share_its_deals_are_worked_and_it_alone_is_compared(commission: Service) -> None:
    await take_in(
        commission,
        closed(1, 90_000_00, shares={1: "1/2", 2: "1/2"}),
        closed(2, 90_000_00, shares={2: "0.5", 3: "0.5"}),
        closed(3, 90_000_00, shares={4: "1"}),
        closed(4, 90_000_00, shares={3: "1"}),
    )
    await rows(commission, f"update entries set amount_minor = 1 where partner_id in ('{partner(3)}', '{partner(4)}')")

    found = await replay(commission, Asked(partner=partner(1))).run()
    other = await replay(commission, Asked(partner=partner(4))).run()

    assert (found.same, found.facts, found.comparison.partners) == (True, 3, 1)
    assert (other.same, other.facts) == (False, 1)


async def test_replay_of_a_partner_when_a_deal_ties_it_to_another_meanwhile_then_that_one_is_worked_too(commission: Service) -> None:
    await take_in(commission, closed(1, 90_000_00, shares={1: "1"}), closed(2, 95_000_00, shares={2: "1"}))
    sent = iter([closed(3, 90_000_00, shares={2: "1/2", 1: "1/2"})])

    async def meanwhile() -> None:
        event: DealClosed | None = next(sent, None)
        if event is not None:
            await take_in(commission, event)

    found = await Replay(commission.platform.settings.worker_url, Asked(partner=partner(1)), size=25, pause=meanwhile).run()

    assert (found.same, found.facts) == (True, 3)


async def test_worker_role_when_it_names_a_schema_of_another_form_then_refused(commission: Service) -> None:
    for name in ("public", "replay_x; drop schema public", "Replay_x", "replay_"):
        with pytest.raises(asyncpg.RaiseError, match="not a name for a replay"):
            await _call(commission, "replay_close", name)


async def test_api_role_when_it_opens_a_replay_then_not_allowed(commission: Service) -> None:
    connection = await asyncpg.connect(plain_dsn(commission.platform.settings.api_url))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("select replay_open('replay_x')")
    finally:
        await connection.close()


async def _call(service: Service, function: str, name: str) -> None:
    connection = await asyncpg.connect(plain_dsn(service.platform.settings.worker_url))
    try:
        await connection.execute(f"select {function}($1)", name)
    finally:
        await connection.close()
