"""The ledger is a function of its journal: built anew, it is the same to the byte."""

import asyncio
import random
from datetime import timedelta

import httpx2
import pytest

from services.commission.store.snapshot import snapshot
from services.commission.use_cases.audit import audit
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from shared.schemas.base import Event
from shared.schemas.deals import Outcome
from tests.integration.commission.facts import NOW, amended, closed, partner, refunded, reopened, rows, take_in

SHARES = ({1: "1"}, {2: "1"}, {1: "1/3", 2: "1/3", 3: "1/3"}, {3: "0.25", 4: "0.75"})


def _traffic(chance: random.Random, deals: int) -> list[Event]:
    """A life for each deal: closed, perhaps amended, refunded, reopened and closed again; mixed over deals."""
    lives: list[list[Event]] = []
    for number in range(deals):
        shares = chance.choice(SHARES)
        owner, at = next(iter(shares)), NOW + timedelta(days=chance.randint(-400, 40))
        minor = chance.randint(0, 90_000_00)
        life: list[Event] = [closed(number, minor, at=at, shares=shares, outcome=chance.choice([Outcome.WON] * 5 + [Outcome.LOST]))]
        if chance.random() < 0.3:
            life.append(amended(number, chance.randint(1, 90_000_00), at=at, shares=chance.choice([s for s in SHARES if owner in s])))
        life += [refunded(number, chance.randint(1, 30_000_00), owner=owner) for _ in range(chance.randint(0, 3))]
        if chance.random() < 0.2:
            life += [reopened(number, owner=owner), closed(number, minor + 1, at=at, shares=shares, close_number=2)]
        lives.append(life)
    mixed = []
    while lives:
        life = chance.choice(lives)
        mixed.append(life.pop(0))
        lives = [each for each in lives if each]
    return mixed


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_ledger_when_rebuilt_after_random_traffic_then_the_same_to_the_byte(
    commission: Service, clock: ManualClock, seed: int
) -> None:
    chance = random.Random(seed)
    traffic = _traffic(chance, deals=120)
    while traffic:
        size = chance.randint(1, 60)
        await take_in(commission, *traffic[:size])
        traffic = traffic[size:]
        clock.advance(timedelta(days=chance.randint(0, 10)))
        await commission.worker.timers.run_due()
    async with commission.platform.worker_database.transaction() as uow:
        found = await snapshot(uow)
        audited = await audit(uow)
    assert found.replayed().lines() == found.stored.lines()
    assert audited.ok
    assert audited.counts["facts_released"] > 0
    assert audited.counts["entries_reversal"] > 0


async def test_numbers_of_a_journal_when_workers_post_at_once_then_gapless_per_partner(stage: Stage, commission: Service) -> None:
    second = await stage.build("commission", kafka=False)
    events = [closed(n, 1000_00 + n, shares=SHARES[n % 4]) for n in range(200)]
    for start in range(0, 200, 40):
        await asyncio.gather(
            take_in(commission, *events[start : start + 20]),
            take_in(second, *events[start + 20 : start + 40]),
        )
    counted = await rows(commission, "select partner_id, count(*), min(number), max(number) from journal group by 1 order by 1")
    assert all(low == 1 and high == count for who, count, low, high in counted if who)
    async with commission.platform.worker_database.transaction() as uow:
        assert (await audit(uow)).ok


async def test_audit_when_a_figure_was_tampered_with_then_it_says_so(commission: Service, operator: httpx2.AsyncClient) -> None:
    await take_in(commission, closed(1, 100_00))
    assert (await operator.get("/v1/audit")).json()["ok"] is True
    await rows(commission, "update balances set held_minor = held_minor + 1")
    answer = (await operator.get("/v1/audit")).json()
    assert answer["ok"] is False
    assert answer["imbalances"] == {"USD": 1}
    assert answer["ledger_hash"] != answer["replay_hash"]


async def test_imbalance_gauge_when_a_figure_is_off_then_no_longer_zero(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00))
    await rows(commission, f"update balances set payable_minor = 7 where partner_id = '{partner(1)}'")
    await commission.worker.timers.run_due()
    exposed = commission.platform.telemetry.metrics.exposition().decode()
    assert 'hansa_ledger_imbalance_minor{service="commission"} 7.0' in exposed
