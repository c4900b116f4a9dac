"""The error queue: every refusal is there with a suggestion, and goes once it is corrected or its opportunity came through."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.registration.domain.intake.fixes import FIXES
from services.registration.domain.values import Standing
from shared.chassis.testing.records import Told, records
from shared.chassis.testing.stage import Stage
from shared.schemas.crm import OpportunityChanged
from tests.integration.registration.intake_world import DAY, START, news, put, queue, row, rule, topics, won
from tests.integration.registration.world import World


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def _settle(world: World, error: dict[str, Any], verb: str, body: dict[str, Any] | None = None) -> Any:
    answer = await world.staff.post(f"/v1/intake/{error['source']}/errors/{error['id']}/{verb}", json=body or {})
    return answer.json()


async def test_row_when_refused_again_then_one_error_that_counts(world: World) -> None:
    for amount in ("a", "b", "c"):
        await world.imported(won(world, amount=amount))
    [error] = await queue(world)
    assert (error["count"], error["row"]["amount"], error["line"], error["way"]) == (3, "c", 1, "bulk")
    assert error["fix"] == FIXES["amount_invalid"]


async def test_error_when_the_opportunity_comes_through_later_then_superseded_by_itself(world: World) -> None:
    await world.imported(won(world, amount="a"))
    await world.imported(won(world))
    [error] = await queue(world, state="superseded")
    assert (await queue(world), error["decided_by"], error["decided_at"] is not None) == ([], None, True)


@pytest.mark.parametrize("dated", [{"source_version": 5}, {"occurred_at": START + 20 * DAY}])
async def test_error_when_only_an_older_state_comes_through_then_it_stays_open(world: World, dated: dict[str, Any]) -> None:
    older = {"source_version": 4} if "source_version" in dated else {"occurred_at": START + 19 * DAY}
    await news(world, won(world, amount="a", **dated), row(world, **older))
    assert [error["code"] for error in await queue(world)] == ["amount_invalid"]


async def test_refused_state_when_a_newer_one_is_known_then_it_is_no_error(world: World) -> None:
    await news(world, row(world, source_version=5))
    answer = await put(world, won(world, amount="a", source_version=4))
    assert (answer.status_code, "location" in answer.headers, await queue(world)) == (422, False, [])


async def test_batch_when_an_undated_opportunity_is_refused_after_it_was_taken_then_the_refusal_stands(world: World) -> None:
    await world.imported(row(world), won(world, amount="a"))
    assert len(await queue(world)) == 1
    await world.imported(won(world, amount="a"), row(world))
    assert await queue(world) == []


async def test_correction_when_right_then_taken_in_at_once(world: World) -> None:
    await world.imported(won(world, amount="a", country="DE"))
    [error] = await queue(world)
    done = await _settle(world, error, "correct", {"amount": "700.00", "country": None})
    assert (done["result"]["result"], done["error"]["state"], done["error"]["decided_by"]) == (
        "won",
        "corrected",
        done["error"]["decided_by"],
    )
    assert await world.rows("select amount_minor, country from deals") == [(70000, None)]
    assert (await _settle(world, error, "correct", {}))["code"] == "error_settled"


async def test_correction_when_still_wrong_then_open_with_the_new_reason(world: World) -> None:
    await world.imported(won(world, amount="a"))
    [error] = await queue(world)
    again = await _settle(world, error, "correct", {"amount": "-1"})
    assert (again["result"]["code"], again["error"]["state"], again["error"]["id"]) == ("amount_negative", "open", error["id"])
    assert [(one["code"], one["row"]["amount"], one["count"]) for one in await queue(world)] == [("amount_negative", "-1", 2)]


async def test_row_when_it_cannot_be_read_then_listed_by_line_and_corrected_as_a_whole(world: World) -> None:
    await world.imported(row(world))
    answer = await world.staff.post("/v1/imports", content=b'{"source": "crm", \n{"external_id": 7}')
    assert answer.content.count(b"row_invalid") == 2
    first, second = await queue(world, "-")
    assert [(error["line"], error["row"]) for error in (first, second)] == [(1, None), (2, {"external_id": 7})]
    assert (await _settle(world, first, "correct", {"stage": "open"}))["code"] == "patch_invalid"
    done = await _settle(world, first, "correct", row(world, 2))
    assert (done["result"]["result"], done["error"]["state"]) == ("registered", "corrected")
    moved = await _settle(world, second, "correct", row(world, 3, stage="won"))
    assert (moved["result"]["code"], moved["error"]["state"]) == ("closed_at_missing", "superseded")
    assert [error["external_id"] for error in await queue(world)] == ["O3"]


async def test_correction_when_it_moves_the_row_to_another_source_then_refused(world: World) -> None:
    await world.imported(won(world, amount="a"))
    [error] = await queue(world)
    assert (await _settle(world, error, "correct", {"source": "other"}))["code"] == "patch_invalid"


async def test_error_when_dropped_then_closed_with_its_reason_and_the_next_refusal_is_a_new_one(world: World) -> None:
    await world.imported(won(world, amount="a"))
    [error] = await queue(world)
    dropped = await _settle(world, error, "drop", {"reason": "a test of the sales team"})
    assert (dropped["state"], dropped["reason"]) == ("dropped", "a test of the sales team")
    await world.imported(won(world, amount="a"))
    [new] = await queue(world)
    assert (new["id"] != error["id"], new["count"]) == (True, 1)


async def test_error_when_two_correct_it_at_once_then_one_counts(world: World) -> None:
    await world.imported(won(world, amount="a"))
    [error] = await queue(world)
    answers = await asyncio.gather(*(_settle(world, error, "correct", {"amount": f"{n}.00"}) for n in (1, 2, 3)))
    assert sorted(answer.get("code", "taken in") for answer in answers) == ["error_settled", "error_settled", "taken in"]
    assert await topics(world) == ["deal.registered", "deal.closed"]


async def test_errors_when_corrected_while_their_opportunities_come_again_then_nobody_waits_for_good(world: World) -> None:
    rows = [won(world, number, amount="a") for number in range(6)]
    await world.imported(*rows)
    errors = await queue(world)
    again = [world.imported(*(row | {"amount": "9.00"} for row in rows)) for _ in range(2)]
    await asyncio.gather(*again, *(_settle(world, error, "correct", {"amount": "9.00"}) for error in errors))
    assert (await queue(world), (await topics(world)).count("deal.closed")) == ([], 6)


async def test_queue_when_filtered_and_paged_then_each_error_once(world: World) -> None:
    await world.imported(*(won(world, number, amount="a" if number % 2 else "-1") for number in range(7)))
    assert len(await queue(world, code="amount_negative")) == 4
    page = (await world.staff.get("/v1/intake/crm/errors", params={"limit": 5})).json()
    rest = (await world.staff.get("/v1/intake/crm/errors", params={"limit": 5, "next": page["next"]})).json()
    assert sorted(error["external_id"] for error in page["items"] + rest["items"]) == [f"O{number}" for number in range(7)]
    assert (await world.staff.get(f"/v1/intake/other/errors/{page['items'][0]['id']}")).json()["code"] == "not_found"


async def test_table_when_downloaded_corrected_and_sent_back_then_its_rows_are_taken_in(world: World) -> None:
    lines = [{"product": '=HYPERLINK("x")', "family": "GTX", "amount": "5.00"}]
    await world.imported(won(world, 1, amount="a"), won(world, 2, amount="-1"), won(world, 3, amount="a", account_name="=1+1", lines=lines))
    table = (await world.staff.get("/v1/intake/crm/errors/table")).text
    assert (table.count("\r\n"), "'=1+1" in table, "'-1" in table) == (4, True, True)
    corrected = table.replace(",a,", ",5.00,")
    answer = await world.staff.post("/v1/intake/crm/errors/correct", content=corrected.encode(), headers={"content-type": "text/csv"})
    results = [orjson.loads(line) for line in answer.content.splitlines()]
    assert [(one["result"], one["state"], one["code"]) for one in results] == [
        ("won", "corrected", None),
        ("refused", "open", "amount_negative"),
        ("won", "corrected", None),
    ]
    assert await world.rows("select account_name from deals where external_id = 'O3'") == [("=1+1",)]


async def test_corrections_when_sent_as_lines_then_each_is_decided_by_itself(world: World) -> None:
    await world.imported(won(world, 1, amount="a"), won(world, 2, amount="a"))
    first, second = await queue(world)
    lines = [
        {"error_id": first["id"], "patch": {"amount": "5"}},
        {"error_id": str(uuid4()), "patch": {}},
        {"error_id": first["id"], "patch": {}},
        {"error_id": second["id"], "patch": {"stage": "open"}},
        {"patch": {}},
    ]
    answer = await world.staff.post("/v1/intake/crm/errors/correct", content=b"\n".join(map(orjson.dumps, lines)))
    results = [orjson.loads(line) for line in answer.content.splitlines()]
    assert [one["code"] or one["result"] for one in results] == ["won", "not_found", "error_settled", "registered", "row_invalid"]
    downloaded = await world.staff.get("/v1/intake/crm/errors/table", params={"format": "ndjson"})
    assert downloaded.content == b""


@pytest.mark.parametrize("body", [b"\xff", b'error_id\n"x', b"error_id,amount\n1,2,3\n"])
async def test_table_when_it_is_none_then_refused_whole(world: World, body: bytes) -> None:
    answer = await world.staff.post("/v1/intake/crm/errors/correct", content=body, headers={"content-type": "text/csv"})
    assert answer.status_code in {200, 422}
    assert "row_invalid" in answer.text or "invalid_request" in answer.text


async def test_caller_when_a_partner_then_the_queue_is_out_of_scope(world: World) -> None:
    assert (await world.partner.get("/v1/intake/crm/errors")).json()["code"] == "scope_missing"


_LINE = {"product": "P", "family": "GTX", "amount": "1054.00", "quantity": 1}
WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "a quantity of none": ("lines_invalid", {"lines": [_LINE | {"quantity": 0}]}),
    "a quantity beyond every number": ("lines_invalid", {"lines": [_LINE | {"quantity": 2**63}]}),
    "lines beside another amount": ("lines_invalid", {"lines": [_LINE | {"amount": "1000.00"}]}),
    "shares below one": ("splits_not_one", {"credits": ["1/2", "1/3"]}),
    "shares above one": ("splits_not_one", {"credits": ["0.7", "0.7"]}),
    "a share of nothing": ("splits_not_one", {"credits": ["1", "0"]}),
    "a share that is no number": ("splits_not_one", {"credits": ["1/0"]}),
    "a family without a name": ("families_missing", {"families": [" "]}),
}


async def _send(world: World, way: str, told: dict[str, Any]) -> None:
    if way == "bulk":
        await world.imported(told)
    elif way == "put":
        assert (await put(world, told)).status_code == 422
    else:
        event = OpportunityChanged.model_validate(told | {"occurred_at": START, "recorded_at": START})
        await world.service.worker.processor.process(records([Told(event)]))


@pytest.mark.parametrize("way", ["put", "bulk", "kafka"])
@pytest.mark.parametrize("fault", WRONG)
async def test_terms_when_wrong_then_refused_whichever_way_they_come(world: World, way: str, fault: str) -> None:
    code, changed = WRONG[fault]
    who = [str(world.partner_id), str(world.rival_id)]
    shares = [{"partner_id": partner, "share": share} for partner, share in zip(who, changed.get("credits", ()), strict=False)]
    await _send(world, way, won(world) | changed | ({"credits": shares} if shares else {}))
    [error] = await queue(world)
    assert (error["code"], error["way"], error["fix"]) == (code, way, FIXES[code])
    assert await world.rows("select count(*) from deals") == [(0,)]
    assert (await _settle(world, error, "correct", won(world) | {"lines": None, "credits": None}))["result"]["result"] == "won"


async def _reach(world: World) -> None:
    """Do what makes the intake refuse for every reason that it has."""
    stranger = uuid4()
    await world.heard(stranger, Standing.SUSPENDED)
    two = [{"partner_id": str(world.partner_id), "share": share} for share in ("1/2", "1/2")]
    line = {"product": "P", "family": "GTX", "amount": "5.00", "quantity": 1}
    wrong = [
        {"stage": "maybe"},
        {"partner_id": str(uuid4())},
        {"account_name": "..."},
        {"families": [" "]},
        {"engaged_at": "2099-01-01T00:00:00Z"},
        {"stage": "won", "amount": "1"},
        {"closed_at": START - DAY},
        {"closed_at": "2099-01-01T00:00:00Z"},
        {"amount": None},
        {"amount": "x"},
        {"amount": "1.001"},
        {"amount": "-1"},
        {"currency": "XXX"},
        {"amount": None, "lines": [line | {"quantity": 0}]},
        {"credits": two[:1]},
        {"credits": two},
        {"origin": "hansa:nothing"},
    ]
    for number, changed in enumerate(wrong, start=100):
        base = row(world, number) if {"stage", "families", "account_name"} & changed.keys() else won(world, number)
        told = base | {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in changed.items()}
        await world.imported({key: value for key, value in told.items() if value is not None})
    await _reach_deals(world, stranger)


async def _reach_deals(world: World, stranger: Any) -> None:
    """The reasons that need a deal which is there already."""
    await world.imported(row(world, 1, source_version=1))
    await world.imported(won(world, 1, source_version=1), row(world, 2, account_name="Acme 1", tax_id="T1"), row(world, 3, tax_id="T2"))
    await world.imported(row(world, 4, account_name="Acme 3", tax_id="T1"), row(world, 5, partner_id=str(world.partner_id)))
    await world.imported(row(world, 5, partner_id=str(world.rival_id)))
    await world.imported(row(world, 6, partner_id=str(stranger)), row(world, 7, account_name="Acme 5"), exclusivity="enforce")
    [deal] = await world.imported(row(world, 8))
    await world.done({"id": deal["deal_id"]}, "withdraw", reason="x")
    await world.imported(won(world, 8))
    [deal] = await world.imported(won(world, 9))
    await world.done({"id": deal["deal_id"]}, "refund", amount="1000.00")
    await world.imported(won(world, 9, amount="5.00"))
    for number, policy in ((10, "never"), (11, "review"), (12, "unless_rival_holds")):
        await rule(world, credit_after_expiry=policy)
        late = won(world, number) | {"closed_at": (START + 40 * DAY).isoformat()}
        later = row(world, 20 + number, account_name=f"Acme {number}", partner_id=str(world.rival_id), engaged_at=START + 35 * DAY)
        await world.imported(row(world, number), later)
        await world.imported(late, exclusivity="enforce")


async def test_codes_when_everything_goes_wrong_then_each_stands_in_the_queue_with_its_suggestion(world: World) -> None:
    await _reach(world)
    errors = [
        error for source in ("crm", "-") for error in (await world.staff.get(f"/v1/intake/{source}/errors?limit=250")).json()["items"]
    ]
    reached = {error["code"] for error in errors}
    assert FIXES.keys() == reached
    assert {error["code"]: error["fix"] for error in errors} == FIXES
