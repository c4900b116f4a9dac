"""Conflicts at random: opened by anybody, taken through their steps, decided in every way."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.integration.registration.court import CLAUSE
from tests.integration.registration.multitude_part import Part

if TYPE_CHECKING:
    from tests.integration.registration.multitude import Deed

_ANY = {"if-match": "*"}
_STEPS = ("identify", "investigate", "mediate")


class Bench(Part):
    """Partners who complain, and the vendor's staff who settles it."""

    @property
    def deeds(self) -> "list[Deed]":
        return [*[self.complain] * 3, *[self.proceed] * 4, *[self.decide] * 5, self.end, self.end, self.widen, self.prove]

    async def complain(self) -> None:
        if found := await self.crowd.owned("deals", ["open", "won", "in_review"]):
            more = await self.crowd.one("select id from deals")
            kind = self.random.choice(["overlap", "direct_sales"])
            deals = list({str(found[0]), str(self.random.choice([found[0], more]))})
            await self.crowd.either(found[1]).post("/v1/conflicts", json={"deal_ids": deals, "kind": kind, "text": "x"})

    async def proceed(self) -> None:
        """All the steps before the decision that are still to be done."""
        if conflict := await self._at("identify", "investigate", "mediate"):
            for step in _STEPS:
                await self._post(conflict, "steps", step=step, text="x")

    async def decide(self) -> None:
        if conflict := await self._at("decide"):
            ruling = await self._ruling(conflict)
            await self._post(conflict, "decide", **ruling, **CLAUSE)

    async def _ruling(self, conflict: UUID) -> dict[str, Any]:
        outcome = self.random.choice(["uphold", "reassign", "reassign", "split", "end_protection"])
        if outcome == "uphold":
            return {"outcome": outcome}
        deal = await self.crowd.one("select unnest(deal_ids) from conflict_sides where conflict_id = $1", conflict)
        sides = [
            row[0] for row in await self.world.rows("select partner_id from conflict_sides where conflict_id = $1 order by 1", conflict)
        ]
        partners = [str(who) for who in sides if who]
        ruling: dict[str, Any] = {"outcome": outcome, "deal_id": str(deal)}
        if outcome == "reassign":
            ruling["to_partner_id"] = self.random.choice(partners)
        if outcome == "split":
            ruling["credits"] = [{"partner_id": who, "share": f"1/{len(partners)}"} for who in partners]
        return ruling

    async def end(self) -> None:
        if conflict := await self._at("communicate", "prevent"):
            await self._post(conflict, "communicate", text="x")
            await self._post(conflict, "prevent", text="x")

    async def widen(self) -> None:
        if conflict := await self._at(*_STEPS, "decide"):
            who, _ = self.crowd.somebody()
            deal = await self.crowd.one("select id from deals")
            await self._post(conflict, "sides", **self.random.choice([{"partner_id": str(who)}, {"deal_id": str(deal)}]))

    async def prove(self) -> None:
        if conflict := await self._at(*_STEPS, "decide"):
            await self.crowd.somebody()[1].post(
                f"/v1/conflicts/{conflict}/evidence", json={"kind": "document", "reference": "x", "note": "x"}
            )

    async def _at(self, *steps: str) -> UUID | None:
        found: UUID | None = await self.crowd.one("select id from conflicts where state <> 'closed' and step = any($1)", list(steps))
        return found

    async def _post(self, conflict: UUID, verb: str, **body: Any) -> None:
        await self.world.staff.post(f"/v1/conflicts/{conflict}/{verb}", json=body, headers=_ANY)
