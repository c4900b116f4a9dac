"""Partners, staff and time, who do at random what changes lines and what is held, and who is forgotten by looking at everybody."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy.exc import DBAPIError

from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.use_cases.hear_of_partner import hear_of_partner, partner_name
from tests.integration.registration.freeing import DAY, HOUR, Ways, look
from tests.integration.registration.world import ACME, World

_MEETS = """
s.account_id = w.account_id and s.family = any(w.families)
and (starts_with(s.path || '/', w.path || '/') or starts_with(w.path || '/', s.path || '/'))"""
_NOW = "s.during @> $1::timestamptz"
# By looking at everybody: who could be offered the account and was not, whose offer is over, and who has what it waits for.
FORGOTTEN = f"""
select w.id, 'could be offered' from waiting_list w where w.state = 'waiting' and $3
  and not exists (select from protection_slots s where {_MEETS} and s.during && tstzrange($1, $2))
union all select id, 'its offer is over' from waiting_list where state = 'offered' and offered_until <= $1
union all select w.id, 'has it' from waiting_list w where w.state = 'waiting'
  and exists (select from protection_slots s join deals d on d.id = s.deal_id where {_MEETS} and {_NOW} and d.partner_id = w.partner_id)
  and not exists (select from protection_slots s left join deals d on d.id = s.deal_id
    where {_MEETS} and {_NOW} and d.partner_id is distinct from w.partner_id)"""
STRAY = """
select 1 from waiting_list w join accounts a on a.id = w.account_id
where a.merged_into is not null and w.state in ('waiting', 'offered')"""
NAMES = ("Ant", "Bee", "Cow")
FAMILIES = (["GTX"], ["MG"], ["GTX", "MG"])


async def forgotten(world: World) -> list[Any]:
    [(listed, hours)] = await world.rows("select body->'waiting_list'->'open', body->'waiting_list'->'offer_hours' from policies")
    now = world.stage.clock.now()
    return [tuple(row) for row in await world.rows(FORGOTTEN, now, now + int(hours) * HOUR, listed in (True, "true"))]


class Crowd:
    """Partners, staff and time, who do at random what changes lines and what is held."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.partners: dict[UUID, httpx2.AsyncClient] = {world.partner_id: world.partner, world.rival_id: world.rival}
        self.sequence = 1
        self.deeds: list[Callable[[], Awaitable[object]]] = [
            *[self.register] * 8,
            *(self.withdraw, self.close, self.close, self.reopen, self.prolong, self.decline, self.review, self.decide, self.reassign),
            *(self.merge, self.split, self.leave, self.accept, self.stand, self.programme, self.approval, self.tell, self.late),
        ]

    async def gather(self) -> None:
        for _ in range(2):
            who = uuid4()
            await self.world.heard(who)
            self.partners[who] = self.world.stage.client(self.world.service, role="partner", partner_id=who)

    async def act(self) -> None:
        """Some of it at once, with the timer beside; answers are not looked at: what is refused changes nothing."""
        deeds = [self.random.choice(self.deeds)() for _ in range(self.random.randint(1, 4))]
        looks = [look(self.world) for _ in range(self.random.randint(0, 2))]
        for done in await asyncio.gather(*deeds, *looks, return_exceptions=True):
            assert not isinstance(done, BaseException) or isinstance(done, DBAPIError), done

    async def register(self) -> None:
        name = self.random.choice(NAMES)
        client = self.random.choice(list(self.partners.values()))
        asked = ACME | {"account_name": name, "account_domain": f"{name.lower()}.com", "families": self.random.choice(FAMILIES)}
        await client.post("/v1/deals", json=asked | {"wait": True})

    async def withdraw(self) -> None:
        await self._step("state = 'open'", "withdraw", reason="x")

    async def close(self) -> None:
        won = self.random.random() < 0.5
        await self._step("state = 'open'", "close", **({"outcome": "won", "amount": "10.00"} if won else {"outcome": "lost"}))

    async def reopen(self) -> None:
        await self._step("state in ('won', 'lost')", "reopen", reason="x")

    async def prolong(self) -> None:
        await self._step("state = 'open'", self.random.choice(["request-extension", "extend"]))

    async def decline(self) -> None:
        await self._step("state = 'open'", "decline-extension", reason="x")

    async def review(self) -> None:
        if deal := await self._one("select id from deals where state = 'in_review'"):
            await self.world.staff.post(f"/v1/approvals/{deal}/{self.random.choice(['approve', 'reject'])}", json={"reason": "x"})

    async def decide(self) -> None:
        if deal := await self._one("select id from deals where state = 'open'"):
            ways = Ways(self.world, {"id": str(deal)})
            try:
                await ways.decided()
            except (AssertionError, KeyError):
                return  # refused: it is over, or in a conflict already

    async def reassign(self) -> None:
        """As a decision does it: the deal's row is held, then its account."""
        if deal := await self._one("select id from deals where state = 'open'"):
            async with self.world.service.platform.worker_database.transaction() as uow:
                await uow.fetch("select 1 from deals where id = $1 for update", deal)
                [(account,)] = await uow.fetch("select account_id from deals where id = $1", deal)
                await uow.fetch("select 1 from accounts where id = $1 for no key update", account)
                to = self.random.choice(list(self.partners))
                await uow.fetch("update deals set partner_id = $2 where id = $1", deal, to)

    async def merge(self) -> None:
        one, other = [await self._one("select id from accounts where merged_into is null") for _ in range(2)]
        await self.world.staff.post(f"/v1/accounts/{one}/merge", json={"into": str(other), "reason": "x", "keep": {}})

    async def split(self) -> None:
        account, parting = await self._parting()
        await self.world.staff.post(f"/v1/accounts/{account}/split", json=parting)

    async def _parting(self) -> tuple[UUID, dict[str, Any]]:
        """An account, with one of its names and some of its deals, which leave it."""
        found = await self.world.rows("select account_id, kind, value from account_identifiers order by kind, value")
        account, kind, value = self.random.choice(found) if found else (uuid4(), "name", "x")
        deals = [row[0] for row in await self.world.rows("select id from deals where account_id = $1 order by id", account)]
        moved = [str(deal) for deal in deals if self.random.random() < 0.5]
        return account, {"identifiers": [{"kind": kind, "value": value}], "deal_ids": moved, "reason": "x"}

    async def leave(self) -> None:
        await self._place("leave")

    async def accept(self) -> None:
        await self._place("accept")

    async def stand(self) -> None:
        """A partner is suspended, or ends, and comes back."""
        who = self.random.choice(list(self.partners))
        for standing in (self.random.choice([Standing.SUSPENDED, Standing.TERMINATED]), Standing.ACTIVE):
            self.sequence += 1
            async with self.world.service.platform.worker_database.transaction() as uow:
                await uow.lock(partner_name(who))
                await hear_of_partner(uow, PartnerId(who), standing=standing, kind=None, sequence=self.sequence, policy=Policy())

    async def programme(self) -> None:
        listed, hours = self.random.random() < 0.7, self.random.choice([1, 48, 500])
        await self.world.policy(waiting_list={"open": listed, "offer_hours": hours})

    async def approval(self) -> None:
        await self.world.policy(approval={"mode": self.random.choice(["automatic", "automatic", "manual"])})

    async def tell(self) -> None:
        """A sales system tells of a deal of its own."""
        at = self.world.stage.clock.now()
        row = {"source": "crm", "external_id": f"O{self.random.randint(1, 4)}", "partner_id": str(self.random.choice(list(self.partners)))}
        row |= {"account_name": self.random.choice(NAMES), "country": "DE", "families": ["GTX"], "engaged_at": (at - DAY).isoformat()}
        stage = self.random.choice(["open", "lost"])
        await self.world.imported(row | {"stage": stage} | ({"closed_at": at.isoformat()} if stage == "lost" else {}))

    async def late(self) -> None:
        self.world.stage.clock.advance(timedelta(hours=self.random.choice([1, 24, 24 * 9, 24 * 30])))
        await self.world.due()

    async def _step(self, which: str, verb: str, **body: Any) -> None:
        if deal := await self._one(f"select id from deals where {which}"):
            await self.world.step({"id": deal}, verb, **body)

    async def _place(self, verb: str) -> None:
        found = await self.world.rows("select partner_id, id from waiting_list where state in ('waiting', 'offered') order by id")
        if found:
            who, place = self.random.choice(found)
            await self.partners[who].post(f"/v1/waiting/{place}/{verb}")

    async def _one(self, sql: str) -> UUID | None:
        found = [row[0] for row in await self.world.rows(f"{sql} order by id")]
        return self.random.choice(found) if found else None
