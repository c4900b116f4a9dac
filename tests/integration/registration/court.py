"""A conflict between two partners, and its steps as short calls of the vendor's staff."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

CLAUSE = {"policy_version": 1, "clause": "registration.credit_after_expiry", "reason": "The first meeting was theirs."}
ROW: dict[str, Any] = {"source": "crm", "country": "DE", "families": ["GTX"], "stage": "open"}


@dataclass
class Court:
    """Registration with a partner and its rival, and what the vendor's staff does about their conflicts."""

    world: World

    @classmethod
    async def open(cls, stage: Stage, *, worker: bool = False) -> "Court":
        return cls(await World.open(stage, worker=worker))

    @property
    def now(self) -> datetime:
        return self.world.stage.clock.now()

    def judge(self, name: str) -> httpx2.AsyncClient:
        """Somebody of the vendor's staff, by name."""
        client = self.world.stage.client(self.world.service)
        client.headers["authorization"] = f"Bearer {self.world.stage.issuer.issue('operator', subject=name)}"
        return client

    async def overlap(self, *, stage: str = "open", number: str = "") -> dict[str, Any]:
        """Two partners' opportunities on one account, the rival's ten minutes later; the conflict that an import opens about them."""
        mine = self.row(f"O1{number}", self.world.partner_id, account_name="Acme Holding", minutes=20)
        theirs = self.row(f"O2{number}", self.world.rival_id, account_name="ACME HOLDING!", minutes=10)
        if stage == "won":
            mine |= {"stage": "won", "closed_at": (self.now - timedelta(minutes=1)).isoformat(), "amount": "60000.00"}
        results = await self.world.imported(mine, theirs)
        assert [result["conflict"] for result in results] == [False, True], results
        return (await self.conflicts())[-1]

    def row(self, number: str, partner_id: UUID, *, account_name: str, minutes: int) -> dict[str, Any]:
        engaged = (self.now - timedelta(minutes=minutes)).isoformat()
        return ROW | {"external_id": number, "partner_id": str(partner_id), "account_name": account_name, "engaged_at": engaged}

    async def conflicts(self, client: httpx2.AsyncClient | None = None) -> list[dict[str, Any]]:
        answer = await (client or self.world.staff).get("/v1/conflicts")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def read(self, conflict: dict[str, Any]) -> dict[str, Any]:
        answer = await self.world.staff.get(f"/v1/conflicts/{conflict['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def attempt(self, conflict: dict[str, Any], verb: str, *, if_match: str = "*", **body: Any) -> httpx2.Response:
        """POST what staff does with the conflict."""
        return await self.world.staff.post(f"/v1/conflicts/{conflict['id']}/{verb}", json=body, headers={"if-match": if_match})

    async def do(self, conflict: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
        """The same, where it succeeds."""
        answer = await self.attempt(conflict, verb, **body)
        assert answer.status_code in {200, 201}, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    async def to_decision(self, conflict: dict[str, Any]) -> dict[str, Any]:
        """Identified, investigated and mediated."""
        for step in ("identify", "investigate", "mediate"):
            conflict = await self.do(conflict, "steps", step=step, text=f"Done: {step}.")
        return conflict

    def side(self, conflict: dict[str, Any], partner_id: UUID | None) -> dict[str, Any]:
        """The side of a partner, or of the vendor."""
        wanted = str(partner_id) if partner_id else None
        side: dict[str, Any] = next(side for side in conflict["sides"] if side["partner_id"] == wanted)
        return side

    def deal(self, conflict: dict[str, Any], partner_id: UUID) -> str:
        """The first deal of a partner's side."""
        return str(self.side(conflict, partner_id)["deal_ids"][0])

    async def told(self, topic: str) -> list[dict[str, Any]]:
        """The bodies of every event of a topic."""
        return [body for name, _, body in await self.world.events() if name == topic]
