"""Those who dispute: a partner, the vendor's staff, and the service between them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2

from services.commission.domain.entries import Account, Given, Kind
from services.commission.domain.facts import Adjusted, Booked, Moved
from services.commission.store.plans import Plans
from services.commission.use_cases.audit import audit
from services.commission.use_cases.book import book
from shared.chassis.ids import derived_id
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import closed, partner, rows, take_in

BALANCE = "select held_minor, payable_minor, in_payout_minor, paid_minor from balances"
ACCRUAL = "select id from entries where kind = 'accrual' order by seq"


@dataclass
class Parties:
    """A partner, the vendor's staff, and the service between them. After each test the books balance and replay as they are."""

    service: Service
    stage: Stage
    clock: ManualClock
    staff: httpx2.AsyncClient
    versions: dict[str, str] = field(default_factory=dict)

    def client(self, number: int = 1) -> httpx2.AsyncClient:
        return self.stage.client(self.service, role="partner", partner_id=partner(number))

    async def open(self, entry_id: UUID, *, by: int = 1) -> dict[str, Any]:
        answer = await self.client(by).post("/v1/disputes", json={"entry_id": str(entry_id), "reason": "The rate is wrong."})
        assert answer.status_code == 201, answer.text
        return self._read(answer)

    async def tried(self, entry_id: UUID, *, by: int = 1) -> tuple[int, str | None]:
        answer = await self.client(by).post("/v1/disputes", json={"entry_id": str(entry_id), "reason": "The rate is wrong."})
        return answer.status_code, answer.json().get("code")

    async def act(self, dispute: dict[str, Any], what: str, *, by: int | None = None, **body: Any) -> httpx2.Response:
        """What staff (or a partner) do about it, naming the version that was read last."""
        client = self.staff if by is None else self.client(by)
        tag = {"if-match": self.versions[dispute["id"]]}
        answer = await client.post(f"/v1/disputes/{dispute['id']}/{what}", json=body, headers=tag)
        if answer.status_code == 200:
            self._read(answer)
        return answer

    async def done(self, dispute: dict[str, Any], what: str, *, by: int | None = None, **body: Any) -> dict[str, Any]:
        answer = await self.act(dispute, what, by=by, **body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def time(self, at: datetime) -> None:
        self.clock.set(at)
        await self.service.worker.timers.run_due()

    async def balance(self) -> tuple[int, ...]:
        ((*found,),) = await rows(self.service, BALANCE)
        return tuple(found)

    async def audited(self) -> bool:
        async with self.service.platform.worker_database.transaction() as uow:
            return (await audit(uow)).ok

    async def book(self, number: int, amount: int, *moved: Moved, kind: Kind = Kind.BONUS) -> UUID:
        """A decision of staff; the id of its entry."""
        entry_id = derived_id("booked", number)
        entry = Adjusted(entry_id, amount, kind, "quarter", None, None, Account.PAYABLE, Given("Target reached."))
        fact = Booked(f"booked {number}", partner(1), self.clock.now(), "bonus", "USD", moved, (entry,) if amount else ())
        async with self.service.platform.worker_database.transaction() as uow:
            await book(uow, [fact], plans=Plans())
        return entry_id

    async def accrued(self, minor: int = 100_00, **options: Any) -> UUID:
        """A deal is won; the id of the first partner's entry."""
        await take_in(self.service, closed(1, minor, **options))
        entry_id: UUID = (await rows(self.service, ACCRUAL))[0][0]
        return entry_id

    def _read(self, answer: httpx2.Response) -> dict[str, Any]:
        found: dict[str, Any] = answer.json()
        self.versions[found["id"]] = answer.headers["etag"]
        return found
