"""Customers that are probably somebody known: entered as their own, put up for staff with the reasons, and told to no partner."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

WHY = {"reason": "looked it up"}
NORD: dict[str, Any] = {"account_name": "Nordlicht Optik GmbH", "account_domain": None, "country": "DE"}


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def open_reviews(world: World, state: str = "open") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.staff.get(f"/v1/reviews?state={state}")).json()["items"]
    return found


async def doubted(world: World) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Nordlicht registered by the partner, then by the rival with a slip of the pen; the two deals and the review."""
    first = await world.registered(**NORD)
    second = await world.registered(world.rival, **NORD | {"account_name": "Nordlciht Optik", "families": ["MG"]})
    [review] = await open_reviews(world)
    return first, second, review


async def decide(world: World, review: dict[str, Any], decision: str, **more: Any) -> Any:
    return await world.staff.post(f"/v1/reviews/{review['id']}/decide", json=WHY | {"decision": decision} | more)


async def test_register_when_the_customer_is_probably_known_then_its_own_account_and_a_review_with_reasons(world: World) -> None:
    first, second, review = await doubted(world)
    assert first["account_id"] != second["account_id"]
    assert (review["reason"], review["account_id"], review["partner_id"]) == ("account_probable", second["account_id"], str(world.rival_id))
    [like] = review["likenesses"]
    assert (like["account_id"], like["name"]) == (first["account_id"], "Nordlicht Optik GmbH")
    assert like["score"] >= 80
    assert like["reasons"] == ["the names differ by a few letters"]


async def test_register_when_the_customer_is_probably_known_then_a_person_approves_it_and_reads_why(world: World) -> None:
    first, second, _ = await doubted(world)
    assert (first["state"], second["state"]) == ("open", "in_review")
    queued = (await world.staff.get(f"/v1/approvals/{second['id']}")).json()
    assert queued["reasons"] == ["The customer may be one that is known already.", "the names differ by a few letters"]
    approved = await world.staff.post(f"/v1/approvals/{second['id']}/approve", json={"note": "another company"})
    assert approved.json()["protected"]


async def test_register_when_it_is_probably_a_rivals_and_the_programme_says_so_then_a_conflict_is_opened(world: World) -> None:
    await world.policy(conflicts={"probable_duplicates": True})
    first = await world.registered(**NORD)
    await world.registered(world.rival, **NORD | {"account_name": "Nordlciht Optik", "families": ["MG"]})
    assert await world.told("conflict.opened") == []
    second = await world.registered(world.rival, **NORD | {"account_name": "Nordlciht Optik"})
    opened = await world.told("conflict.opened")
    assert sorted(event["deal_ids"][0] for event in opened) == sorted([first["id"], second["id"]])


async def test_register_when_it_is_put_up_then_the_partner_learns_nothing_of_it(world: World) -> None:
    first, second, review = await doubted(world)
    plain = await world.registered(world.rival, account_name="Unlike Anybody", account_domain=None)
    assert second.keys() == plain.keys()
    told = f"{second} {[event for _, _, event in await world.events() if event.get('partner_id') == str(world.rival_id)]}"
    for secret in (first["account_id"], first["id"], str(world.partner_id), "Nordlicht", review["id"]):
        assert secret not in told
    for path in ("/v1/reviews", "/v1/accounts"):
        assert (await world.rival.get(path)).status_code == 403
    assert (await world.rival.post(f"/v1/reviews/{review['id']}/decide", json=WHY | {"decision": "same"})).status_code == 403


async def test_likenesses_when_a_partners_session_reads_the_store_then_none_are_there(world: World) -> None:
    await doubted(world)
    connection = await asyncpg.connect(world.service.platform.settings.api_url.replace("+asyncpg", ""))
    try:
        seen = {}
        for who, partner, operator in (("rival", str(world.rival_id), "off"), ("staff", "", "on")):
            async with connection.transaction():
                await connection.execute(
                    "select set_config('hansa.partner', $1, true), set_config('hansa.operator', $2, true)", partner, operator
                )
                seen[who] = await connection.fetchval("select count(*) from account_likenesses")
    finally:
        await connection.close()
    assert seen == {"rival": 0, "staff": 1}


async def test_register_when_the_customer_is_like_nobody_then_no_review(world: World) -> None:
    await world.registered(**NORD)
    await world.registered(world.rival, **NORD | {"account_name": "Nordlicht Reisen Spanien", "families": ["MG"]})
    await world.registered(world.rival, account_name="Steinadler Werke AG", account_domain=None)
    assert await open_reviews(world) == []


async def test_decide_same_when_nothing_collides_then_merged_into_the_known_one(world: World) -> None:
    first, second, review = await doubted(world)
    answer = await decide(world, review, "same")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["decided_because"]) == ("same", "looked it up")
    assert (await world.staff.get(f"/v1/accounts/{second['account_id']}")).json()["id"] == first["account_id"]
    assert await open_reviews(world) == []
    assert len(await open_reviews(world, "same")) == 1
    assert (await decide(world, review, "different")).json()["code"] == "review_decided"
    taken = await world.register(world.partner, **NORD | {"account_name": "Nordlciht Optik", "families": ["MG"]})
    assert taken.json()["code"] == "account_taken"


async def test_decide_same_when_both_are_protected_then_the_earlier_keeps_it_if_asked(world: World) -> None:
    first = await world.registered(**NORD)
    second = await world.registered(world.rival, **NORD | {"account_name": "Nordlciht Optik"})
    [review] = await open_reviews(world)
    assert (await decide(world, review, "same")).json()["code"] == "merge_collides"
    assert [each["id"] for each in await open_reviews(world)] == [review["id"]]
    assert (await decide(world, review, "same", keep={})).status_code == 200
    deals = {deal["id"]: deal["protected"] for deal in (await world.staff.get("/v1/deals")).json()["items"]}
    assert deals == {first["id"]: True, second["id"]: False}


async def test_decide_different_when_said_then_the_pair_is_never_asked_again(world: World) -> None:
    _, second, review = await doubted(world)
    assert (await decide(world, review, "different")).json()["state"] == "different"
    await world.staff.post(f"/v1/accounts/{second['account_id']}/alias", json=WHY | {"account_name": "Nordlicht Optik AG"})
    await world.service.worker.timers.run_due()
    assert await open_reviews(world) == []


async def test_decide_same_when_several_are_shown_then_one_must_be_named(world: World) -> None:
    known = [await world.registered(**NORD), await world.registered(**NORD | {"account_name": "Nordlicht Optik AG"})]
    [earlier] = await open_reviews(world)
    await decide(world, earlier, "different")
    await world.registered(world.rival, **NORD | {"account_name": "Nordlicht Optik", "families": ["MG"]})
    [review] = await open_reviews(world)
    assert {like["account_id"] for like in review["likenesses"]} == {deal["account_id"] for deal in known}
    assert (await decide(world, review, "same")).json()["code"] == "review_needs_account"
    answer = await decide(world, review, "same", account_id=known[1]["account_id"])
    assert answer.status_code == 200, answer.text
    assert (await world.staff.get(f"/v1/accounts/{review['account_id']}")).json()["id"] == known[1]["account_id"]


async def test_decide_same_when_a_customer_names_two_accounts_then_they_become_one(world: World) -> None:
    first = await world.registered()
    second = await world.registered(account_name="Beta", account_domain="beta.com", families=["MG"])
    assert (await world.register(world.rival, account_name="Beta", families=["GTK"])).json()["code"] == "account_ambiguous"
    [review] = await open_reviews(world)
    answer = await decide(world, review, "same", account_id=first["account_id"])
    assert answer.status_code == 200, answer.text
    assert (await world.staff.get(f"/v1/accounts/{second['account_id']}")).json()["id"] == first["account_id"]
    assert (await world.registered(world.rival, account_name="Beta", families=["GTK"]))["account_id"] == first["account_id"]


async def test_register_when_the_parent_is_protected_by_a_rival_then_put_up_with_that_reason(world: World) -> None:
    parent = await world.registered(account_name="Zebra Works", account_domain=None)
    child = await world.registered(world.rival, account_name="Quagga Tools", account_domain=None, families=["MG"])
    linked = WHY | {"parent_id": parent["account_id"], "source": "commercial register"}
    assert (await world.staff.post(f"/v1/accounts/{child['account_id']}/links", json=linked)).status_code == 201
    await world.registered(world.partner, account_name="Quagga Tools", account_domain=None, families=["GTK"])
    assert await open_reviews(world) == [], "the partner itself has the parent protected"
    await world.registered(world.rival, account_name="Quagga Tools", account_domain=None)
    [review] = await open_reviews(world)
    assert (review["reason"], review["account_id"]) == ("account_linked", child["account_id"])
    assert review["likenesses"][0]["reasons"] == ["subsidiary of Zebra Works"]


async def test_sweep_when_accounts_come_from_an_import_then_put_up_once(world: World) -> None:
    told = {"source": "crm", "partner_id": str(world.partner_id), "country": "DE", "families": ["GTX"], "stage": "open"}
    rows = [
        told | {"external_id": str(number), "account_name": name, "engaged_at": datetime(2025, 1, 1, tzinfo=UTC).isoformat()}
        for number, name in enumerate(("Nordlicht Optik GmbH", "Nordlicht Optik", "Steinadler Werke"))
    ]
    await world.imported(*rows)
    assert await open_reviews(world) == []
    for _ in range(2):
        await world.service.worker.timers.run_due()
    [review] = await open_reviews(world)
    assert {review["account_name"], review["likenesses"][0]["name"]} == {"Nordlicht Optik GmbH", "Nordlicht Optik"}
    assert await world.rows("select count(*) from accounts where not swept") == [(0,)]


async def test_sweep_when_a_name_was_entered_by_the_rules_of_before_then_found_by_both_forms(world: World) -> None:
    old = UUID(int=5)
    await world.rows(
        "insert into accounts (id, name, country, created_at) values ($1, 'Zebra Works Limited', 'GB', now()) returning 1", old
    )
    await world.rows(
        "insert into account_identifiers (kind, value, account_id) values ('name', 'zebra works limited|GB', $1) returning 1", old
    )
    asked = {"account_domain": None, "country": "GB"}
    assert (await world.registered(account_name="Zebra Works, Limited", **asked))["account_id"] == str(old)
    await world.service.worker.timers.run_due()
    assert (await world.registered(account_name="ZEBRA WORKS LTD.", families=["MG"], **asked))["account_id"] == str(old)
