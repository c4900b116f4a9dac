"""The crowd with all else that partners, staff, sales systems and time do to registration, and what broke meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from tests.integration.registration.crowd import Crowd
from tests.integration.registration.freeing import look
from tests.integration.registration.multitude_accounts import AccountBook
from tests.integration.registration.multitude_court import Bench
from tests.integration.registration.multitude_feed import Feed
from tests.integration.registration.multitude_sales import Sales
from tests.integration.registration.world import ACME, World

Deed = Callable[[], Awaitable[object]]
# Some of them name one customer, some are like others, and a name and a domain may lead to two accounts.
CUSTOMERS: tuple[tuple[str, str | None], ...] = (
    ("Nordlicht Optik GmbH", None),
    ("Nordlciht Optik", None),
    ("Nordlicht Optik", "nordlicht.de"),
    ("Zebra Works", "zebra.com"),
    ("Zebra Work", None),
    ("Ant", "ant.com"),
    ("Bee", "ant.com"),
)
FAMILIES = (["GTX"], ["MG"], ["GTX", "MG"])
TERRITORIES = (None, None, "DE", "DACH", "EMEA", "FR")


class Multitude(Crowd):
    """Everybody. Of the answers nothing is looked at but whether one is a fault of the service: those are kept in `faults`."""

    at_once = (2, 5)

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(world, seed)
        self.faults: list[str] = []
        self.hear(world.staff)
        for client in self.partners.values():
            self.hear(client)
        self.feed = Feed(self)
        self.deeds = [
            *[self.register] * 8,
            *(self.withdraw, self.close, self.close, self.reopen, self.prolong, self.decline, self.leave, self.accept, self.approval),
            *[self.review] * 2,
            *(self.give_back, self.resubmit, self.stage, self.refund, self.draft, self.merge, self.split, self.late, self.late),
            *AccountBook(self).deeds,
            *Sales(self).deeds,
            *Bench(self).deeds,
            *self.feed.deeds,
        ]

    def hear(self, client: httpx2.AsyncClient) -> None:
        """Keep what this client is answered, if it is a fault."""
        client.event_hooks = {"response": [self._judge]}

    async def _judge(self, answer: httpx2.Response) -> None:
        if answer.status_code >= 500:
            await answer.aread()
            self.faults.append(f"{answer.request.method} {answer.request.url.path} {answer.request.content!r}: {answer.text}")

    async def gather(self) -> None:
        await super().gather()
        await self.feed.begin()
        for client in self.partners.values():
            self.hear(client)

    async def act(self) -> None:
        """Several deeds at once, with timers beside them."""
        deeds = [self.random.choice(self.deeds)() for _ in range(self.random.randint(*self.at_once))]
        looks = [look(self.world) for _ in range(self.random.randint(0, 1))]
        await asyncio.gather(*deeds, *looks, *(self.timer() for _ in range(self.random.randint(0, 1))))

    async def timer(self) -> None:
        timer = self.random.choice(self.world.service.timers)
        async with self.world.service.platform.worker_database.transaction() as uow:
            await timer.run(uow)

    # What the parts of it share

    async def one(self, sql: str, *values: Any) -> Any:
        """The first column of one of the rows, by chance; None if there are none."""
        found = sorted(row[0] for row in await self.world.rows(sql, *values))
        return self.random.choice(found) if found else None

    def somebody(self) -> tuple[UUID, httpx2.AsyncClient]:
        return self.random.choice(list(self.partners.items()))

    def either(self, owner: UUID) -> httpx2.AsyncClient:
        """The partner, if it has a client, or staff."""
        return self.random.choice([self.partners.get(owner, self.world.staff), self.world.staff])

    async def owned(self, table: str, states: Sequence[str]) -> tuple[UUID, UUID] | None:
        """The id of a row in one of the states, by chance, and its partner."""
        found = [
            tuple(row)
            for row in await self.world.rows(f"select id, partner_id from {table} where state = any($1) order by id", list(states))
        ]
        return self.random.choice(found) if found else None

    def customer(self) -> dict[str, Any]:
        """How somebody calls one of the customers."""
        name, domain = self.random.choice(CUSTOMERS)
        return {"account_name": name, "account_domain": domain, "country": "DE"}

    # What is done with registrations beyond the crowd's deeds

    async def register(self) -> None:
        who, client = self.somebody()
        asked = ACME | self.customer() | {"families": self.random.choice(FAMILIES), "territory": self.random.choice(TERRITORIES)}
        if self.random.random() < 0.2:
            asked |= {"partner_id": str(who), "override": self.random.choice([None, "agreed"])}
            client = self.world.staff
        await client.post("/v1/deals", json=asked | {"wait": self.random.random() < 0.7})

    async def give_back(self) -> None:
        if deal := await self._one("select id from deals where state = 'in_review'"):
            await self.world.staff.post(f"/v1/approvals/{deal}/return", json={"asked": "Which?"})

    async def resubmit(self) -> None:
        if found := await self.owned("deals", ["returned"]):
            answer = {"answer": "These.", "families": self.random.choice([None, *FAMILIES]), "territory": self.random.choice(TERRITORIES)}
            await self.either(found[1]).post(f"/v1/deals/{found[0]}/resubmit", json=answer)

    async def stage(self) -> None:
        await self._step("state = 'open'", "stage", stage=self.random.choice(["lead", "demo", "offer"]))

    async def refund(self) -> None:
        await self._step("state = 'won'", "refund", amount="1.00")

    async def draft(self) -> None:
        who, client = self.somebody()
        if kept := await self.one("select id from drafts where partner_id = $1", who):
            await client.post(f"/v1/drafts/{kept}/submit", json={})
        else:
            await client.post("/v1/drafts", json=self.customer() | {"families": ["GTX"]})

    async def close(self) -> None:
        """Also a while ago, as only the vendor may say it; with credit of one's own choice."""
        ago = timedelta(hours=self.random.choice([0, 0, 1, 48]))
        at = {"closed_at": (self.world.stage.clock.now() - ago).isoformat()} if ago else {}
        won = {"outcome": "won", "amount": "10.00", "credit_decided": self.random.random() < 0.5}
        await self._step("state = 'open'", "close", **at, **(won if self.random.random() < 0.5 else {"outcome": "lost"}))
