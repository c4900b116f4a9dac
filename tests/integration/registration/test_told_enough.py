"""Facts say what a reader could not work out: what a reopened deal has again, who stands in line, what went along with an account."""

from datetime import timedelta
from typing import Any

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.court import CLAUSE, Court
from tests.integration.registration.test_coselling import Cosell
from tests.integration.registration.test_reviews import MANUAL
from tests.integration.registration.world import World

DAY = timedelta(days=1)
LIST = {"waiting_list": {"open": True, "offer_hours": 48}}


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def _told(world: World, topic: str) -> list[tuple[int, dict[str, Any]]]:
    return [(sequence, body) for each, sequence, body in await world.events() if each == topic]


async def test_reopened_when_nobody_came_then_the_rest_of_its_window_is_told(world: World) -> None:
    deal = await world.registered()
    await world.done(deal, "close", by=world.partner, outcome="lost")
    world.stage.clock.advance(DAY)
    shown = await world.done(deal, "reopen", by=world.partner, reason="they called")
    [(_, told)] = await _told(world, "deal.reopened")
    names = ("protected", "protected_from", "protected_until")
    assert [told[name] for name in names] == [shown[name] for name in names]
    assert shown["protected"]


async def test_reopened_when_a_rival_came_then_that_it_is_not_protected_is_told(world: World) -> None:
    deal = await world.registered()
    await world.done(deal, "close", by=world.partner, outcome="lost")
    world.stage.clock.advance(DAY)
    await world.registered(world.rival)
    await world.done(deal, "reopen", by=world.partner, reason="they called")
    assert [told["protected"] for _, told in await _told(world, "deal.reopened")] == [False]


async def test_reopened_when_a_sales_system_says_so_then_its_window_is_told_too(world: World) -> None:
    now = world.stage.clock.now()
    row = {"source": "crm", "external_id": "O1", "partner_id": str(world.partner_id), "account_name": "Acme", "country": "DE"}
    row |= {"families": ["GTX"], "engaged_at": now.isoformat()}
    await world.imported(row | {"stage": "lost", "closed_at": now.isoformat()})
    await world.imported(row | {"stage": "open"})
    [(_, told)] = await _told(world, "deal.reopened")
    assert told["protected"]
    assert told["protected_until"] > told["protected_from"]


async def test_refused_when_it_waits_then_its_place_is_told(world: World) -> None:
    await world.policy(**LIST)
    await world.registered()
    for wait in (False, True, True):
        await world.register(world.rival, wait=wait)
    [place] = (await world.rival.get("/v1/waiting")).json()["items"]
    refusals = [told for _, told in await _told(world, "deal.duplicate_refused")]
    assert [told.get("waiting_id") for told in refusals] == [None, place["id"], place["id"]]
    assert [told["refusal_id"] == place["id"] for told in refusals] == [False, True, False], "it is the second that became the place"


async def test_review_when_late_again_after_an_answer_then_its_sequence_goes_on(world: World) -> None:
    """Else who keeps the highest takes what is told of the second round for older than the first."""
    await world.policy(**MANUAL)
    deal = await world.registered()
    await world.due(after=10 * DAY)
    await world.staff.post(f"/v1/approvals/{deal['id']}/return", json={"asked": "Which products?"})
    await world.done(deal, "resubmit", by=world.partner, answer="These.")
    await world.due(after=10 * DAY)
    sequences = [sequence for sequence, _ in await _told(world, "review.late")]
    assert len(sequences) == 2
    assert sequences == sorted(set(sequences))


async def test_agreement_when_both_its_versions_end_with_the_deal_then_a_party_is_told_under_two_sequences(stage: Stage) -> None:
    world = await Cosell.open(stage)
    assert isinstance(world, Cosell)
    deal = await world.registered()
    await world.signed(deal, "0.5", "0.5")
    await world.propose(deal, "0.4", "0.6")
    await world.done(deal, "close", outcome="lost")
    mine = [
        (sequence, told["number"]) for sequence, told in await _told(world, "cosell.ended") if told["partner_id"] == str(world.rival_id)
    ]
    assert [number for _, number in mine] == [2, 1]
    assert mine[0][0] < mine[1][0]


async def test_accounts_when_merged_and_revived_then_the_order_and_what_went_along_are_told(world: World) -> None:
    """A deal that stays behind is not led away by the older merge, and a revived account leads nowhere."""
    stays = await world.registered(account_name="Zebra Works", account_domain="zebra.com")
    goes = await world.registered(families=["MG"])
    one, other = goes["account_id"], stays["account_id"]
    merged = {"into": other, "reason": "one company"}
    await _post(world, one, "merge", merged)
    await _post(
        world, other, "split", {"identifiers": [{"kind": "domain", "value": "acme.co.uk"}], "revive": one, "reason": "two after all"}
    )
    await _post(world, one, "merge", merged)
    (first, went), (second, nothing) = await _told(world, "account.merged")
    [(_, split)] = await _told(world, "account.split")
    assert (went["deal_ids"], nothing["deal_ids"], split["deal_ids"]) == ([goes["id"]], [], [])
    assert first < split["new_account_version"] < second


async def _post(world: World, account: str, verb: str, body: dict[str, Any]) -> None:
    answer = await world.staff.post(f"/v1/accounts/{account}/{verb}", json=body)
    assert answer.is_success, answer.text


# A request for an extension ends with the exclusivity that it would prolong


async def _requests(world: World) -> list[str]:
    return [each["state"] for each in (await world.partner.get("/v1/extensions")).json()["items"]]


async def test_request_when_a_decision_ends_the_protection_then_nothing_is_left_to_decide(stage: Stage) -> None:
    """Declined later, it would be told that protection ends at an instant at which there was none."""
    court = await Court.open(stage)
    deal = await court.world.registered()
    await court.world.done(deal, "request-extension", by=court.world.partner)
    opened = (await court.world.staff.post("/v1/conflicts", json={"deal_ids": [deal["id"]], "text": "Squatting."})).json()
    await court.to_decision(opened)
    await court.do(opened, "decide", outcome="end_protection", deal_id=deal["id"], **CLAUSE)
    assert await _requests(court.world) == ["lapsed"]
    refused = await court.world.step(deal, "decline-extension", reason="no need")
    assert (refused.status_code, await court.told("deal.extension_declined")) == (409, [])


async def test_request_when_its_deal_yields_in_a_merge_then_nothing_is_left_to_decide(world: World) -> None:
    first = await world.registered(world.rival, account_name="Zebra Works", account_domain="zebra.com")
    world.stage.clock.advance(DAY)
    deal = await world.registered()
    await world.done(deal, "request-extension", by=world.partner)
    await _post(world, deal["account_id"], "merge", {"into": first["account_id"], "reason": "one company", "keep": {}})
    assert [told["because"] for _, told in await _told(world, "deal.expired")] == ["merged"]
    assert await _requests(world) == ["lapsed"]


async def test_request_when_a_set_closes_and_reopens_its_deal_then_what_it_kept_is_over(world: World) -> None:
    row = {"source": "crm", "external_id": "O1", "partner_id": str(world.partner_id), "account_name": "Acme", "country": "DE"}
    now = world.stage.clock.now()
    row |= {"families": ["GTX"], "engaged_at": now.isoformat()}
    [taken] = await world.imported(row | {"stage": "open", "source_version": 1})
    world.stage.clock.advance(29 * DAY)
    await world.done({"id": taken["deal_id"]}, "request-extension", by=world.partner)
    lost = row | {"stage": "lost", "closed_at": world.stage.clock.now().isoformat(), "source_version": 2}
    await world.imported(lost, row | {"stage": "open", "source_version": 3})
    assert await _requests(world) == ["lapsed"]
    shown = (await world.partner.get(f"/v1/deals/{taken['deal_id']}")).json()
    assert shown["protected_until"] == (now + 30 * DAY).isoformat().replace("+00:00", "Z")
