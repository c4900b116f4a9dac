"""From a signed agreement to commission: each party accrues the share that all have signed."""

from typing import Any
from uuid import UUID

from shared.chassis.testing.stage import Stage
from tests.support.life import Partner
from tests.support.world import World


async def _sign(world: World, agreement: dict[str, Any], partner_id: UUID | None) -> None:
    version = agreement["versions"][-1]
    body = {"number": version["number"], "hash": version["hash"]}
    role = "partner" if partner_id else "operator"
    await world.post("registration", f"/v1/coselling/{agreement['id']}/sign", body, role=role, partner_id=partner_id)


async def test_agreement_when_signed_and_the_deal_is_won_then_commission_accrues_the_agreed_split(stage: Stage) -> None:
    world = await World.of(stage)
    registrant, helper = Partner(world, "Registrant Incorporated"), Partner(world, "Helper Limited")
    for partner in (registrant, helper):
        await partner.join()
    own = {"role": "partner", "partner_id": registrant.id}
    deal = await world.post("registration", "/v1/deals", {"account_name": "Acme", "families": ["GTX"]}, **own)
    parties = [
        {"partner_id": str(registrant.id), "role": "sourcing", "share": "1/3"},
        {"partner_id": str(helper.id), "role": "delivery", "share": "2/3"},
    ]
    agreement = await world.post("registration", "/v1/coselling", {"deal_id": deal["id"], "parties": parties}, **own)
    for side in (None, registrant.id, helper.id):
        await _sign(world, agreement, side)
    await world.post("registration", f"/v1/deals/{deal['id']}/close", {"outcome": "won", "amount": "90000.00"}, **own)
    await world.spread()

    entries = (await world.get("commission", f"/v1/entries?deal_id={deal['id']}")).json["items"]
    assert {entry["partner_id"]: entry["amount"]["amount_minor"] for entry in entries} == {
        str(registrant.id): 450_000,
        str(helper.id): 900_000,
    }
    feed = (await world.get("notifications", "/v1/feed", role="partner", partner_id=helper.id)).json["items"]
    assert [item["type"] for item in feed if item["type"].startswith("cosell")] == ["cosell.invited", "cosell.agreed"]
