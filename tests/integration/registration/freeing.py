"""Ways in which an account becomes free for which somebody waits, and the timer that looks at lines."""

from datetime import timedelta
from typing import Any

import httpx2

from services.registration.domain.values import Standing
from tests.integration.registration.court import CLAUSE
from tests.integration.registration.world import World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIST = {"waiting_list": {"open": True, "offer_hours": 48}}


async def look(world: World) -> int:
    """One portion of the timer."""
    [timer] = [timer for timer in world.service.timers if timer.name == "offer free accounts"]
    async with world.service.platform.worker_database.transaction() as uow:
        return await timer.run(uow)


async def looked(world: World) -> None:
    while await look(world):
        pass


async def states(client: httpx2.AsyncClient) -> list[str]:
    return [place["state"] for place in (await client.get("/v1/waiting")).json()["items"]]


class Ways:
    """What frees an account for which somebody waits, on the record."""

    def __init__(self, world: World, deal: dict[str, Any]) -> None:
        self.world = world
        self.deal = deal

    async def withdrawn(self) -> None:
        await self.world.done(self.deal, "withdraw", by=self.world.partner, reason="x")

    async def lost(self) -> None:
        await self.world.done(self.deal, "close", by=self.world.partner, outcome="lost")

    async def won(self) -> None:
        await self.world.done(self.deal, "close", by=self.world.partner, outcome="won", amount="10.00")

    async def lost_a_while_ago(self) -> None:
        """The vendor dates a close."""
        self.world.stage.clock.advance(2 * HOUR)
        at = (self.world.stage.clock.now() - HOUR).isoformat()
        await self.world.done(self.deal, "close", outcome="lost", closed_at=at)

    async def expired(self) -> None:
        await self.world.due(after=30 * DAY)

    async def expired_while_nobody_looked(self) -> None:
        """The end of a window frees the account, whether or not a timer has told of it."""
        self.world.stage.clock.advance(30 * DAY)

    async def silent(self) -> None:
        await self.world.policy(quiet={"after_days": 14})
        await self.world.due(after=14 * DAY)

    async def extension_declined(self) -> None:
        self.world.stage.clock.advance(29 * DAY)
        await self.world.done(self.deal, "request-extension", by=self.world.partner)
        await looked(self.world)
        self.world.stage.clock.advance(2 * DAY)
        await self.world.done(self.deal, "decline-extension", reason="x")

    async def extension_over(self) -> None:
        self.world.stage.clock.advance(29 * DAY)
        await self.world.done(self.deal, "request-extension", by=self.world.partner)
        await looked(self.world)
        self.world.stage.clock.advance(6 * DAY)

    async def partnership_ended(self) -> None:
        await self.world.heard(self.world.partner_id, Standing.TERMINATED, sequence=2)

    async def decided(self) -> None:
        await self._decide(outcome="end_protection", deal_id=self.deal["id"])

    async def split_off(self) -> None:
        named = [{"kind": "name", "value": "acme tools|DE"}]
        alias = {"account_name": "Acme Tools", "reason": "x"}
        answer = await self.world.staff.post(f"/v1/accounts/{self.deal['account_id']}/alias", json=alias)
        assert answer.status_code == 200, answer.text
        split = {"identifiers": named, "deal_ids": [self.deal["id"]], "account_name": "Acme Tools", "reason": "x"}
        answer = await self.world.staff.post(f"/v1/accounts/{self.deal['account_id']}/split", json=split)
        assert answer.status_code == 201, answer.text

    async def merged_into_a_free_one(self) -> None:
        """Who waits goes along, and what held the account was lost on the way."""
        other = await self.world.registered(account_name="Zebra Works", account_domain="zebra.com", families=["MG"])
        await self.lost()
        answer = await self.world.staff.post(
            f"/v1/accounts/{self.deal['account_id']}/merge", json={"into": other["account_id"], "reason": "x"}
        )
        assert answer.status_code == 200, answer.text

    async def _decide(self, **ruling: Any) -> None:
        opened = (await self.world.staff.post("/v1/conflicts", json={"deal_ids": [self.deal["id"]], "text": "Squatting."})).json()
        for step in ("identify", "investigate", "mediate"):
            await self._done(opened, "steps", step=step, text="x")
        await self._done(opened, "decide", **ruling, **CLAUSE)

    async def _done(self, conflict: dict[str, Any], verb: str, **body: Any) -> None:
        answer = await self.world.staff.post(f"/v1/conflicts/{conflict['id']}/{verb}", json=body, headers={"if-match": "*"})
        assert answer.status_code in {200, 201}, answer.text


WAYS = [name for name in vars(Ways) if not name.startswith("_")]
