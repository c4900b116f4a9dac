"""Two people of finance, and what they do to pay partners."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import closed, partner, rows, take_in

IBANS = ("DE89370400440532013000", "FR1420041010050500013M02606", "GB29NWBK60161331926819")
DEBTOR = {"name": "Vendor GmbH", "iban": "DE02120300000000202051", "bic": "BYLADEM1001"}
HOLD = timedelta(days=30)


class Finance:
    """`ann` drafts, `bob` approves."""

    def __init__(self, stage: Stage, service: Service, clock: ManualClock) -> None:
        self.stage = stage
        self.service = service
        self.clock = clock
        self.ann, self.bob = self.person("ann"), self.person("bob")
        self._deals = 0

    def person(self, name: str) -> httpx2.AsyncClient:
        client = self.stage.client(self.service)
        client.headers["authorization"] = f"Bearer {self.stage.issuer.issue('operator', subject=name)}"
        return client

    async def earn(self, minor: int, *, who: int = 1) -> None:
        """`minor` become payable for the partner (first bracket: 15 %, so it is a multiple of 15), a hold later."""
        self._deals += 1
        await take_in(self.service, closed(self._deals, minor * 100 // 15, at=self.clock.now(), shares={who: "1"}))
        self.clock.set(self.clock.now() + HOLD)
        await self.service.worker.timers.run_due()

    async def payee(self, who: int = 1, *, tax_form: str | None = "W-9", currency: str = "USD", **account: str) -> None:
        """A payee that nothing stands in the way of."""
        body = {"name": f"Müller & Söhne {who}", "currency": currency, "account": account or {"iban": IBANS[who % 3]}}
        await ok(self.ann.put(f"/v1/payees/{partner(who)}", json=body))
        if tax_form:
            await ok(self.ann.put(f"/v1/payees/{partner(who)}/tax-form", json={"form": tax_form}))

    async def rules(self, **changed: Any) -> None:
        recorded = await ok(self.ann.get("/v1/payout-rules"))
        body = {"rules": recorded["rules"] | changed, "reason": "a test"}
        await ok(self.ann.post("/v1/payout-rules", json=body))

    async def draft(self, currency: str = "USD") -> dict[str, Any]:
        return await ok(self.ann.post("/v1/payout-batches", json={"currency": currency}))

    async def approved(self, currency: str = "USD") -> str:
        batch = str((await self.draft(currency))["id"])
        await ok(self.bob.post(f"/v1/payout-batches/{batch}/approve"))
        return batch

    async def started(self, currency: str = "USD") -> str:
        batch = await self.approved(currency)
        await ok(self.ann.post(f"/v1/payout-batches/{batch}/start"))
        return batch

    async def paid(self, currency: str = "USD") -> str:
        batch = await self.started(currency)
        await ok(self.ann.post(f"/v1/payout-batches/{batch}/confirm", json={"reference": "statement 7"}))
        return batch

    async def fail(self, batch: str, *payouts: str, reason: str = "AC04: the account was closed") -> dict[str, Any]:
        failures = [{"payout_id": payout, "reason": reason} for payout in payouts]
        return await ok(self.ann.post(f"/v1/payout-batches/{batch}/fail", json={"payouts": failures}))

    async def payouts(self, batch: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await ok(self.ann.get("/v1/payouts", params={"batch_id": batch, "limit": 250})))["items"]
        return items

    async def outcome(self, batch: str) -> dict[UUID, tuple[str, str | None]]:
        """State and reason by partner."""
        return {UUID(each["partner_id"]): (each["state"], each["reason"]) for each in await self.payouts(batch)}

    async def balance(self, who: int = 1) -> tuple[int, int, int, int]:
        """Held, payable, in payout, paid."""
        found = await rows(
            self.service, f"select held_minor, payable_minor, in_payout_minor, paid_minor from balances where partner_id = '{partner(who)}'"
        )
        return found[0]  # type: ignore[return-value]


async def ok(request: Any) -> Any:
    """The body of an answer that must be a success."""
    answer = await request
    assert answer.status_code < 300, answer.text
    return answer.json()


async def refused(request: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    answer = await request
    return answer.status_code, answer.json()["code"]
