"""What sales systems and other services tell at random: imports of two sources, facts as the consumer reads them, other programmes."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import orjson

from shared.chassis.events.consumer import Processor
from shared.chassis.events.envelope import headers_of
from shared.chassis.events.incoming import Raw
from shared.chassis.events.pausing import Breaker
from shared.schemas.base import Event
from shared.schemas.crm import OpportunityChanged
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated, PartnerType
from tests.integration.registration.multitude_part import Part

if TYPE_CHECKING:
    from tests.integration.registration.multitude import Deed, Multitude

DAY = timedelta(days=1)
SOURCES = ("crm", "erp")
_HOURS: tuple[dict[str, Any], ...] = (
    {"open": True, "offer_hours": 48},
    {"open": True, "offer_hours": 1},
    {"open": False, "offer_hours": 48},
)
# What a programme may say otherwise, part by part.
PROGRAMMES: dict[str, tuple[Any, ...]] = {
    "waiting_list": _HOURS,
    "open_registrations_limit": (2, 5, 500),
    "cool_off_days": (0, 0, 5),
    "approval": (
        {"mode": "automatic"},
        {"mode": "manual"},
        {"mode": "rules", "rules": [{"name": "a", "then": "approve", "confidence": ["new"]}]},
    ),
    "on_termination": ("withdraw", "withdraw", "keep"),
    "on_owner_change": ("review", "follow"),
    "quiet": ({"after_days": None}, {"after_days": 14}),
    "protection_starts": ("registration", "approval"),
    "credit_after_expiry": ("unless_rival_holds", "never", "review"),
    "renew_on_stage_advance": (False, True),
    "opportunity_exclusivity": ("record", "enforce"),
    "coselling": ({"vendor_signs": True}, {"vendor_signs": False}),
    "conflicts": ({"probable_duplicates": True}, {"probable_duplicates": False}),
}
_FIRST = {"sources": {"crm": {"versions": "contiguous"}}, "stages": ["lead", "demo", "offer"], "waiting_list": _HOURS[0]}


class Feed(Part):
    """Two sales systems, the service of partners, and the vendor who writes the programme. `ended`: when each partnership did."""

    def __init__(self, crowd: "Multitude") -> None:
        super().__init__(crowd)
        self.ended: dict[UUID, datetime] = {}
        self.versions: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.sequence = 1
        platform = self.world.service.platform
        breaker = Breaker(limit=1_000, share=1.0, window_s=60)
        self.processor = Processor(
            platform.worker_database,
            self.world.service.handlers,
            metrics=platform.telemetry.metrics,
            breaker=breaker,
            retry_budget_s=10,
        )

    @property
    def deeds(self) -> "list[Deed]":
        return [
            *[self.tell] * 4,
            *[self.publish] * 2,
            *[self.put] * 2,
            *[self.settle] * 2,
            *[self.stand] * 2,
            self.programme,
            self.programme,
        ]

    async def begin(self) -> None:
        await self.world.policy(**_FIRST)

    async def programme(self) -> None:
        name = self.random.choice(list(PROGRAMMES))
        await self.world.policy(**{name: self.random.choice(PROGRAMMES[name])})

    async def stand(self) -> None:
        """A partner is suspended, ends, or works (again), as its own service tells it."""
        who, _ = self.crowd.somebody()
        self.sequence += 1
        now = self.world.stage.clock.now()
        head = {"partner_id": who, "occurred_at": now, "recorded_at": now}
        kind = self.random.choice(["activated", "activated", "suspended", "terminated"])
        withdraws = await self._withdraws()
        told = {
            "activated": PartnerActivated(**head, name="P", partner_type=PartnerType.CHANNEL, region="EMEA", enrolled_at=now),
            "suspended": PartnerSuspended(**head, reason="x"),
            "terminated": PartnerTerminated(**head, reason="x"),
        }
        await self._hear(told[kind], sequence=self.sequence)
        if kind == "terminated" and withdraws and await self._withdraws():
            self.ended[who] = now

    async def _withdraws(self) -> bool:
        """Whether the programme says that what a former partner has open goes."""
        [(said,)] = await self.world.rows("select body->>'on_termination' from policies")
        return bool(said == "withdraw")

    async def publish(self) -> None:
        """An opportunity on its topic; of a partner, now and then, that nobody has heard of."""
        row = self._row()
        if self.random.random() < 0.1:
            row["partner_id"] = str(uuid4())
        now = self.world.stage.clock.now()
        try:
            told = OpportunityChanged.model_validate({"occurred_at": now, "recorded_at": now} | row)
        except ValueError:
            return  # such a record is parked, not handled
        await self._hear(told, sequence=0)

    async def _hear(self, told: Event, *, sequence: int) -> None:
        headers = headers_of(told, event_id=str(uuid4()), service="elsewhere", sequence=sequence, cause=None, now=told.recorded_at)
        packed = tuple((name, value.encode()) for name, value in headers.items())
        body = told.model_dump_json(exclude_none=True).encode()
        await self.processor.process([Raw(told.topic, 0, self.random.getrandbits(40), told.key.encode(), body, packed)])

    async def tell(self) -> None:
        """Some rows in bulk, as history or by the rules."""
        rows = [self._row() for _ in range(self.random.randint(1, 4))]
        way = self.random.choice(["record", "enforce"])
        await self.world.staff.post(f"/v1/imports?exclusivity={way}", content=b"\n".join(orjson.dumps(row) for row in rows))

    async def put(self) -> None:
        row = self._row()
        if self.random.random() < 0.3:
            row |= await self._echo()
        await self.world.staff.put(f"/v1/opportunities/{row.pop('source')}/{row.pop('external_id')}", json=row)

    async def _echo(self) -> dict[str, Any]:
        """What a connector wrote for us comes back."""
        found = await self.world.rows("select id, version, partner_id from deals order by id")
        if not found:
            return {}
        deal, version, partner = self.random.choice(found)
        return {"origin": f"hansa:{deal}@{version}", "partner_id": str(partner), "external_id": f"W{self.random.randint(1, 3)}"}

    async def settle(self) -> None:
        """Somebody looks at an error: another partner, another time, the same again, or never mind."""
        found = await self.world.rows("select id, source from intake_errors where state = 'open' order by id")
        if not found:
            return
        error, source = self.random.choice(found)
        now = self.world.stage.clock.now()
        mended = {"partner_id": str(self.crowd.somebody()[0]), "closed_at": now.isoformat(), "engaged_at": (now - DAY).isoformat()}
        verb, body = self.random.choice([("correct", mended), ("retry", {}), ("drop", {"reason": "x"})])
        await self.world.staff.post(f"/v1/intake/{source}/errors/{error}/{verb}", json=body)

    def _row(self) -> dict[str, Any]:
        now = self.world.stage.clock.now()
        source, number = self.random.choice(SOURCES), f"O{self.random.randint(1, 6)}"
        stage = self.random.choice(["open", "open", "won", "lost"])
        partner = self.crowd.somebody()[0]
        row = self.crowd.customer() | {"source": source, "external_id": number, "partner_id": str(partner), "stage": stage}
        row |= {"families": self.random.choice([["GTX"], ["MG"]]), "engaged_at": (now - self.random.choice([1, 5, 40]) * DAY).isoformat()}
        row |= {"source_version": self._version(source, number)} if source == "crm" else {"occurred_at": now.isoformat()}
        if stage != "open" and self.random.random() < 0.9:
            row |= {"closed_at": (now - self.random.choice([0, 0, 3]) * DAY).isoformat(), "amount": "10.00"}
        if self.random.random() < 0.2:
            row["credits"] = [{"partner_id": str(who), "share": "1/2"} for who in self.random.sample(list(self.crowd.partners), 2)]
        return row

    def _version(self, source: str, number: str) -> int:
        """The next one, one that leaves some out, or one that was there before."""
        self.versions[source, number] += self.random.choice([1, 1, 1, 2])
        return self.random.choice([self.versions[source, number], self.versions[source, number], max(1, self.versions[source, number] - 1)])
