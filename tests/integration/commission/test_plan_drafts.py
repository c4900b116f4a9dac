"""Drafts of the plan: written with any fault, validated, activated once and from a day on, and discarded."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.commission.use_cases.audit import audit
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import NOW, closed, partner, rows, take_in

TODAY, TOMORROW, YESTERDAY = ((NOW + timedelta(days=days)).date().isoformat() for days in (0, 1, -1))
FLAT = {"brackets": [{"from": "0", "to": None, "rate": "0.5"}]}


def _document(*versions: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"currency": "USD", "versions": list(versions or (FLAT,)), **options}


async def _begin(operator: httpx2.AsyncClient, document: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """A new draft: its path, and the header that names its version."""
    answer = await operator.post("/v1/plan-drafts", json={"document": document, "note": "for the board"})
    assert answer.status_code == 201
    return f"/v1/plan-drafts/{answer.json()['id']}", {"if-match": answer.headers["etag"]}


def _activation(day: str = TOMORROW, reason: str = "a better year") -> dict[str, str]:
    return {"effective_from": day, "reason": reason}


async def test_draft_when_activated_from_tomorrow_then_it_rules_deals_that_close_from_then_on(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    path, version = await _begin(operator, _document())
    answer = await operator.post(f"{path}/activate", json=_activation(), headers=version)
    recorded = answer.json()
    assert (answer.status_code, recorded["first_version"], recorded["reason"]) == (201, 2, "a better year")
    assert recorded["recorded_by"]
    assert recorded["document"]["versions"][0]["effective_from"] == TOMORROW
    assert (await operator.get(path)).json()["plan_version"] == 2
    assert (await operator.get("/v1/plans/2")).json() == recorded
    await take_in(commission, closed(1, 100_00), closed(2, 100_00, at=NOW + timedelta(days=1)))
    assert await rows(commission, "select amount_minor, plan_version from entries order by seq") == [(15_00, 1), (50_00, 2)]
    async with commission.platform.worker_database.transaction() as uow:
        assert (await audit(uow)).ok


async def test_draft_when_it_has_every_kind_of_fault_then_each_is_told_with_its_place(operator: httpx2.AsyncClient) -> None:
    brackets = [
        {"from": "10", "to": "100", "rate": "0.10"},
        {"from": "200", "to": "300", "rate": "1.5"},
        {"from": "250", "to": "240", "rate": "0.05"},
        {"from": "240", "to": "500", "rate": "0.05"},
    ]
    document = _document({"effective_from": YESTERDAY, "brackets": brackets}, {"effective_from": TOMORROW, "brackets": []})
    path, _ = await _begin(operator, document)
    told = (await operator.post(f"{path}/validate")).json()
    places = {(fault["code"], fault["place"]) for fault in told["faults"]}
    assert not told["ok"]
    assert places >= {
        ("bracket_start", "versions[0].brackets[0].from"),
        ("bracket_gap", "versions[0].brackets[0].to"),
        ("rate_invalid", "versions[0].brackets[1].rate"),
        ("bracket_overlap", "versions[0].brackets[1].to"),
        ("bracket_empty", "versions[0].brackets[2].to"),
        ("bracket_end", "versions[0].brackets[3].to"),
        ("bracket_start", "versions[1].brackets"),
        ("draft_one_version", "versions"),
    }
    assert all(len(fault["message"]) > 10 for fault in told["faults"])


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (_document({**FLAT, "holdDays": 3}), ("extra_forbidden", "versions[0].holdDays")),
        (_document({"brackets": [{"from": "0", "to": None}]}), ("missing", "versions[0].brackets[0].rate")),
        (_document({**FLAT, "effective_from": YESTERDAY}), ("plan_starts_in_past", "versions[0].effective_from")),
        (_document(timezone="Europe/Berlin"), ("plan_currency_fixed", "timezone")),
        (_document(year_starts=4), ("plan_currency_fixed", "year_starts")),
        (_document(currency="EUR"), ("plan_currency_fixed", "currency")),
        (_document({**FLAT, "assigned_to": {"partners": ["Acme"]}}), ("partner_invalid", "versions[0].assigned_to.partners[0]")),
        (
            _document({**FLAT, "rules": [{"name": "a", "when": {"partner": "Acme"}, "rate": "0.1"}]}),
            ("partner_invalid", "versions[0].rules[0].when.partner"),
        ),
        (_document(timezone="Mars/Olympus"), ("timezone_unknown", "timezone")),
        ({"currency": "USD"}, ("missing", "versions")),
        ({"currency": "USD", "versions": "all"}, ("tuple_type", "versions")),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
async def test_draft_when_it_has_a_fault_then_validation_says_where_and_activation_refuses(
    operator: httpx2.AsyncClient, document: dict[str, Any], fault: tuple[str, str]
) -> None:
    path, version = await _begin(operator, document)
    told = (await operator.post(f"{path}/validate")).json()
    assert [(each["code"], each["place"]) for each in told["faults"]] == [fault]
    if fault[0] != "plan_starts_in_past":  # the day of the activation replaces the draft's own
        answer = await operator.post(f"{path}/activate", json=_activation(), headers=version)
        assert (answer.status_code, answer.json()["code"]) in {(422, "plan_invalid"), (422, "plan_currency_fixed")}
        assert len((await operator.get("/v1/plans")).json()) == 1


async def test_draft_when_a_rate_falls_in_whole_mode_then_it_is_a_warning_and_may_be_activated(operator: httpx2.AsyncClient) -> None:
    falling = [{"from": "0", "to": "100", "rate": "0.2"}, {"from": "100", "to": None, "rate": "0.1"}]
    path, version = await _begin(operator, _document({"mode": "whole", "brackets": falling}))
    told = (await operator.post(f"{path}/validate")).json()
    assert (told["ok"], told["faults"]) == (True, [])
    assert [(each["code"], each["place"]) for each in told["warnings"]] == [("rate_falls", "versions[0].brackets[1].rate")]
    assert (await operator.post(f"{path}/activate", json=_activation(), headers=version)).status_code == 201


async def test_draft_when_two_people_activate_it_at_once_then_one_version_comes_of_it(operator: httpx2.AsyncClient) -> None:
    path, version = await _begin(operator, _document())
    calls = (operator.post(f"{path}/activate", json=_activation(reason=f"by {who}"), headers=version) for who in range(6))
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"draft_activated"}
    assert [plan["first_version"] for plan in (await operator.get("/v1/plans")).json()] == [1, 2]


async def test_drafts_when_activated_at_once_then_each_becomes_a_version_of_its_own(operator: httpx2.AsyncClient) -> None:
    begun = [await _begin(operator, _document()) for _ in range(4)]
    answers = await asyncio.gather(*(operator.post(f"{path}/activate", json=_activation(), headers=version) for path, version in begun))
    assert sorted(answer.json()["first_version"] for answer in answers) == [2, 3, 4, 5]


async def test_draft_when_changed_meanwhile_then_neither_written_nor_activated(operator: httpx2.AsyncClient) -> None:
    path, first = await _begin(operator, _document())
    changed = await operator.put(path, json={"document": _document(hold_days=7), "note": "shorter"}, headers=first)
    assert (changed.status_code, changed.json()["document"]["hold_days"]) == (200, 7)
    for answer in (
        await operator.put(path, json={"document": _document()}, headers=first),
        await operator.post(f"{path}/activate", json=_activation(), headers=first),
        await operator.delete(path, headers=first),
    ):
        assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")
    assert (await operator.put(path, json={"document": _document()})).json()["code"] == "precondition_required"
    latest = {"if-match": changed.headers["etag"]}
    assert (await operator.post(f"{path}/activate", json=_activation(), headers=latest)).status_code == 201


async def test_draft_when_it_would_start_yesterday_then_refused(operator: httpx2.AsyncClient) -> None:
    path, version = await _begin(operator, _document())
    answer = await operator.post(f"{path}/activate", json=_activation(YESTERDAY), headers=version)
    assert (answer.status_code, answer.json()["code"]) == (422, "plan_starts_in_past")
    assert (await operator.post(f"{path}/activate", json=_activation(TODAY), headers=version)).status_code == 201


async def test_draft_when_activated_then_never_edited_or_discarded(operator: httpx2.AsyncClient) -> None:
    path, version = await _begin(operator, _document())
    await operator.post(f"{path}/activate", json=_activation(), headers=version)
    latest = {"if-match": (await operator.get(path)).headers["etag"]}
    for answer in (
        await operator.put(path, json={"document": _document()}, headers=latest),
        await operator.delete(path, headers=latest),
        await operator.post(f"{path}/activate", json=_activation(), headers=latest),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "draft_activated")


async def test_draft_when_discarded_then_gone(operator: httpx2.AsyncClient) -> None:
    path, version = await _begin(operator, _document())
    other, _ = await _begin(operator, _document())
    assert (await operator.delete(path, headers=version)).status_code == 204
    assert (await operator.get(path)).status_code == 404
    assert [f"/v1/plan-drafts/{draft['id']}" for draft in (await operator.get("/v1/plan-drafts")).json()["items"]] == [other]


async def test_drafts_when_a_partner_asks_then_out_of_scope(stage: Stage, commission: Service) -> None:
    client = stage.client(commission, role="partner", partner_id=partner(1))
    assert (await client.get("/v1/plan-drafts")).status_code == 403
    assert (await client.post("/v1/plan-drafts", json={"document": _document()})).status_code == 403


async def test_version_when_meant_for_a_partner_then_it_rules_that_one_and_others_do_not_see_it(
    stage: Stage, commission: Service, operator: httpx2.AsyncClient
) -> None:
    rules = [{"name": name, "when": {"partner": str(partner(who)), "product": "none"}, "rate": "0.9"} for name, who in (("a", 1), ("b", 3))]
    named = _document({**FLAT, "rules": rules, "assigned_to": {"partners": [str(partner(1)), str(partner(3))]}})
    typed = _document({"brackets": [{"from": "0", "to": None, "rate": "0.25"}], "assigned_to": {"types": ["reseller"]}})
    for document in (named, typed):
        path, version = await _begin(operator, document)
        assert (await operator.post(f"{path}/activate", json=_activation(TODAY), headers=version)).status_code == 201
    resold = closed(3, 100_00, shares={4: "1"}).model_copy(update={"partner_type": "reseller"})
    await take_in(commission, closed(1, 100_00), closed(2, 100_00, shares={2: "1"}), resold)
    assert await rows(commission, "select amount_minor, plan_version from entries order by seq") == [(50_00, 2), (15_00, 1), (25_00, 3)]

    mine, other = (stage.client(commission, role="partner", partner_id=partner(number)) for number in (1, 2))
    assert [plan["first_version"] for plan in (await mine.get("/v1/plans")).json()] == [1, 2, 3]
    assert [plan["first_version"] for plan in (await other.get("/v1/plans")).json()] == [1, 3]
    assert (await other.get("/v1/plans/2")).status_code == 404
    seen = (await mine.get("/v1/plans/2")).json()["document"]["versions"][0]
    assert seen["assigned_to"]["partners"] == [str(partner(1))], "not who else has it"
    assert [rule["name"] for rule in seen["rules"]] == ["a"]
