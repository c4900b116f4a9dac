"""Accounts over HTTP: merged, split, named, linked; their ids lead on, and nobody's protection ends unasked."""

from typing import Any
from uuid import uuid4

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

WHY = {"reason": "one company"}


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def account(world: World, account_id: object) -> dict[str, Any]:
    answer = await world.staff.get(f"/v1/accounts/{account_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def change(world: World, account_id: object, verb: str, **body: Any) -> Any:
    return await world.staff.post(f"/v1/accounts/{account_id}/{verb}", json=WHY | body)


async def two_deals(world: World, **other: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Acme, registered by the partner, and Zebra, registered by the rival two days later."""
    first = await world.registered()
    second = await world.registered(world.rival, account_name="Zebra Works", account_domain="zebra.com", **other)
    return first, second


def names(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["kind"], each["value"]) for each in found["identifiers"]}


async def test_merge_when_nothing_collides_then_all_of_it_is_the_others_and_its_id_leads_there(world: World) -> None:
    first, second = await two_deals(world, families=["MG"])
    was = [await account(world, deal["account_id"]) for deal in (first, second)]
    answer = await change(world, second["account_id"], "merge", into=first["account_id"])
    assert answer.status_code == 200, answer.text

    merged = answer.json()
    assert merged["id"] == first["account_id"]
    assert merged["formerly"] == [second["account_id"]]
    assert names(merged) == names(was[0]) | names(was[1])
    assert (await account(world, second["account_id"]))["id"] == first["account_id"]
    for asked in (first, second):
        listed = (await world.staff.get(f"/v1/deals?account_id={asked['account_id']}")).json()["items"]
        assert {deal["id"] for deal in listed} == {first["id"], second["id"]}
    assert (await world.register(account_name="Zebra Works", account_domain=None, families=["MG"])).json()["code"] == "account_taken"
    [recorded] = merged["history"]
    assert (recorded["kind"], recorded["because"], recorded["details"]["deals"]) == ("merged", "one company", [second["id"]])
    topic, _, event = (await world.events())[2]
    assert (topic, event["account_id"], event["into_account_id"]) == ("account.merged", second["account_id"], first["account_id"])
    assert [item["id"] for item in (await world.staff.get("/v1/accounts")).json()["items"]] == [first["account_id"]]


async def test_merge_when_both_protect_the_same_then_refused_until_somebody_says_who_keeps_it(world: World) -> None:
    first, second = await two_deals(world)
    answer = await change(world, first["account_id"], "merge", into=second["account_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "merge_collides")

    assert (await change(world, first["account_id"], "merge", into=second["account_id"], keep={})).status_code == 200
    deals = {deal["id"]: deal for deal in (await world.staff.get("/v1/deals")).json()["items"]}
    assert (deals[first["id"]]["protected"], deals[second["id"]]["protected"]) == (True, False)
    assert deals[second["id"]]["state"] == "open"
    [expired] = [event for topic, _, event in await world.events() if topic == "deal.expired"]
    assert (expired["deal_id"], expired["partner_id"], expired["because"]) == (second["id"], str(world.rival_id), "merged")
    assert (await world.register(world.rival, account_name="Zebra Works", account_domain=None)).json()["code"] == "account_taken"
    assert (await world.step(second, "close", by=world.rival, outcome="won", amount="1")).json()["code"] == "credit_held_by_rival"
    assert await world.rows("select count(*) from protection_slots") == [(1,)]


async def test_merge_when_the_later_registration_is_in_review_then_rejected_in_plain_words_and_out_of_the_queue(world: World) -> None:
    first = await world.registered()
    await world.policy(approval={"mode": "manual"})
    second = await world.registered(world.rival, account_name="Zebra Works", account_domain="zebra.com")
    assert (await change(world, first["account_id"], "merge", into=second["account_id"], keep={})).status_code == 200

    assert await world.told("deal.expired") == []
    [rejected] = await world.told("deal.rejected")
    assert (rejected["deal_id"], rejected["partner_id"]) == (second["id"], str(world.rival_id))
    assert rejected["reason"].startswith("Your customer turned out to be one that is on record under another name")
    assert not any(secret in str(rejected) for secret in (str(world.partner_id), "Acme", first["id"]))
    assert (await world.rival.get(f"/v1/deals/{second['id']}")).json()["state"] == "rejected"
    assert (await world.partner.get(f"/v1/deals/{first['id']}")).json()["protected"]
    assert (await world.staff.get("/v1/approvals", params={"state": "in_review"})).json()["items"] == []
    record = (await world.staff.get(f"/v1/approvals/{second['id']}")).json()
    assert (record["state"], record["steps"][-1]["step"]) == ("rejected", "rejected")
    assert WHY["reason"] in record["steps"][-1]["text"]
    assert await world.rows("select open_deals from registration_quotas where partner_id = $1", world.rival_id) == [(0,)]
    assert (await world.staff.post(f"/v1/approvals/{second['id']}/reject", json={"reason": "x"})).json()["code"] == "deal_not_in_review"


async def test_merge_when_the_one_in_review_came_first_then_the_other_yields_and_the_review_goes_on(world: World) -> None:
    await world.policy(approval={"mode": "manual"})
    first = await world.registered()
    await world.policy(approval={"mode": "automatic"})
    second = await world.registered(world.rival, account_name="Zebra Works", account_domain="zebra.com")
    assert (await change(world, first["account_id"], "merge", into=second["account_id"], keep={})).status_code == 200

    [expired] = await world.told("deal.expired")
    assert (expired["deal_id"], expired["because"]) == (second["id"], "merged")
    assert (await world.staff.post(f"/v1/approvals/{first['id']}/approve", json={})).json()["protected"]


async def test_merge_when_a_deal_is_named_then_it_keeps_its_protection(world: World) -> None:
    first, second = await two_deals(world)
    answer = await change(world, second["account_id"], "merge", into=first["account_id"], keep={"deal_ids": [second["id"]]})
    assert answer.status_code == 200, answer.text
    deals = {deal["id"]: deal["protected"] for deal in (await world.staff.get("/v1/deals")).json()["items"]}
    assert deals == {first["id"]: False, second["id"]: True}


async def test_merge_when_done_in_a_chain_then_every_id_leads_to_the_last(world: World) -> None:
    made = [await world.registered(account_name=f"{name} Ltd", account_domain=None, families=[name]) for name in ("Ant", "Bee", "Cow")]
    ids = [deal["account_id"] for deal in made]
    for gone, into in ((0, 1), (1, 2)):
        assert (await change(world, ids[gone], "merge", into=ids[into])).status_code == 200
    for each in ids:
        assert (await account(world, each))["id"] == ids[2]
    assert set((await account(world, ids[0]))["formerly"]) == {ids[0], ids[1]}
    answer = await change(world, ids[0], "merge", into=ids[2])
    assert answer.json()["code"] == "account_merged"
    again = await change(world, ids[0], "alias", crm_ids=["sf:1"])
    assert (again.json()["code"], ids[2] in again.json()["detail"]) == ("account_merged", True)


async def test_split_when_a_merged_account_is_revived_then_all_is_as_it_was(world: World) -> None:
    first, second = await two_deals(world, families=["MG"])
    before = [await account(world, deal["account_id"]) for deal in (first, second)]
    slots = await world.rows("select deal_id, account_id, family, path, during from protection_slots order by deal_id")
    await change(world, second["account_id"], "merge", into=first["account_id"])
    named = before[1]["identifiers"]
    answer = await change(world, first["account_id"], "split", identifiers=named, deal_ids=[second["id"]], revive=second["account_id"])
    assert answer.status_code == 201, answer.text

    after = [await account(world, deal["account_id"]) for deal in (first, second)]
    assert [each["id"] for each in after] == [first["account_id"], second["account_id"]]
    assert [names(each) for each in after] == [names(each) for each in before]
    assert await world.rows("select deal_id, account_id, family, path, during from protection_slots order by deal_id") == slots
    assert (await world.events())[-1][2]["new_account_id"] == second["account_id"]
    assert (await world.register(account_name="Zebra Works", account_domain=None)).status_code == 201


async def test_split_when_to_a_new_account_then_its_names_and_deals_are_there(world: World) -> None:
    first = await world.registered()
    second = await world.registered(families=["MG"], account_name="Acme Tools")  # by its domain the same account
    assert first["account_id"] == second["account_id"]
    named = [{"kind": "name", "value": "acme tools|DE"}]
    answer = await change(world, first["account_id"], "split", identifiers=named, deal_ids=[second["id"]], account_name="Acme Tools")
    made = answer.json()
    assert (answer.status_code, made["name"], names(made)) == (201, "Acme Tools", {("name", "acme tools|DE")})
    assert (await world.staff.get(f"/v1/deals/{second['id']}")).json()["account_id"] == made["id"]
    free = await world.register(world.rival, account_name="Acme Tools", account_domain=None)
    assert free.status_code == 201
    await world.service.worker.timers.run_due()
    asked = "select 1 from account_reviews r join account_likenesses l on l.review_id = r.id where $1 in (r.account_id, l.account_id)"
    assert await world.rows(asked, made["id"]) == [], "told apart: nobody is asked again"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"identifiers": [{"kind": "domain", "value": "other.com"}]}, "identifier_elsewhere"),
        ({"identifiers": [{"kind": "domain", "value": "acme.co.uk"}, {"kind": "name", "value": "acme holding|DE"}]}, "split_empty"),
        ({"identifiers": [{"kind": "domain", "value": "acme.co.uk"}], "deal_ids": [str(uuid4())]}, "deal_elsewhere"),
        ({"identifiers": [{"kind": "domain", "value": "acme.co.uk"}], "link_ids": [str(uuid4())]}, "link_elsewhere"),
    ],
)
async def test_split_when_it_names_what_is_not_there_then_refused_and_nothing_moves(world: World, body: dict[str, Any], code: str) -> None:
    deal = await world.registered()
    before = await account(world, deal["account_id"])
    assert (await change(world, deal["account_id"], "split", **body)).json()["code"] == code
    assert await account(world, deal["account_id"]) == before


async def test_split_when_reviving_what_was_not_merged_here_then_refused(world: World) -> None:
    first, second = await two_deals(world)
    named = [{"kind": "domain", "value": "acme.co.uk"}]
    answer = await change(world, first["account_id"], "split", identifiers=named, revive=second["account_id"])
    assert answer.json()["code"] == "account_not_merged_here"


async def test_alias_when_given_then_it_names_the_account_and_what_is_anothers_is_refused(world: World) -> None:
    first, second = await two_deals(world)
    answer = await change(world, first["account_id"], "alias", account_domain="https://acme.com", tax_id="DE 123", account_name="Acme AG")
    assert answer.status_code == 200, answer.text
    assert names(answer.json()) >= {("domain", "acme.com"), ("tax", "DE123"), ("name", "acme ag|DE")}
    assert (await world.register(world.rival, account_name="Unheard Of", account_domain="acme.com")).json()["code"] == "account_taken"
    taken = await change(world, first["account_id"], "alias", account_domain="zebra.com")
    assert (taken.json()["code"], second["account_id"] in taken.json()["detail"]) == ("identifier_taken", True)
    for nothing in ({}, {"account_domain": "gmail.com"}, {"tax_id": "DE123"}):
        assert (await change(world, first["account_id"], "alias", **nothing)).json()["code"] == "identifier_nothing_new"


async def test_link_when_it_would_close_a_ring_then_refused(world: World) -> None:
    first, second = await two_deals(world)
    linked = await change(world, first["account_id"], "links", parent_id=second["account_id"], source="register")
    assert linked.status_code == 201, linked.text
    ring = await change(world, second["account_id"], "links", parent_id=first["account_id"], source="register")
    assert ring.json()["code"] == "link_cycle"
    own = await change(world, first["account_id"], "links", parent_id=first["account_id"], source="register")
    assert own.json()["code"] == "account_same"
    ended = await change(world, first["account_id"], f"links/{linked.json()['id']}/end")
    assert ended.json()["links"][0]["valid_until"] is not None
    assert (await change(world, first["account_id"], f"links/{linked.json()['id']}/end")).json()["code"] == "link_elsewhere"
    assert (await change(world, second["account_id"], "links", parent_id=first["account_id"], source="register")).status_code == 201


async def test_merge_when_a_third_company_stands_between_the_two_then_refused_until_the_wrong_link_ends(world: World) -> None:
    top, bottom = await two_deals(world)
    middle = await world.registered(world.rival, account_name="Middle Works", account_domain="middle.com")
    below = await change(world, middle["account_id"], "links", parent_id=top["account_id"], source="register")
    await change(world, bottom["account_id"], "links", parent_id=middle["account_id"], source="register")
    refused = await change(world, bottom["account_id"], "merge", into=top["account_id"], keep={})
    assert (refused.status_code, refused.json()["code"]) == (409, "merge_closes_ring")
    assert (await account(world, bottom["account_id"]))["id"] == bottom["account_id"]
    await change(world, middle["account_id"], f"links/{below.json()['id']}/end")
    merged = await change(world, bottom["account_id"], "merge", into=top["account_id"], keep={})
    assert merged.status_code == 200, merged.text
    assert {(link["parent_id"], link["valid_until"]) for link in merged.json()["links"]} >= {(middle["account_id"], None)}


async def test_merge_when_one_belongs_to_the_other_then_that_link_is_gone_and_no_ring_is_left(world: World) -> None:
    parent, child = await two_deals(world)
    await change(world, child["account_id"], "links", parent_id=parent["account_id"], source="register")
    merged = await change(world, child["account_id"], "merge", into=parent["account_id"], keep={})
    assert (merged.status_code, merged.json()["links"]) == (200, [])


async def test_accounts_when_a_partner_asks_then_out_of_scope_and_unknown_ones_are_not_found(world: World) -> None:
    deal = await world.registered()
    for answer in (
        await world.partner.get("/v1/accounts"),
        await world.partner.get(f"/v1/accounts/{deal['account_id']}"),
        await world.partner.post(f"/v1/accounts/{deal['account_id']}/merge", json=WHY | {"into": str(uuid4())}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    for verb, body in (("merge", {"into": str(uuid4())}), ("alias", {"crm_ids": ["x"]})):
        assert (await change(world, uuid4(), verb, **body)).status_code == 404
