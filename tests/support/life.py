"""What a partner does in its life, once through every service, so that each table holds rows of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from shared.chassis.ids import derived_id
from tests.support.world import World


async def offer_spiff(world: World) -> None:
    """The vendor's plan from today on: it keeps a sum of what each partner got of a SPIFF, since that has a cap."""
    today = world.stage.clock.now().date().isoformat()
    spiff = {"name": "Launch", "from": today, "until": "2100-01-01", "flat": "500", "cap": "800"}
    brackets = [{"from": "0", "to": None, "rate": "0.10"}]
    version = {"effective_from": today, "brackets": brackets, "spiffs": [spiff]}
    await world.post("commission", "/v1/plans", {"document": {"currency": "USD", "versions": [version]}, "reason": "a launch"})


async def look_at_large_deals(world: World) -> None:
    """The vendor's rules of registration: large ones are reviewed, and whoever comes second may wait."""
    rules = [{"name": "large", "then": "review", "min_amount": "1000000"}, {"name": "the rest", "then": "approve"}]
    changed = {"approval": {"mode": "rules", "rules": rules}, "waiting_list": {"open": True}}
    async with world.services["registration"].platform.worker_database.transaction() as uow:
        await uow.fetch("update policies set body = body || $1::text::jsonb", orjson.dumps(changed).decode())


@dataclass
class Partner:
    """One partner of the world and what it has made."""

    world: World
    name: str
    id: UUID = field(default_factory=lambda: UUID(int=0))

    async def join(self) -> None:
        """Created and activated by the vendor."""
        created = await self.world.post(
            "partners", "/v1/partners", {"name": self.name, "type": "reseller_affiliate", "region": f"Region of {self.name}"}
        )
        self.id = UUID(created["id"])
        await self.world.post("partners", f"/v1/partners/{self.id}/activate", {})
        await self.world.spread()

    async def live(self) -> None:
        """Contacts, deals that end in every way, training, an endpoint, a payout."""
        contact = await self._own(
            "partners", f"/v1/partners/{self.id}/contacts", {"name": f"Ann of {self.name}", "email": f"ann@{self.id}.example"}
        )
        won = await self._register("won")
        await self._own("registration", f"/v1/deals/{won}/close", self._terms())
        await self._own("registration", f"/v1/deals/{won}/refund", {"amount": "100.00", "reason": f"Rebate to {self.name}"})
        lost = await self._register("lost")
        await self._own("registration", f"/v1/deals/{lost}/close", {"outcome": "lost"})
        open_deal = await self._register("open")
        await self._keep_going(open_deal)
        await self._quarrel(open_deal)
        await self._cosell(open_deal)
        await self._refer()
        await self._own("notifications", "/v1/endpoints", {"url": f"https://{self.id}.example/hook", "description": f"Hook of {self.name}"})
        await self.world.spread()
        await self._book(won)
        await self._dispute(won)
        await self._learn(contact["person_id"] if "person_id" in contact else str(derived_id(self.name)))
        await self.world.post("tiering", "/v1/evaluations", {})
        await self.world.spread()
        await self._be_paid()

    async def _keep_going(self, deal: str) -> None:
        """More time for a deal, a place in line behind another's, a large one in review, and a draft."""
        await self._own("registration", f"/v1/deals/{deal}/request-extension", {"evidence": f"{self.name} meets them in May"})
        await self._stand_in_line()
        await self._own("registration", "/v1/deals", self._customer("large") | {"expected_amount": "1000000"})
        await self._own("registration", "/v1/drafts", self._customer("draft"))

    async def _stand_in_line(self) -> None:
        """Behind a third partner: nobody waits for what is its own."""
        holder = Partner(self.world, f"Holder before {self.name}")
        await holder.join()
        await self.world.post("registration", "/v1/deals", self._customer("taken") | {"partner_id": str(holder.id)})
        behind = self.world.client("registration", "partner", partner_id=self.id)
        answer = await behind.post("/v1/deals", json=self._customer("taken") | {"wait": True})
        assert answer.status == 409, answer.body

    async def _quarrel(self, deal: str) -> None:
        """The partner sees a conflict about a deal of its own, proves its side, and gets a letter."""
        seen = {"deal_ids": [deal], "text": f"Somebody is at a customer of {self.name}"}
        path = f"/v1/conflicts/{(await self._own('registration', '/v1/conflicts', seen))['id']}"
        proof = {"kind": "document", "reference": f"Minutes of {self.name}", "note": f"{self.name} was there first"}
        await self._own("registration", f"{path}/evidence", proof)
        staff = self.world.client("registration")
        clause = {"policy_version": 1, "clause": "registration.protection_days", "reason": f"{self.name} is right"}
        steps: list[tuple[str, dict[str, Any]]] = [
            ("steps", {"step": step, "text": "done"}) for step in ("identify", "investigate", "mediate")
        ]
        for verb, body in (*steps, ("decide", {"outcome": "uphold", **clause}), ("communicate", {"text": "by letter"})):
            answer = await staff.post(f"{path}/{verb}", json=body, headers={"if-match": "*"})
            assert answer.status == 200, answer.body

    async def _refer(self) -> None:
        """A lead for the vendor, with the person to speak to."""
        person = {"name": f"Eve of {self.name}", "email": f"eve@{self.id}.example"}
        lead = {"account_name": f"Prospect of {self.name}", "families": ["GTX"], "contact": person}
        await self._own("registration", "/v1/leads", lead)

    async def _cosell(self, deal: str) -> None:
        """An agreement that is in force, and a step of its plan."""
        party = {"partner_id": str(self.id), "role": f"Role of {self.name}", "share": "1"}
        agreement = await self._own("registration", "/v1/coselling", {"deal_id": deal, "parties": [party]})
        path = f"/v1/coselling/{agreement['id']}"
        signature = {"number": 1, "hash": agreement["versions"][0]["hash"]}
        await self._own("registration", f"{path}/sign", signature)
        await self.world.post("registration", f"{path}/sign", signature)
        await self._own("registration", f"{path}/plan", {"title": f"Demo by {self.name}", "due_on": "2026-12-01"})

    async def _book(self, deal: str) -> None:
        """The vendor's books tell what the customer was asked for and paid."""
        for path in ("invoices", "payments"):
            document = {"reference": f"{path} of {self.name}", "deal_id": deal, "amount": "30000.00", "currency": "USD"}
            await self.world.post("commission", f"/v1/{path}", {**document, "at": "2026-03-01T00:00:00Z"})

    async def _dispute(self, deal: str) -> None:
        """The partner asks why something was taken back."""
        entries = await self.world.get("commission", f"/v1/entries?deal_id={deal}")
        wrong = {"entry_id": entries.json["items"][-1]["id"], "reason": f"{self.name} knows of no rebate"}
        await self._own("commission", "/v1/disputes", wrong)

    async def _learn(self, person_id: str) -> None:
        course = (await self.world.get("enablement", "/v1/courses")).json["items"][0]["id"]
        step = {"person_id": person_id, "course_id": course, "partner_id": str(self.id)}
        for path in ("enrolments", "completions", "certificates"):
            await self.world.post("enablement", f"/v1/{path}", step)
        await self.world.spread()

    async def _be_paid(self) -> None:
        """A bank account, and a place in a draft once the hold is over."""
        body = {"name": f"Payee {self.name}", "currency": "USD", "account": {"number": self.id.hex[:30], "bic": "CHASUS33"}}
        commission = self.world.client("commission", "partner", partner_id=self.id)
        answer = await commission.call("PUT", f"/v1/payees/{self.id}", json=body)
        assert answer.status == 200, answer.body
        self.world.stage.clock.set(self.world.stage.clock.now() + timedelta(days=31))
        await self.world.services["commission"].worker.timers.run_due()
        await self.world.post("commission", "/v1/payout-batches", {"currency": "USD"})
        await self.world.spread()

    async def _register(self, what: str) -> str:
        deal = await self._own("registration", "/v1/deals", self._customer(what))
        return str(deal["id"])

    def _customer(self, what: str) -> dict[str, Any]:
        return {
            "account_name": f"Customer {what} of {self.name}",
            "account_domain": f"{what}-{self.id.hex}.com",
            "families": ["GTX"],
            "country": "DE",
        }

    def _terms(self) -> dict[str, Any]:
        line = {"product": f"Product for {self.name}", "family": "GTX", "amount": "60000.00"}
        return {"outcome": "won", "lines": [line], "attributes": {"note": f"Note of {self.name}"}}

    async def _own(self, service: str, path: str, body: dict[str, Any]) -> Any:
        return await self.world.post(service, path, body, role="partner", partner_id=self.id)
