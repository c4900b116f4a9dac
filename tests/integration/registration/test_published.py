"""What is published: in order, at its version, as its schema and the documents say, and nothing of what was refused."""

from typing import Any

import httpx2
import orjson
import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration import laws_of_events
from tests.integration.registration.held import published
from tests.integration.registration.traffic import Traffic
from tests.integration.registration.world import World

ACTS = 150
_NOTICES = {"deal.duplicate_refused", "crm.reread_requested"}
"""What a refusal itself is told by: to who was refused that the account is taken, to a sales system that versions never came."""


class OneByOne(Traffic):
    """One request after the other, each looked at: a refused one changes nothing, and so publishes nothing."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(world, seed)
        self.wrong: list[object] = []
        self.refused = 0
        self._before = 0

    async def act(self) -> None:
        await self.random.choice(self.deeds)()

    async def gather(self) -> None:
        await super().gather()
        for client in (self.world.staff, *self.partners.values()):
            client.event_hooks = {"request": [self._ask], "response": [self._answer]}

    async def _ask(self, _: httpx2.Request) -> None:
        self._before = await self._last()

    async def _answer(self, response: httpx2.Response) -> None:
        await response.aread()
        if _refused(response):
            self.refused += 1
            told = {fact.topic for fact in await published(self.world, after=self._before)}
            if not told <= (_NOTICES if "account_taken" in response.text or "/imports" in str(response.url) else set()):
                self.wrong.append((str(response.url), response.text, told))

    async def _last(self) -> int:
        [(last,)] = await self.world.rows("select coalesce(max(id), 0) from outbox")
        return int(last)


def _refused(response: httpx2.Response) -> bool:
    """Refused, or (of an import) every row of it."""
    if response.status_code >= 400:
        return True
    lines: list[Any] = response.content.splitlines() if "/imports" in str(response.url) else []
    return bool(lines) and all(orjson.loads(line)["result"] == "refused" for line in lines)


@pytest.mark.parametrize("seed", range(2))
async def test_facts_when_anything_was_done_then_they_are_what_they_are_said_to_be(stage: Stage, seed: int) -> None:
    world = await World.open(stage)
    await world.policy(waiting_list={"open": True, "offer_hours": 48}, sources={"crm": {"versions": "contiguous"}})
    traffic = OneByOne(world, 1000 + seed)
    await traffic.gather()
    for _ in range(ACTS):
        await traffic.act()
    facts = await published(world)
    assert len({fact.topic for fact in facts}) > 20, "there is something to look at"
    assert (traffic.wrong, traffic.refused > 10) == ([], True)
    assert laws_of_events.not_rising(facts) == []
    assert await laws_of_events.off_version(world, facts) == []
    assert laws_of_events.early(facts) == []
    assert laws_of_events.misfits(facts) == []
    assert laws_of_events.undocumented(facts) == []
    assert laws_of_events.rekeyed(facts) == []
