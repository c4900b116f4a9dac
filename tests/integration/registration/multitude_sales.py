"""What partners and the vendor do together at random: leads in both directions, and co-selling with its plan."""

from typing import TYPE_CHECKING
from uuid import UUID

import httpx2

from tests.integration.registration.multitude_part import Part

if TYPE_CHECKING:
    from tests.integration.registration.multitude import Deed

SHARES = (("1/2", "1/2"), ("1/3", "2/3"), ("0.7", "0.3"), ("1/2", "1/3"))
_VERSIONS = "select agreement_id, number, hash from cosell_versions where state = any($1) order by agreement_id, number"


class Sales(Part):
    """Partners' sales people and the vendor's."""

    @property
    def deeds(self) -> "list[Deed]":
        agreements: list[Deed] = [*[self.propose] * 3, *[self.sign] * 4, self.refuse, self.leave, self.plan]
        return [*[self.share] * 2, *[self.answer] * 2, *[self.convert] * 2, self.take_back, *agreements]

    async def share(self) -> None:
        who, client = self.crowd.somebody()
        told = self.crowd.customer() | {"families": ["GTX"], "contact": {"name": "Ann"}}
        by, named = self.random.choice([(client, {}), (self.world.staff, {"partner_id": str(who)})])
        await by.post("/v1/leads", json=told | named)

    async def answer(self) -> None:
        await self._lead(["shared"], self.random.choice(["accept", "accept", "decline"]))

    async def convert(self) -> None:
        await self._lead(["accepted"], self.random.choice(["convert", "convert", "lose"]))

    async def take_back(self) -> None:
        await self._lead(["shared"], "withdraw")

    async def _lead(self, states: list[str], verb: str) -> None:
        if found := await self.crowd.owned("leads", states):
            body = {"reason": "x"} if verb in ("decline", "lose", "withdraw") else {}
            await self.crowd.either(found[1]).post(f"/v1/leads/{found[0]}/{verb}", json=body)

    async def propose(self) -> None:
        if found := await self.crowd.owned("deals", ["open"]):
            deal, registrant = found
            parties = [registrant, *self.random.sample([who for who in self.crowd.partners if who != registrant], 2)]
            shares = self.random.choice(SHARES)
            told = [{"partner_id": str(who), "role": "r", "share": share} for who, share in zip(parties, shares, strict=False)]
            if self.random.random() < 0.3:
                told.append({"partner_id": str(parties[2]), "role": "influence", "share": "1/2", "overlay": True})
            await self.crowd.either(registrant).post("/v1/coselling", json={"deal_id": str(deal), "parties": told})

    async def sign(self) -> None:
        """All who are asked, at once or one of them."""
        for agreement, number, digest in await self._versions("proposed"):
            for client in self._some([self.world.staff, *self.crowd.partners.values()]):
                await client.post(f"/v1/coselling/{agreement}/sign", json={"number": number, "hash": digest})

    async def refuse(self) -> None:
        for agreement, number, _ in await self._versions("proposed"):
            await self.crowd.somebody()[1].post(f"/v1/coselling/{agreement}/decline", json={"number": number})

    async def leave(self) -> None:
        for agreement, _, _ in await self._versions("in_force"):
            await self.crowd.somebody()[1].post(f"/v1/coselling/{agreement}/leave", json={})

    async def plan(self) -> None:
        for agreement, _, _ in await self._versions("in_force"):
            step = {"title": "x", "due_on": self.world.stage.clock.now().date().isoformat()}
            await self.crowd.somebody()[1].post(f"/v1/coselling/{agreement}/plan", json=step)

    async def _versions(self, state: str) -> list[tuple[UUID, int, str]]:
        """One of the versions in this state, if there is any."""
        found = [tuple(row) for row in await self.world.rows(_VERSIONS, [state])]
        return [self.random.choice(found)] if found else []

    def _some(self, clients: list[httpx2.AsyncClient]) -> list[httpx2.AsyncClient]:
        return clients if self.random.random() < 0.7 else [self.random.choice(clients)]
