"""Text at the limits of a registration's fields, and one letter over; names with signs that no reader sees."""

from random import Random
from typing import Any

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

LETTERS = "".join(map(chr, range(0x4E00, 0x9F00)))  # three bytes each, and nothing to compress
LIMITS = {"account_name": 300, "account_domain": 300, "country": 100, "tax_id": 100, "territory": 100, "evidence": 2_000}
LISTS = {"crm_ids": (20, 300), "families": (50, 300)}


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


def text(length: int, *, seed: int = 0) -> str:
    return "".join(Random(seed).choices(LETTERS, k=length))


def texts(number: int, length: int) -> list[str]:
    return [text(length, seed=each + 1) for each in range(number)]


def at_every_limit() -> dict[str, Any]:
    """A registration that is as long as one can be."""
    return {name: text(length) for name, length in LIMITS.items()} | {name: texts(*limits) for name, limits in LISTS.items()}


@pytest.mark.parametrize("wait", [False, True])
async def test_registration_when_every_field_is_as_long_as_it_may_be_then_taken_in_and_shown_as_given(world: World, wait: bool) -> None:
    await world.policy(waiting_list={"open": True})
    longest = at_every_limit()
    deal = await world.registered(**longest)
    assert (deal["account_name"], deal["evidence"], deal["country"]) == (longest["account_name"], longest["evidence"], longest["country"])
    assert deal["families"] == sorted(longest["families"])
    refused = await world.register(world.rival, **longest, wait=wait)
    assert (refused.status_code, refused.json()["code"]) == (409, "account_taken")
    assert len((await world.rival.get("/v1/waiting")).json()["items"]) == wait
    account = (await world.staff.get(f"/v1/accounts/{deal['account_id']}")).json()
    assert len(account["identifiers"]) == 1 + 1 + 20, "name, tax id and CRM ids: no address has so long a host"
    exported = (await world.staff.get("/v1/exports/deals?format=ndjson")).text
    assert longest["account_name"] in exported


@pytest.mark.parametrize("name", LIMITS)
async def test_registration_when_a_text_is_one_letter_over_its_limit_then_refused_by_its_name(world: World, name: str) -> None:
    taken = await world.register(**{name: text(LIMITS[name])})
    refused = await world.register(**{name: text(LIMITS[name] + 1)}, families=["MG"])
    assert taken.status_code == 201, taken.text
    assert (refused.status_code, refused.json()["code"], name in refused.text) == (422, "invalid_request", True)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("over", ["length", "number"])
async def test_registration_when_a_list_is_over_its_limit_then_refused_by_its_name(world: World, name: str, over: str) -> None:
    number, length = LISTS[name]
    longer = texts(number, length + 1) if over == "length" else texts(number + 1, length)
    refused = await world.register(**{name: longer})
    assert (refused.status_code, refused.json()["code"], name in refused.text) == (422, "invalid_request", True)
    assert await world.rows("select 1 from accounts") == []


async def test_override_when_at_its_limit_then_on_record_and_one_over_refused(world: World) -> None:
    own = {"partner_id": str(world.partner_id)}
    assert (await world.register(world.staff, **own, override=text(2_000))).status_code == 201
    refused = await world.register(world.staff, **own, override=text(2_001), families=["MG"])
    assert (refused.status_code, "override" in refused.text) == (422, True)


async def test_amount_when_at_its_limit_of_letters_then_refused_as_too_large_and_one_over_as_too_long(world: World) -> None:
    answers = [await world.register(expected_amount="9" * letters) for letters in (16, 40, 41)]
    assert [answer.status_code for answer in answers] == [201, 422, 422]
    assert answers[1].json()["code"] != answers[2].json()["code"] == "invalid_request"


async def test_draft_and_lead_when_as_long_as_they_may_be_then_each_becomes_its_deal(world: World) -> None:
    draft = (await world.partner.post("/v1/drafts", json=at_every_limit())).json()
    assert (await world.partner.post(f"/v1/drafts/{draft['id']}/submit")).status_code == 201
    told = {name: value for name, value in at_every_limit().items() if name not in ("tax_id", "evidence", "crm_ids", "families")}
    lead = {"partner_id": str(world.rival_id), "families": texts(50, 300)[:49], "summary": text(2_000), "source": text(300)}
    shared = await world.staff.post("/v1/leads", json=told | lead | {"account_name": text(300, seed=99), "territory": text(100, seed=98)})
    assert shared.status_code == 201, shared.text
    path = f"/v1/leads/{shared.json()['id']}"
    assert (await world.rival.post(f"{path}/accept")).status_code == 200
    converted = await world.rival.post(f"{path}/convert", json={"tax_id": text(100, seed=97), "crm_ids": [text(300, seed=96)]})
    assert converted.status_code == 200, converted.text


INVISIBLE = {
    "zero-width space": "Ac\u200bme Hol\u200bding",
    "zero-width joiners": "Ac\u200cme Hold\u200ding",
    "word joiner": "Acme Hold\u2060ing",
    "soft hyphen": "Acme Hol\u00adding",
    "byte order mark": "\ufeffAcme Holding",
    "right-to-left override": "\u202eAc\u202cme Holding",
    "left-to-right isolate": "\u2066Ac\u2069me Holding",
    "direction marks": "\u200eAc\u200fme Holding\u061c",
    "variation selector": "Ac\ufe0fme Holding",
    "tags": "Ac\U000e0041\U000e0042me Holding",
    "grapheme joiner": "Ac\u034fme Holding",
    "hangul filler": "Ac\u3164me Holding",
}


@pytest.mark.parametrize("name", INVISIBLE.values(), ids=INVISIBLE)
async def test_name_when_it_only_looks_the_same_to_the_eye_then_it_is_the_same_customer(world: World, name: str) -> None:
    await world.registered(account_domain=None)
    rival = await world.register(world.rival, account_name=name, account_domain=None)
    assert (rival.status_code, rival.json()["code"]) == (409, "account_taken")


@pytest.mark.parametrize("name", INVISIBLE.values(), ids=INVISIBLE)
async def test_name_when_the_first_had_signs_that_nobody_sees_then_found_without_and_never_shown_turned(world: World, name: str) -> None:
    deal = await world.registered(account_name=name, account_domain=None)
    assert deal["account_name"] == name.translate(dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
    rival = await world.register(world.rival, account_name="ACME HOLDING", account_domain=None)
    assert (rival.status_code, rival.json()["code"]) == (409, "account_taken")


@pytest.mark.parametrize("domain", ["ac\u200bme.co.uk", "\u202eacme.co.uk", "www.ac\u00adme.co.uk", "acme.co\u2060.uk"])
async def test_domain_when_it_has_signs_that_nobody_sees_then_the_same_customer_or_no_domain(world: World, domain: str) -> None:
    deal = await world.registered()
    rival = await world.register(world.rival, account_name="Somebody Else", account_domain=domain)
    account = (await world.staff.get(f"/v1/accounts/{deal['account_id']}")).json()
    if rival.status_code == 201:
        other = (await world.staff.get(f"/v1/accounts/{rival.json()['account_id']}")).json()
        assert [each for each in other["identifiers"] if each["kind"] == "domain"] == []
    else:
        assert rival.json()["code"] == "account_taken"
    assert {"kind": "domain", "value": "acme.co.uk"} in account["identifiers"]


@pytest.mark.parametrize("field", ["account_name", "evidence"])
async def test_text_when_it_holds_half_a_character_or_nul_then_refused_and_no_fault(world: World, field: str) -> None:
    for spoilt in ("\\ud800", "a\\u0000b"):
        body = f'{{"account_name": "Acme", "families": ["GTX"], "{field}": "{spoilt}"}}'
        answer = await world.partner.post("/v1/deals", content=body.encode(), headers={"content-type": "application/json"})
        assert (answer.status_code in {400, 422}, answer.json()["code"]) == (True, "invalid_request"), answer.text
