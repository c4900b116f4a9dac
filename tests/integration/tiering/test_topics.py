"""Tiering on its topics: events in from others, its own facts out."""

import json

from shared.chassis.testing import eventually
from shared.chassis.testing.stage import Stage
from tests.integration.tiering.facts import activated, closed, partner, record


async def test_deals_read_from_topics_lead_to_a_published_tier(stage: Stage) -> None:
    tiering = await stage.launch("tiering")
    wire, operator = await stage.wire(), stage.client(tiering)
    records = [record(closed(1, minor=500_00)), record(activated(1))]
    await wire.send_all([(one.topic, one.key, one.value, one.headers) for one in records])

    async def revenue() -> bool:
        await operator.post("/v1/evaluations")
        rows = (await operator.get("/v1/standings")).json()["items"]
        return bool(rows) and rows[0]["revenue"] == "500.00"

    await eventually(revenue, what="the deal's revenue in the standing")
    found = await wire.read_until("tier.changed", enough=lambda got: any(json.loads(one.value)["to_tier"] == "platinum" for one in got))
    assert {one.key.decode() for one in found} == {str(partner(1))}
    headers = dict(found[-1].headers)
    assert headers["ce_type"] == b"hansa.tier.changed.v1"
    assert headers["ce_source"] == b"/hansa/tiering"
