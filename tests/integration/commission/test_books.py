"""Facts in, entries and balances out, on a real database."""

import httpx2

from shared.chassis.service import Service
from shared.schemas.deals import Outcome
from tests.integration.commission.facts import amended, closed, deal, partner, refunded, reopened, rows, take_in

ENTRIES = "select kind, amount_minor from entries order by seq"
BALANCES = "select partner_id, held_minor, payable_minor from balances order by held_minor"


async def test_deals_of_a_year_when_closed_in_one_batch_then_entries_follow_the_schedule(commission: Service) -> None:
    await take_in(commission, closed(1, 60_000_00), closed(2, 60_000_00), closed(3, 400_000_00))
    assert await rows(commission, ENTRIES) == [("accrual", 9_000_00), ("accrual", 10_000_00), ("accrual", 81_000_00)]
    assert await rows(commission, BALANCES) == [(partner(1), 100_000_00, 0)]


async def test_position_when_a_later_batch_comes_then_it_goes_on_from_there(commission: Service) -> None:
    for number, amount in ((1, 60_000_00), (2, 60_000_00)):
        await take_in(commission, closed(number, amount))
    await take_in(commission, refunded(1, 60_000_00))
    await take_in(commission, closed(4, 60_000_00))
    amounts = [amount for _, amount in await rows(commission, ENTRIES)]
    assert amounts == [9_000_00, 10_000_00, -9_000_00, 10_000_00]


async def test_split_deal_when_closed_then_each_share_counts_for_its_own_partner(commission: Service) -> None:
    await take_in(commission, closed(1, 200_000_00, shares={1: "0.5", 2: "0.5"}))
    assert sorted(await rows(commission, "select partner_id, held_minor from balances")) == sorted(
        [(partner(1), 15_000_00), (partner(2), 15_000_00)]
    )


async def test_refund_when_before_its_close_then_waits_and_follows_it(commission: Service) -> None:
    await take_in(commission, refunded(1, 30_00))
    assert await rows(commission, "select reason from waiting_facts") == [("deal_unknown",)]
    await take_in(commission, closed(1, 100_00))
    assert await rows(commission, ENTRIES) == [("accrual", 15_00), ("reversal", -4_50)]
    assert await rows(commission, "select 1 from waiting_facts") == []


async def test_refund_and_close_when_in_one_batch_the_wrong_way_round_then_both_are_booked(commission: Service) -> None:
    await take_in(commission, refunded(1, 30_00), closed(1, 100_00), closed(2, 100_00))
    assert [amount for _, amount in await rows(commission, ENTRIES)] == [15_00, 15_00, -4_50]


async def test_refund_when_above_the_sale_then_refused_and_nothing_moves(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00), refunded(1, 100_01))
    assert await rows(commission, "select code from refusals") == [("refund_exceeds_sale",)]
    assert await rows(commission, ENTRIES) == [("accrual", 15_00)]


async def test_second_close_when_under_another_event_id_then_refused_as_already_closed(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00), closed(1, 100_00))
    assert await rows(commission, "select code from refusals") == [("already_closed",)]


async def test_close_two_when_before_the_reopening_then_waits_for_it(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00), closed(1, 200_00, close_number=2))
    assert await rows(commission, "select reason from waiting_facts") == [("reopen_unknown",)]
    await take_in(commission, reopened(1))
    assert [amount for _, amount in await rows(commission, ENTRIES)] == [15_00, -15_00, 30_00]


async def test_amendment_when_shares_change_then_the_former_beneficiary_pays_back(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00, shares={1: "0.5", 2: "0.5"}))
    await take_in(commission, amended(1, 80_00, shares={1: "0.5", 3: "0.5"}))
    held = await rows(commission, "select partner_id, held_minor from balances")
    assert sorted(held) == sorted([(partner(1), 6_00), (partner(2), 0), (partner(3), 6_00)])


async def test_refund_when_accepted_under_terms_on_their_way_then_waits_for_them(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00), refunded(1, 150_00, revision=1))
    assert await rows(commission, "select reason from waiting_facts") == [("terms_unknown",)]
    await take_in(commission, amended(1, 200_00))
    assert await rows(commission, BALANCES) == [(partner(1), 7_50, 0)]


async def test_lost_deal_when_closed_then_journaled_without_an_entry(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00, outcome=Outcome.LOST))
    assert await rows(commission, "select kind, number from journal where partner_id is not null") == [("closed", 1)]
    assert await rows(commission, ENTRIES) == []


async def test_deal_in_another_currency_when_there_is_no_rate_then_it_waits_and_later_deals_go_on(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await take_in(commission, closed(1, 1000_00, currency="EUR"), refunded(1, 100_00, currency="EUR"), closed(3, 1000_00))
    assert await rows(commission, ENTRIES) == [("accrual", 150_00)]
    shown = (await operator.get("/v1/waiting")).json()["items"]
    assert [(item["reason"], item["partner_id"]) for item in shown] == [
        ("no_fx_rate", str(partner(1))),
        ("deal_waiting", str(partner(1))),
    ]


async def test_events_when_booked_then_told_with_their_cause(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00), refunded(1, 100_00))
    sent = await rows(commission, "select type, payload::jsonb->>'deal_id', headers::jsonb ? 'ce_causationid' from outbox order by id")
    assert sent == [("hansa.commission.accrued.v1", str(deal(1)), True), ("hansa.commission.reversed.v1", str(deal(1)), True)]


async def test_zero_entry_when_posted_then_it_has_its_reason(commission: Service) -> None:
    await take_in(commission, closed(1, 0), closed(2, 3))
    assert await rows(commission, "select amount_minor, reason from entries order by seq") == [(0, "no_revenue"), (0, "below_one_unit")]
    assert await rows(commission, "select 1 from transfers") == []
