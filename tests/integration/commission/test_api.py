"""The ledger over HTTP: explained to the cent, and to each partner its own alone."""

from decimal import Decimal
from uuid import uuid4

import httpx2
import pytest

from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import amended, closed, deal, partner, refunded, reopened, take_in


@pytest.fixture
async def life(commission: Service) -> None:
    """Deals of two partners with all that can happen to them."""
    await take_in(
        commission,
        closed(1, 250_000_00),
        closed(2, 99_999_99, shares={1: "1/3", 2: "1/3", 3: "1/3"}),
        refunded(1, 33_333_33),
        refunded(1, 1),
        amended(2, 7, shares={1: "0.5", 2: "0.5"}),
        closed(3, 5),
        reopened(3),
    )


async def test_explanation_when_its_steps_are_added_up_then_it_is_the_entry(operator: httpx2.AsyncClient, life: None) -> None:
    items = (await operator.get("/v1/entries", params={"limit": 250})).json()["items"]
    assert len(items) >= 10
    for item in items:
        told = (await operator.get(f"/v1/entries/{item['id']}/explain")).json()
        assert (
            sum(Decimal(step["amount"]) for step in told["steps"])
            == Decimal(told["total"])
            == Decimal(item["amount"]["amount_minor"]) / 100
        )
        assert told["sentences"]


async def test_explanation_of_two_brackets_when_read_then_each_has_its_rate(operator: httpx2.AsyncClient, life: None) -> None:
    first = (await operator.get("/v1/entries", params={"deal_id": str(deal(1))})).json()["items"][0]
    told = (await operator.get(f"/v1/entries/{first['id']}/explain")).json()
    assert [step["amount"] for step in told["steps"]] == ["15000.00", "30000.00"]
    assert told["steps"][0]["what"] == "15 % of 100,000.00 USD (bracket from 0.00 USD to 100,000.00 USD)"
    assert "it moved the partner's position from 0.00 USD to 250,000.00 USD" in " ".join(told["sentences"])


async def test_entries_when_paged_then_each_comes_once(operator: httpx2.AsyncClient, life: None) -> None:
    whole = (await operator.get("/v1/entries", params={"limit": 250})).json()["items"]
    paged, cursor = [], None
    while True:
        answer = (await operator.get("/v1/entries", params={"limit": 3} | ({"next": cursor} if cursor else {}))).json()
        paged += answer["items"]
        if not (cursor := answer.get("next")):
            break
    assert paged == whole


async def test_partner_when_it_reads_then_sees_its_own_alone(stage: Stage, commission: Service, life: None) -> None:
    own, stranger = (stage.client(commission, role="partner", partner_id=who) for who in (partner(2), uuid4()))
    items = (await own.get("/v1/entries")).json()["items"]
    assert {item["partner_id"] for item in items} == {str(partner(2))}
    assert [item["partner_id"] for item in (await own.get("/v1/balances")).json()["items"]] == [str(partner(2))]
    for path in ("/v1/entries", "/v1/balances", f"/v1/entries?partner_id={partner(2)}"):
        assert (await stranger.get(path)).json()["items"] == []
    assert (await stranger.get(f"/v1/entries/{items[0]['id']}/explain")).status_code == 404


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/waiting"])
async def test_books_when_a_partner_asks_then_out_of_scope(stage: Stage, commission: Service, path: str) -> None:
    answer = await stage.client(commission, role="partner", partner_id=partner(1)).get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_plans_when_listed_then_version_one_is_the_programme(operator: httpx2.AsyncClient) -> None:
    (first,) = (await operator.get("/v1/plans")).json()
    assert first["first_version"] == 1
    assert [bracket["rate"] for bracket in first["document"]["versions"][0]["brackets"]] == ["0.15", "0.20", "0.25"]


async def test_balance_when_listed_then_held_payable_and_their_sum(commission: Service, operator: httpx2.AsyncClient) -> None:
    await take_in(commission, closed(1, 100_00))
    (balance,) = (await operator.get("/v1/balances", params={"partner_id": str(partner(1))})).json()["items"]
    assert [balance[name]["amount_minor"] for name in ("held", "payable", "total")] == [1500, 0, 1500]
