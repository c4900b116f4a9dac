"""Whether a refused rival can tell from the time of its answer how an account is held, where the answer itself says nothing."""

import random
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean, median
from uuid import uuid4

import aiohttp
import orjson

from benchmarks.ground import Ground, Measure, Report
from benchmarks.register import Scene, served

HELD = "held by a partner"
ACCOUNTS, WARM, REQUESTS = 8, 100, 400  # of each kind
APART = 0.05  # AUC: so far from one half the two may be; a coin has 0.5, certainty 1
RIVAL = 1


@dataclass
class Vendor:
    """What makes accounts be held in different ways: `scene`'s partners, and the vendor's staff."""

    scene: Scene
    session: aiohttp.ClientSession

    async def prepare(self) -> list[tuple[str, str]]:
        """Kind and account name of every account that the rival will ask for."""
        ways = {HELD: self._held, "in review": self._reviewed, "with others in line": self._waited_for, "in conflict": self._contested}
        made: list[tuple[str, str]] = []
        for number in range(ACCOUNTS):
            for kind, way in ways.items():
                name = f"Account {number} {uuid4().hex}"
                await way(name)
                made.append((kind, name))
        return made

    async def _held(self, name: str) -> None:
        assert (await self.register(name, 0))["protected"]

    async def _reviewed(self, name: str) -> None:
        await self._programme(approval={"mode": "manual"})
        assert (await self.register(name, 0))["state"] == "in_review"
        await self._programme(approval={"mode": "automatic"})

    async def _waited_for(self, name: str) -> None:
        await self._programme(waiting_list={"open": True})
        await self._held(name)
        for who in range(2, 8):
            assert (await self.register(name, who, wait=True))["code"] == "account_taken"

    async def _contested(self, name: str) -> None:
        """Three partners have it in a sales system's history; the first is protected, and a conflict is open."""
        rows = [self._opportunity(name, who) for who in (0, 2, 3)]
        headers = {"authorization": f"Bearer {self.scene.staff}"}
        async with self.session.post("/v1/imports", data=b"\n".join(map(orjson.dumps, rows)), headers=headers) as answer:
            results = [orjson.loads(line) for line in (await answer.read()).splitlines()]
        assert [result["conflict"] for result in results] == [False, True, True], results

    def _opportunity(self, name: str, who: int) -> dict[str, object]:
        told = {"source": "crm", "external_id": uuid4().hex, "partner_id": str(self.scene.partners[who]), "stage": "open"}
        engaged = datetime.now(UTC) - timedelta(minutes=30 - who)
        return told | {"account_name": name, "families": ["GTX"], "engaged_at": engaged.isoformat()}

    async def _programme(self, **changed: object) -> None:
        async with self.scene.service.platform.worker_database.transaction() as uow:
            await uow.fetch("update policies set body = body || $1::text::jsonb", orjson.dumps(changed).decode())

    async def register(self, name: str, who: int, **more: object) -> dict[str, object]:
        """The answer to a registration of the partner with this number."""
        headers = {"idempotency-key": uuid4().hex, "authorization": f"Bearer {self.scene.tokens[who]}"}
        async with self.session.post("/v1/deals", json={"account_name": name, "families": ["GTX"]} | more, headers=headers) as answer:
            told: dict[str, object] = orjson.loads(await answer.read())
            return told


async def timed(ground: Ground, *, seed: int) -> dict[str, list[float]]:
    """Microseconds of each refused request by kind; the kinds come in a random order, one request at a time."""
    chance = random.Random(seed)
    async with served(ground) as (scene, port), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        vendor = Vendor(scene, session)
        accounts = await vendor.prepare()
        order = accounts * (REQUESTS // ACCOUNTS)
        chance.shuffle(order)
        took: defaultdict[str, list[float]] = defaultdict(list)
        for number, (kind, name) in enumerate([*order[:WARM], *order]):
            started = time.perf_counter()
            answer = await vendor.register(name, RIVAL)
            taken = 1e6 * (time.perf_counter() - started)
            assert answer["code"] == "account_taken", answer
            if number >= WARM:
                took[kind].append(taken)
        return took


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """Mann and Whitney: how often a time of `one` is longer than one of `other`, a tie counting half."""
    ordered = sorted(other)
    longer = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in one) / 2
    return longer / (len(one) * len(other))


def deviations(found: float, *, runs: int) -> float:
    """How many standard deviations the mean of so many runs lies from one half, if both kinds of REQUESTS were one."""
    deviation: float = ((2 * REQUESTS + 1) / (12 * REQUESTS**2 * runs)) ** 0.5
    return (found - 0.5) / deviation


async def measure(ground: Ground, *, runs: int) -> Report:
    """The kinds against the plainest one, run by run: a machine whose speed drifts between runs would hide what differs within one."""
    found = [await timed(ground, seed=run) for run in range(runs)]
    kinds = [kind for kind in found[0] if kind != HELD]
    measures = {kind: Measure(kind, "µs", tuple(median(times[kind]) for times in found)) for kind in found[0]}
    aucs = {kind: fmean(auc(times[kind], times[HELD]) for times in found) for kind in kinds}
    facts: dict[str, object] = {
        f"AUC, {kind} against {HELD}": f"{value:.3f} ({deviations(value, runs=runs):+.1f} standard deviations)"
        for kind, value in aucs.items()
    }
    facts |= {"requests of each kind": runs * REQUESTS, "to reach": f"every AUC within {APART} of 0.5"}
    within = all(abs(value - 0.5) <= APART for value in aucs.values())
    others = tuple(measures[kind] for kind in kinds)
    return Report("rival: the time of a refusal, by how the account is held", measures[HELD], others, {}, facts, within=within)
