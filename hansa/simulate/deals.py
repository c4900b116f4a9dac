"""The deals of the plan: a history brought in by the connected sales system, and today's, registered by the partners themselves."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from hansa.simulate import names
from hansa.simulate.client import PASSING, PATIENCE_S, Api, Rejected
from hansa.simulate.crowd import Done, each
from hansa.simulate.network import Member
from hansa.simulate.plan import DealPlan, Ending, LiveDeal

Row = Mapping[str, Any]
BATCH = 200
_AT_ONCE = 8


class NotTaken(Exception):
    """A row of the history was refused; nothing planned may be."""


@dataclass
class Ledger:
    """What the simulation knows to have happened: the audit holds the system to it.

    `won` has the beneficiaries of every won deal; `refused` counts rivals turned away, `misled` those let in by mistake.
    """

    won: dict[str, frozenset[str]] = field(default_factory=dict)
    deal_ids: dict[int, str] = field(default_factory=dict)
    lost: int = 0
    open: int = 0
    refunds: int = 0
    overlaps: int = 0
    refused: int = 0
    misled: list[str] = field(default_factory=list)


class Desk:
    """Carries out the planned deals for the members of the network and writes down what came of each."""

    def __init__(self, members: list[Member]) -> None:
        self._members = members
        self._source = f"demo-{uuid4().hex[:8]}"
        self.ledger = Ledger()

    async def bring_in(self, connector: Api, history: tuple[DealPlan, ...], *, done: Done) -> None:
        """Import the history in batches. Raises NotTaken for a row that is refused."""
        done(0, len(history))
        for start in range(0, len(history), BATCH):
            batch = history[start : start + BATCH]
            results = await self._imported(connector, [self._row(deal) for deal in batch])
            for deal, result in zip(batch, results, strict=True):
                self._note(deal, result)
            done(start + len(batch), len(history))

    async def refund(self, connector: Api, history: tuple[DealPlan, ...], *, done: Done) -> None:
        """Give the planned money back."""
        refunded = [deal for deal in history if deal.refunds]

        async def one(deal: DealPlan) -> None:
            for refund in deal.refunds:
                await connector.post(f"registration/v1/deals/{self.ledger.deal_ids[deal.number]}/refund", _refund(refund))
                self.ledger.refunds += 1

        await each(refunded, one, at_once=_AT_ONCE, done=done)

    async def register_today(self, api_of: Callable[[Member], Api], live: tuple[LiveDeal, ...], *, done: Done) -> None:
        """Each partner registers, and a rival tries the same account; then the deal is won or lost, or stays open."""

        async def one(planned: LiveDeal) -> None:
            deal, owner = planned.deal, api_of(self._members[planned.deal.partner])
            registered = await owner.post("registration/v1/deals", self._registration(deal))
            self.ledger.deal_ids[deal.number] = registered["id"]
            if planned.rival is not None:
                await self._try_the_same(api_of(self._members[planned.rival]), deal)
            if deal.ending is not Ending.OPEN:
                await owner.post(f"registration/v1/deals/{registered['id']}/close", self._close(deal))
            self._ended(deal)

        await each(live, one, at_once=_AT_ONCE, done=done)

    async def _try_the_same(self, rival: Api, deal: DealPlan) -> None:
        try:
            await rival.post("registration/v1/deals", self._registration(deal))
        except Rejected as error:
            if error.code != "account_taken":
                raise
            self.ledger.refused += 1
        else:
            self.ledger.misled.append(self.ledger.deal_ids[deal.number])

    async def _imported(self, connector: Api, rows: list[Row]) -> Sequence[Row]:
        """One result per row; rows of partners that registration has not heard of yet are sent again (the others change nothing)."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            results = await connector.post_lines("registration/v1/imports", rows)
            if not any(result["code"] in PASSING for result in results) or time.monotonic() > deadline:
                return results
            await asyncio.sleep(0.1)

    def _note(self, deal: DealPlan, result: Row) -> None:
        if result["deal_id"] is None:
            raise NotTaken(f"the row of deal {deal.number} was not taken: {result['code']}: {result['message']}")
        self.ledger.deal_ids[deal.number] = result["deal_id"]
        self.ledger.overlaps += bool(result["conflict"])
        self._ended(deal)

    def _ended(self, deal: DealPlan) -> None:
        match deal.ending:
            case Ending.WON:
                self.ledger.won[self.ledger.deal_ids[deal.number]] = frozenset(share["partner_id"] for share in self._credits(deal))
            case Ending.LOST:
                self.ledger.lost += 1
            case Ending.OPEN:
                self.ledger.open += 1

    def _row(self, deal: DealPlan) -> Row:
        closed = {"closed_at": deal.closed_at.isoformat(), **self._sale(deal)} if deal.closed_at else {}
        return {
            "source": self._source,
            "external_id": f"D{deal.number}",
            "partner_id": str(self._members[deal.partner].id),
            **_customer(deal),
            "engaged_at": deal.engaged_at.isoformat(),
            "stage": deal.ending.value,
            **closed,
        }

    def _registration(self, deal: DealPlan) -> Row:
        return {**_customer(deal), "expected_amount": _major(deal.minor)}

    def _close(self, deal: DealPlan) -> Row:
        return {"outcome": deal.ending.value, **self._sale(deal)}

    def _sale(self, deal: DealPlan) -> Row:
        line = {"product": deal.product, "family": deal.family, "quantity": 1, "amount": _major(deal.minor)}
        return {"currency": "USD", "lines": [line], "credits": self._credits(deal)}

    def _credits(self, deal: DealPlan) -> list[dict[str, str]]:
        """The registrant alone, or seven tenths to it and three to the co-seller."""
        owner = str(self._members[deal.partner].id)
        if deal.co_seller is None:
            return [{"partner_id": owner, "share": "1"}]
        return [{"partner_id": owner, "share": "0.7"}, {"partner_id": str(self._members[deal.co_seller].id), "share": "0.3"}]


def _customer(deal: DealPlan) -> Row:
    name, domain, country = names.account(deal.account)
    return {"account_name": name, "account_domain": domain, "country": country, "families": [deal.family]}


def _refund(minor: int) -> Row:
    return {"amount": _major(minor), "reason": "the customer returned it"}


def _major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
