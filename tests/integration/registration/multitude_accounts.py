"""What the vendor's staff does with accounts at random: names, links, doubts, claims, and accounts that come back."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from services.registration.policy import Policy
from services.registration.use_cases.sweep_accounts import sweep_accounts
from tests.integration.registration.multitude_part import Part

if TYPE_CHECKING:
    from tests.integration.registration.multitude import Deed

_STANDING = "select id from accounts where merged_into is null"
KINDS = ("opportunity", "named_account", "assignment")


class AccountBook(Part):
    """Staff at the book of accounts."""

    @property
    def deeds(self) -> "list[Deed]":
        return [
            self.alias,
            self.link,
            self.link,
            self.unlink,
            self.review,
            self.review,
            self.sweep,
            self.claim,
            self.end_claim,
            self.revive,
        ]

    async def _change(self, account: UUID, verb: str, **body: object) -> None:
        await self.world.staff.post(f"/v1/accounts/{account}/{verb}", json={"reason": "x"} | body)

    async def alias(self) -> None:
        if account := await self.crowd.one(_STANDING):
            more = self.random.choice([self.crowd.customer(), {"crm_ids": [f"C{self.random.randint(1, 3)}"]}, {"tax_id": "DE123456789"}])
            await self._change(account, "alias", **more)

    async def link(self) -> None:
        child, parent = [await self.crowd.one(_STANDING) for _ in range(2)]
        if child:
            now = self.world.stage.clock.now()
            until = self.random.choice([None, None, (now + timedelta(days=20)).isoformat()])
            await self._change(child, "links", parent_id=str(parent), source="register", valid_until=until)

    async def unlink(self) -> None:
        found = await self.world.rows("select id, parent_id, child_id from account_links order by id")
        if found:
            link, *ends = self.random.choice(found)
            await self._change(self.random.choice(ends), f"links/{link}/end")

    async def review(self) -> None:
        if review := await self.crowd.one("select id from account_reviews where state = 'open'"):
            shown = await self.crowd.one("select account_id from account_likenesses where review_id = $1", review)
            body = {"decision": self.random.choice(["same", "different"]), "reason": "x", "keep": self.random.choice([None, {}])}
            await self.world.staff.post(f"/v1/reviews/{review}/decide", json=body | {"account_id": str(shown) if shown else None})

    async def sweep(self) -> None:
        async with self.world.service.platform.worker_database.transaction() as uow:
            await sweep_accounts(uow, policy=Policy())

    async def claim(self) -> None:
        kind = self.random.choice(KINDS)
        who, _ = self.crowd.somebody()
        told = self.crowd.customer() | {"source": "crm", "external_id": f"K{self.random.randint(1, 4)}", "kind": kind}
        told |= {"families": self.random.choice([[], ["GTX"]]), "assigned_to": str(who) if kind == "assignment" else None}
        await self.world.staff.post("/v1/vendor-claims", content=orjson.dumps(told))

    async def end_claim(self) -> None:
        await self.world.staff.delete(f"/v1/vendor-claims/crm/K{self.random.randint(1, 4)}")

    async def revive(self) -> None:
        """An account that was merged stands for itself again, with something of who carried on for it."""
        gone = await self.crowd.one("select id from accounts where merged_into is not null")
        if gone:
            [(into,)] = await self.world.rows("select merged_into from accounts where id = $1", gone)
            names = await self.world.rows("select kind, value from account_identifiers where account_id = $1 order by 1, 2", into)
            deals = [str(row[0]) for row in await self.world.rows("select id from deals where account_id = $1 order by id", into)]
            links = await self.world.rows("select id from account_links where $1 in (parent_id, child_id) order by id", into)
            named = [{"kind": kind, "value": value} for kind, value in names if self.random.random() < 0.5]
            moved = [deal for deal in deals if self.random.random() < 0.5]
            taken = [str(row[0]) for row in links if self.random.random() < 0.5]
            await self._change(into, "split", identifiers=named, deal_ids=moved, link_ids=taken, revive=str(gone))
