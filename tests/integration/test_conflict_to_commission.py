"""From a conflict between two partners to what each of them earns: the decision alone moves the money, and no feed names the other."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from shared.chassis.testing.stage import Stage
from tests.support.life import Partner
from tests.support.world import World

CLAUSE = {"policy_version": 1, "clause": "registration.credit_after_expiry", "reason": "Both were there."}


class Quarrel:
    """Two partners with opportunities on one account, and the conflict about them."""

    def __init__(self, world: World, first: Partner, second: Partner) -> None:
        self.world, self.first, self.second = world, first, second
        self.conflict: dict[str, Any] = {}

    @classmethod
    async def of(cls, stage: Stage) -> "Quarrel":
        world = await World.of(stage)
        first, second = Partner(world, "First Incorporated"), Partner(world, "Second Limited")
        for partner in (first, second):
            await partner.join()
        return cls(world, first, second)

    def row(self, number: str, partner: Partner, *, minutes: int, **changed: Any) -> dict[str, Any]:
        engaged = self.world.stage.clock.now() - timedelta(minutes=minutes)
        row = {"source": "crm", "external_id": number, "partner_id": str(partner.id), "account_name": "Acme", "families": ["GTX"]}
        return row | {"engaged_at": engaged.isoformat(), "stage": "open"} | changed

    async def imported(self, *rows: dict[str, Any]) -> None:
        client = self.world.client("registration")
        answer = await client.post("/v1/imports", body=b"\n".join(orjson.dumps(row) for row in rows))
        assert answer.status == 200, answer.body
        assert b'"refused"' not in answer.body
        await self.world.spread()

    async def begin(self, **changed: Any) -> None:
        """The first partner's opportunity and the second's, ten minutes later."""
        await self.imported(self.row("O1", self.first, minutes=20, **changed), self.row("O2", self.second, minutes=10))
        [self.conflict] = (await self.world.get("registration", "/v1/conflicts")).json["items"]

    async def decide(self, **decision: Any) -> str:
        """Through the steps to the decision about the first partner's deal; returns that deal."""
        [deal] = next(side["deal_ids"] for side in self.conflict["sides"] if side["partner_id"] == str(self.first.id))
        steps: list[tuple[str, dict[str, Any]]] = [
            ("steps", {"step": step, "text": "x"}) for step in ("identify", "investigate", "mediate")
        ]
        for verb, body in (*steps, ("decide", {"deal_id": deal, **decision, **CLAUSE}), ("communicate", {"text": "x"})):
            path = f"/v1/conflicts/{self.conflict['id']}/{verb}"
            answer = await self.world.client("registration").post(path, json=body, headers={"if-match": "*"})
            assert answer.status == 200, answer.body
        await self.world.spread()
        return str(deal)

    async def earned(self, partner: Partner) -> int:
        """What of the partner's commission stands, in minor units."""
        entries = (await self.world.get("commission", f"/v1/entries?partner_id={partner.id}")).json["items"]
        return sum(entry["amount"]["amount_minor"] for entry in entries)

    async def feed(self, partner: Partner) -> list[dict[str, Any]]:
        answer = await self.world.get("notifications", "/v1/feed?limit=250", role="partner", partner_id=partner.id)
        items: list[dict[str, Any]] = answer.json["items"]
        return items


@pytest.fixture
async def quarrel(stage: Stage) -> Quarrel:
    return await Quarrel.of(stage)


def _won(quarrel: Quarrel) -> dict[str, Any]:
    closed = quarrel.world.stage.clock.now() - timedelta(minutes=1)
    return {"stage": "won", "closed_at": closed.isoformat(), "amount": "60000.00"}


def _shares(quarrel: Quarrel) -> list[dict[str, str]]:
    return [{"partner_id": str(quarrel.first.id), "share": "1/3"}, {"partner_id": str(quarrel.second.id), "share": "2/3"}]


async def test_split_when_the_deal_was_won_then_each_earns_its_share_and_nobody_learns_of_the_other(quarrel: Quarrel) -> None:
    await quarrel.begin(**_won(quarrel))
    assert (await quarrel.earned(quarrel.first), await quarrel.earned(quarrel.second)) == (900_000, 0)
    await quarrel.decide(outcome="split", credits=_shares(quarrel))
    assert (await quarrel.earned(quarrel.first), await quarrel.earned(quarrel.second)) == (300_000, 600_000)
    await quarrel.imported(quarrel.row("O1", quarrel.first, minutes=20, **_won(quarrel)))
    assert (await quarrel.earned(quarrel.first), await quarrel.earned(quarrel.second)) == (300_000, 600_000), "told again, nothing changes"
    for mine, other in ((quarrel.first, quarrel.second), (quarrel.second, quarrel.first)):
        feed = await quarrel.feed(mine)
        assert {"conflict.opened", "conflict.decided", "conflict.communicated"} <= {item["type"] for item in feed}
        assert str(other.id) not in str(feed)


async def test_split_when_decided_while_open_then_the_close_pays_each_its_share(quarrel: Quarrel) -> None:
    await quarrel.begin()
    await quarrel.decide(outcome="split", credits=_shares(quarrel))
    await quarrel.imported(quarrel.row("O1", quarrel.first, minutes=20, **_won(quarrel)))
    assert (await quarrel.earned(quarrel.first), await quarrel.earned(quarrel.second)) == (300_000, 600_000)


async def test_reassign_when_the_deal_was_open_then_its_close_pays_the_new_partner(quarrel: Quarrel) -> None:
    await quarrel.begin()
    deal = await quarrel.decide(outcome="reassign", to_partner_id=str(quarrel.second.id))
    await quarrel.imported(quarrel.row("O1", quarrel.first, minutes=20, **_won(quarrel)))
    assert (await quarrel.earned(quarrel.first), await quarrel.earned(quarrel.second)) == (0, 900_000)
    theirs, former = await quarrel.feed(quarrel.second), await quarrel.feed(quarrel.first)
    assert [item["data"]["deal_id"] for item in theirs if item["type"] == "deal.reassigned"] == [deal]
    assert not {"deal.reassigned", "deal.closed"} & {item["type"] for item in former}
    assert str(quarrel.first.id) not in str(theirs)


async def test_reassign_when_reopened_meanwhile_then_the_second_close_is_the_new_partners_alone(quarrel: Quarrel) -> None:
    await quarrel.begin(**_won(quarrel))
    await quarrel.imported(quarrel.row("O1", quarrel.first, minutes=20))
    await quarrel.decide(outcome="reassign", to_partner_id=str(quarrel.second.id))
    await quarrel.imported(quarrel.row("O1", quarrel.first, minutes=20, **_won(quarrel)))
    assert (await quarrel.earned(quarrel.first), await quarrel.earned(quarrel.second)) == (0, 900_000)


async def test_reassign_when_the_deal_was_won_then_the_credit_moves(quarrel: Quarrel) -> None:
    await quarrel.begin(**_won(quarrel))
    await quarrel.decide(outcome="reassign", to_partner_id=str(quarrel.second.id))
    assert (await quarrel.earned(quarrel.first), await quarrel.earned(quarrel.second)) == (0, 900_000)
