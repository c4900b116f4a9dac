"""The whole year, stage by stage; what it returns is all that the table and the audit need."""

from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from hansa.embedded.record import Running
from hansa.simulate.client import Api
from hansa.simulate.crowd import Done
from hansa.simulate.deals import Desk, Ledger
from hansa.simulate.listener import Listener
from hansa.simulate.network import Member, learn, sign_up
from hansa.simulate.plan import Plan
from hansa.simulate.stores import Flow, Stores

Report = Callable[[str, int, int], None]
"""Progress: which stage, how much of it is done, out of how much."""

STAGES = ("partners", "trainings", "history", "refunds", "today", "settling", "tiers")
PARTNER_ENDPOINTS = 3
_OPEN_DELIVERIES = "select count(*) from deliveries where state in ('pending', 'sending')"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook endpoint of the demo; `name` is where the listener keeps what came for it."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class Year:
    """What happened: the members, the simulation's own ledger of deals, the endpoints, and the events when all was at rest."""

    members: list[Member]
    ledger: Ledger
    endpoints: list[Endpoint]
    flow: Flow
    completed: int
    certified: int


class Simulation:
    """Carries out a plan on a system through its public API."""

    def __init__(self, running: Running, session: aiohttp.ClientSession, *, listener: Listener, stores: Stores, report: Report) -> None:
        self._running = running
        self._session = session
        self._listener = listener
        self._stores = stores
        self._report = report
        self.staff = self._api("operator")
        self._connector = self._api("connector")

    async def run(self, plan: Plan) -> Year:
        """The year from the first partner to the last webhook. Raises Rejected where the API says no unexpectedly."""
        endpoints = [await self._listen("everything", self.staff)]
        members = await sign_up(self.staff, plan.partners, done=self._done("partners"))
        for number, member in enumerate(members[:PARTNER_ENDPOINTS], start=1):
            endpoints.append(await self._listen(f"partner-{number}", self._as(member)))
        completed, certified = await learn(self._connector, members, done=self._done("trainings"))
        desk = Desk(members)
        await desk.bring_in(self._connector, plan.history, done=self._done("history"))
        await desk.refund(self._connector, plan.history, done=self._done("refunds"))
        await desk.register_today(self._as, plan.live, done=self._done("today"))
        flow = await self._rest()
        await self._evaluate()
        flow = await self._rest()
        return Year(members, desk.ledger, endpoints, flow, completed, certified)

    async def _listen(self, name: str, api: Api) -> Endpoint:
        url = self._listener.expect(name)
        opened = await api.post("notifications/v1/endpoints", {"url": url, "description": f"the demo's listener: {name}"})
        self._listener.trust(name, secret=opened["secret"])
        return Endpoint(name, opened["endpoint"]["id"])

    async def _evaluate(self) -> None:
        self._report("tiers", 0, 1)
        await self.staff.post("tiering/v1/evaluations")
        self._report("tiers", 1, 1)

    async def _rest(self) -> Flow:
        """Wait until every event has arrived everywhere and no webhook is on its way, or nothing moves any more."""

        async def open_deliveries() -> int:
            return int((await self._stores.rows("notifications", _OPEN_DELIVERIES))[0][0])

        return await self._stores.settled(open_work=open_deliveries, done=self._done("settling"))

    def _done(self, stage: str) -> Done:
        def done(finished: int, total: int) -> None:
            self._report(stage, finished, total)

        return done

    def _as(self, member: Member) -> Api:
        return self._api("partner", member)

    def _api(self, role: str, member: Member | None = None) -> Api:
        token = self._running.token(role, partner_id=member.id if member else None)
        return Api(self._session, self._running.address, token=token)
