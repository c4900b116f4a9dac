"""Decisions of staff and timers in the books: journaled, balanced, replayed; frozen entries are not due."""

import asyncio
from datetime import timedelta
from uuid import UUID

from services.commission.domain.entries import Account, Given, Kind
from services.commission.domain.facts import Adjusted, AnyFact, Booked, Frozen, Moved, Thawed
from services.commission.store.plans import Plans
from services.commission.use_cases.audit import audit
from services.commission.use_cases.book import Standing, book, standing
from services.commission.use_cases.decide import decide
from shared.chassis.ids import derived_id
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from tests.integration.commission.facts import NOW, closed, deal, partner, refunded, rows, take_in

BALANCE = "select held_minor, payable_minor, in_payout_minor, paid_minor from balances"
DAY = timedelta(days=1)


def _decision(number: int, amount: int, *moved: Moved) -> Booked:
    adjusted = Adjusted(
        derived_id("d", number), amount, Kind.ADJUSTMENT, "goodwill", None, None, Account.PAYABLE, Given("Agreed.", (("case", "1"),))
    )
    return Booked(f"d{number}", partner(1), NOW, "goodwill", "USD", moved, (adjusted,) if amount else ())


async def _book(commission: Service, *decisions: Booked) -> None:
    async with commission.platform.worker_database.transaction() as uow:
        await book(uow, decisions, plans=Plans())


async def _decide(commission: Service, *facts: AnyFact) -> None:
    async with commission.platform.worker_database.transaction() as uow:
        await decide(uow, facts, plans=Plans())


async def _audited(commission: Service) -> bool:
    async with commission.platform.worker_database.transaction() as uow:
        return (await audit(uow)).ok


async def test_decision_when_booked_then_balances_journal_and_event_say_so(commission: Service) -> None:
    await _book(commission, _decision(1, 70_00, Moved(Account.PAYABLE, Account.IN_PAYOUT, 30_00)))
    await _book(commission, _decision(2, 0, Moved(Account.IN_PAYOUT, Account.PAID, 10_00)))
    assert await rows(commission, BALANCE) == [(0, 40_00, 20_00, 10_00)]
    assert await rows(commission, "select kind, number from journal where partner_id is not null order by seq") == [
        ("booked", 1),
        ("booked", 2),
    ]
    assert await rows(commission, "select type from outbox") == [("hansa.commission.adjusted.v1",)]
    assert await _audited(commission)


async def test_standing_when_read_then_every_account_by_partner_and_currency(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00))
    await _book(commission, _decision(1, 70_00, Moved(Account.PAYABLE, Account.IN_PAYOUT, 30_00)))
    async with commission.platform.worker_database.transaction() as uow:
        found = await standing(uow, [partner(1), partner(2)])
    assert found == {(partner(1), "USD"): Standing(15_00, 40_00, 30_00, 0)}


async def test_decisions_when_booked_at_once_then_none_is_lost(commission: Service) -> None:
    await asyncio.gather(*(_book(commission, _decision(number, 1_00)) for number in range(12)))
    assert await rows(commission, BALANCE) == [(0, 12_00, 0, 0)]
    assert await _audited(commission)


async def _about(commission: Service) -> tuple[UUID, UUID, object, int, UUID]:
    ((entry_id,),) = await rows(commission, "select id from entries where kind = 'accrual'")
    return deal(1), partner(1), NOW, 1, entry_id


async def test_entry_when_frozen_then_due_no_more_and_thawed_due_at_once_if_its_hold_is_over(
    commission: Service, clock: ManualClock
) -> None:
    await take_in(commission, closed(1, 100_00))
    await _decide(commission, Frozen("f", *await _about(commission)))  # type: ignore[arg-type]
    clock.set(NOW + 40 * DAY)
    await commission.worker.timers.run_due()
    assert await rows(commission, "select 1 from journal where kind = 'released'") == []
    await take_in(commission, refunded(1, 40_00))
    await _decide(commission, Thawed("t", *await _about(commission)))  # type: ignore[arg-type]
    assert await rows(commission, "select due_at from entries where kind = 'accrual'") == [(NOW + 40 * DAY,)]
    await commission.worker.timers.run_due()
    assert await rows(commission, BALANCE) == [(0, 9_00, 0, 0)]
    assert await _audited(commission)


async def test_entry_when_frozen_after_its_release_then_held_again(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.set(NOW + 30 * DAY)
    await commission.worker.timers.run_due()
    await _decide(commission, Frozen("f", *await _about(commission)))  # type: ignore[arg-type]
    assert await rows(commission, BALANCE) == [(15_00, 0, 0, 0)]
    assert await rows(commission, "select due_at, released_at from entries") == [(None, None)]
    clock.set(NOW + 31 * DAY)
    await _decide(commission, Thawed("t", *await _about(commission)))  # type: ignore[arg-type]
    await commission.worker.timers.run_due()
    assert await rows(commission, BALANCE) == [(0, 15_00, 0, 0)]
    assert await _audited(commission)
