"""Enablement with a partner it has heard of, and the steps of learning as short calls."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import httpx2
import orjson

from services.enablement.domain.partners import KnownPartner, Standing
from services.enablement.domain.record import PartnerId
from services.enablement.use_cases.hear_of_partner import hear_of_partner
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage


@dataclass
class World:
    """The service, an operator's client of it, and one active partner."""

    stage: Stage
    service: Service
    staff: httpx2.AsyncClient
    partner_id: UUID

    @classmethod
    async def open(cls, stage: Stage, *, worker: bool = False) -> "World":
        service = await stage.launch("enablement", worker=worker)
        world = cls(stage, service, stage.client(service), uuid4())
        await world.heard(Standing.ACTIVE, sequence=2)
        return world

    async def heard(self, standing: Standing, *, sequence: int, partner_id: UUID | None = None) -> None:
        """The service has heard this of a partner (of its own one, if none is named)."""
        async with self.service.platform.worker_database.transaction() as uow:
            await hear_of_partner(uow, KnownPartner(PartnerId(partner_id or self.partner_id), standing, sequence))

    async def step(self, kind: str, course: str, *, person: UUID, at: datetime | None = None) -> httpx2.Response:
        """POST an enrolment, completion or certificate, as staff."""
        field = {"enrolments": "enrolled_at", "completions": "completed_at", "certificates": "passed_at"}[kind]
        body = {"person_id": str(person), "course_id": course, "partner_id": str(self.partner_id)}
        return await self.staff.post(f"/v1/{kind}", json=body | ({field: at.isoformat()} if at else {}))

    async def learned(self, course: str, *, person: UUID, at: datetime | None = None) -> None:
        """The person has enrolled in the course and completed it."""
        for kind in ("enrolments", "completions"):
            answer = await self.step(kind, course, person=person, at=at)
            assert answer.status_code == 201, answer.text

    async def events(self) -> list[tuple[str, str, dict[str, object]]]:
        """Topic, sequence and body of every event in the outbox."""
        async with self.service.platform.worker_database.transaction() as uow:
            rows = await uow.fetch("select aggregatetype, headers, payload from outbox order by id")
        return [(row[0], orjson.loads(row[1])["ce_sequence"], orjson.loads(row[2])) for row in rows]
