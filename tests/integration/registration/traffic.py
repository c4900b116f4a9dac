"""Everybody who changes what registration holds, at random: partners and staff, sales systems, sides, time, and the programme itself."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2

from tests.integration.registration.court import CLAUSE
from tests.integration.registration.crowd import FAMILIES, NAMES, Crowd
from tests.integration.registration.freeing import DAY, HOUR
from tests.integration.registration.world import ACME

STAGES = ["lead", "demo", "quote"]
_SIDES = "select conflict_id, partner_id from conflict_sides where partner_id is not null"
_DISPUTED = [("open", "open"), ("open", "open"), ("open", "won"), ("won", "won"), ("open", "in_review")]
_ALIVE = "select id, step from conflicts where state <> 'closed' order by version desc, id limit 3"


class Traffic(Crowd):
    """The crowd, and all that it leaves out. Its reassignments are decisions on the record."""

    def __init__(self, world: Any, seed: int) -> None:
        super().__init__(world, seed)
        self.versions = 0
        often = [*[self.register] * 8, *[self.close] * 4, *[self.reopen] * 3, *[self.tell] * 5, *[self.proceed] * 10]
        deals = [self.withdraw, *[self.prolong] * 4, self.decline, self.refund, self.refund, self.amend, self.move_stage, self.move_stage]
        reviews = [self.review, self.review, self.ask, self.resubmit, self.resubmit]
        accounts = [self.merge, self.merge, self.split, self.split, self.alias]
        others = [self.leave, self.accept, self.stand, self.programme, self.approval, self.ways, self.late, self.late]
        agreed = [self.propose, self.propose, self.sign, self.sign, self.sign, self.give_up, self.dispute, self.concern]
        given = [self.share, self.share, self.answer, self.answer, self.convert]
        self.deeds = [*often, *deals, *reviews, *accounts, *others, *agreed, *given]

    def client(self, partner: UUID) -> httpx2.AsyncClient:
        return self.partners[partner]

    def someone(self) -> UUID:
        return self.random.choice(list(self.partners))

    # Deals

    async def register(self) -> None:
        name = self.random.choice(NAMES)
        asked: dict[str, Any] = ACME | {"account_name": name, "families": self.random.choice(FAMILIES), "wait": True}
        asked |= {
            "account_domain": self.random.choice([None, f"{name.lower()}.com"]),
            "territory": self.random.choice([None, "EMEA", "FR"]),
        }
        asked |= self.random.choice([{}, {"expected_amount": "700.00"}])
        await self.client(self.someone()).post("/v1/deals", json=asked)

    async def close(self) -> None:
        if deal := await self._one("select id from deals where state = 'open'"):
            won = self.random.random() < 0.7
            await self.world.step({"id": deal}, "close", **(self._sold() | {"outcome": "won"} if won else {"outcome": "lost"}))

    async def amend(self) -> None:
        await self._step("state = 'won'", "amend", reason="x", **self._sold())

    async def refund(self) -> None:
        await self._step("state = 'won'", "refund", **self.random.choice([{"amount": "3.00"}, {"amount": "4.00", "reason": "x"}, {}]))

    async def move_stage(self) -> None:
        await self._step("state = 'open'", "stage", stage=self.random.choice(STAGES))

    def _sold(self) -> dict[str, Any]:
        """Terms of every kind: an amount or lines, credited by default or to two, with influence beside it."""
        one, other = self.random.sample(list(self.partners), 2)
        line = {"product": "P", "family": "GTX", "amount": f"{self.random.randint(5, 50)}.00"}
        sold: dict[str, Any] = self.random.choice([{"amount": "60.00"}, {"lines": [line, line | {"product": "Q"}]}])
        shares = [{"partner_id": str(one), "share": "1/3"}, {"partner_id": str(other), "share": "2/3"}]
        more = self.random.choice([{}, {}, {"credits": shares, "split_reason": "x"}, {"overlays": shares[:1]}])
        earlier = {"closed_at": (self.world.stage.clock.now() - HOUR).isoformat()}
        return sold | more | self.random.choice([{}, {}, {}, earlier])

    # Reviews

    async def review(self) -> None:
        if deal := await self._one("select id from deals where state in ('in_review', 'returned')"):
            verb, body = self.random.choice([("approve", {"note": "x"}), ("approve", {"note": "x"}), ("reject", {"reason": "x"})])
            await self.world.staff.post(f"/v1/approvals/{deal}/{verb}", json=body)

    async def ask(self) -> None:
        if deal := await self._one("select id from deals where state = 'in_review'"):
            await self.world.staff.post(f"/v1/approvals/{deal}/return", json={"asked": "Which?"})

    async def resubmit(self) -> None:
        changed = self.random.choice([{}, {"families": ["MG"]}, {"territory": "EMEA"}, {"expected_amount": "9.00"}])
        await self._step("state = 'returned'", "resubmit", answer="These.", **changed)

    # Sales systems

    async def tell(self) -> None:
        """Some opportunities, each in some state, sometimes an old one; alone or together, as history or under the rules."""
        rows = [self._opportunity() for _ in range(self.random.choice([1, 1, 3, 8]))]
        if len(rows) > 1 or self.random.random() < 0.5:
            await self.world.imported(*rows, exclusivity=self.random.choice(["record", "enforce"]))
        else:
            body = {key: value for key, value in rows[0].items() if key not in ("source", "external_id")}
            await self.world.staff.put(f"/v1/opportunities/crm/{rows[0]['external_id']}", json=body)

    def _opportunity(self) -> dict[str, Any]:
        self.versions += 1
        number, now = self.random.randint(1, 6), self.world.stage.clock.now()
        version = max(1, self.versions - self.random.choice([0, 0, 0, 5]))
        row = {"source": "crm", "external_id": f"O{number}", "account_name": NAMES[number % 3], "country": "DE", "source_version": version}
        row |= {"partner_id": str(list(self.partners)[number % 4]), "families": ["GTX"], "engaged_at": (now - number * DAY).isoformat()}
        if self.random.random() < 0.2:
            row["partner_id"] = str(self.someone())
        return row | self._stage(now)

    def _stage(self, now: datetime) -> dict[str, Any]:
        stage = self.random.choice(["open", "won", "won", "lost"])
        amount = {"amount": f"{self.random.randint(1, 9)}0.00"} if stage == "won" else {}
        return {"stage": stage} | ({} if stage == "open" else amount | {"closed_at": now.isoformat()})

    # Accounts

    async def split(self) -> None:
        """To a new account, or back to one that was merged; some deals go along, and some stay."""
        account, parting = await self._parting()
        merged = [row[0] for row in await self.world.rows("select id from accounts where merged_into = $1 order by id", account)]
        if merged and self.random.random() < 0.7:
            parting["revive"] = str(self.random.choice(merged))
        await self.world.staff.post(f"/v1/accounts/{account}/split", json=parting)

    async def alias(self) -> None:
        account = await self._one("select id from accounts where merged_into is null")
        name = {"account_name": f"{self.random.choice(NAMES)} {self.random.randint(1, 4)}", "reason": "x"}
        await self.world.staff.post(f"/v1/accounts/{account}/alias", json=name)

    # Conflicts

    async def dispute(self) -> None:
        deals = [await self._one(f"select id from deals where state = '{state}'") for state in self.random.choice(_DISPUTED)]
        if deals[0] and deals[1]:
            await self.world.staff.post("/v1/conflicts", json={"deal_ids": sorted({str(deal) for deal in deals}), "text": "x"})

    async def concern(self) -> None:
        """Somebody more is a side, with a deal or without."""
        alive = await self.world.rows(_ALIVE)
        if alive:
            conflict = self.random.choice(alive)[0]
            deal = await self._one("select id from deals")
            who = {"partner_id": str(self.someone())} if deal is None or self.random.random() < 0.5 else {"deal_id": str(deal)}
            await self._conflict(conflict, "sides", **who)

    async def proceed(self) -> None:
        """The next step of a conflict."""
        if not (alive := await self.world.rows(_ALIVE)):
            await self.dispute()
            return
        conflict, step = self.random.choice(alive)
        match step:
            case "decide":
                await self._conflict(conflict, "decide", **await self._ruling(conflict), **CLAUSE)
            case "communicate" | "prevent":
                await self._conflict(conflict, step, text="x")
            case _:
                await self._conflict(conflict, "steps", step=step, text="x")

    async def _ruling(self, conflict: UUID) -> dict[str, Any]:
        sides = [row[1] for row in await self.world.rows(f"{_SIDES} and conflict_id = $1 order by id", conflict)]
        deals = [
            row[0]
            for row in await self.world.rows("select unnest(deal_ids) d from conflict_sides where conflict_id = $1 order by d", conflict)
        ]
        outcome = self.random.choice(["uphold", "reassign", "reassign", "split", "end_protection"])
        if outcome == "uphold" or not deals or not sides:
            return {"outcome": "uphold"}
        about = {"outcome": outcome, "deal_id": str(self.random.choice(deals))}
        if outcome == "reassign":
            return about | {"to_partner_id": str(self.random.choice(sides))}
        if outcome == "split":
            shares = ["1"] if len(sides) == 1 else ["1/4", "3/4"]
            return about | {"credits": [{"partner_id": str(who), "share": share} for who, share in zip(sides, shares, strict=False)]}
        return about

    async def _conflict(self, conflict: UUID, verb: str, **body: Any) -> None:
        await self.world.staff.post(f"/v1/conflicts/{conflict}/{verb}", json=body, headers={"if-match": "*"})

    # Leads

    async def share(self) -> None:
        lead = {"account_name": f"{self.random.choice(NAMES)} {uuid4().hex[:6]}", "country": "DE", "families": ["GTX"]}
        lead |= self.random.choice([{}, {"expected_amount": "50.00", "territory": "EMEA"}])
        who = self.someone()
        if self.random.random() < 0.5:
            await self.client(who).post("/v1/leads", json=lead)
        else:
            await self.world.staff.post("/v1/leads", json=lead | {"partner_id": str(who)})

    async def answer(self) -> None:
        await self._lead("shared", self.random.choice(["accept", "accept", "accept", "decline", "withdraw"]))

    async def convert(self) -> None:
        await self._lead("accepted", self.random.choice(["convert", "convert", "lose"]))

    async def _lead(self, state: str, verb: str) -> None:
        found = await self.world.rows("select id, partner_id, direction from leads where state = $1 order by id", state)
        if found:
            lead, partner, direction = self.random.choice(found)
            partners_turn = (direction == "to_partner") is not (verb == "withdraw")
            by = self.client(partner) if partners_turn else self.world.staff
            await by.post(f"/v1/leads/{lead}/{verb}", json={} if verb in ("accept", "convert") else {"reason": "x"})

    # Co-selling

    async def propose(self) -> None:
        if deal := await self._one("select id from deals where state = 'open'"):
            [(registrant,)] = await self.world.rows("select partner_id from deals where id = $1", deal)
            other, third = self.random.sample([who for who in self.partners if who != registrant], 2)
            parts = [(registrant, "1/2", False), (other, "1/2", False), (third, "0.1", True)][: self.random.choice([2, 3])]
            parties = [{"partner_id": str(who), "role": "r", "share": share, "overlay": overlay} for who, share, overlay in parts]
            await self.world.staff.post("/v1/coselling", json={"deal_id": str(deal), "parties": parties})

    async def sign(self) -> None:
        """Some sides of what is proposed, often all."""
        found = await self.world.rows("select agreement_id, number, hash from cosell_versions where state = 'proposed' order by 1, 2")
        if found:
            agreement, number, digest = self.random.choice(found)
            for by in (self.world.staff, *self.partners.values()):
                if self.random.random() < 0.8:
                    await by.post(f"/v1/coselling/{agreement}/sign", json={"number": number, "hash": digest})

    async def give_up(self) -> None:
        verb, state = self.random.choice([("decline", "proposed"), ("leave", "in_force")])
        found = await self.world.rows(
            "select agreement_id, number, partner_id from cosell_parties where state = $1 order by 1, 2, 3", state
        )
        if found:
            agreement, number, partner = self.random.choice(found)
            await self.client(partner).post(f"/v1/coselling/{agreement}/{verb}", json={"number": number} if verb == "decline" else {})

    # The programme

    async def ways(self) -> None:
        """Silence, renewal, whom a sales system may name, and what is announced."""
        changed: list[dict[str, Any]] = [
            {"quiet": {"after_days": self.random.choice([None, 7, 20])}},
            {"stages": STAGES, "renew_on_stage_advance": self.random.random() < 0.5},
            {"on_owner_change": self.random.choice(["review", "follow", "follow"])},
            {"protection_starts": self.random.choice(["registration", "approval"])},
            {"on_termination": self.random.choice(["keep", "withdraw"])},
        ]
        await self.world.policy(**self.random.choice(changed))
