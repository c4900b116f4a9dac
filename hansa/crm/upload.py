"""Opportunities on their way into registration: batches of NDJSON, in order of registration, one result per row."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import aiohttp

from hansa.crm.opportunities import Opportunity
from hansa.simulate.client import Api

BATCH = 500
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one opportunity: its deal and where that stands, or why it was refused. `fresh` if this run changed it."""

    opportunity: Opportunity
    deal_id: UUID | None
    stage: str | None
    fresh: bool
    conflict: bool
    refused: str | None
    message: str


async def send(
    api: Api,
    opportunities: Sequence[Opportunity],
    *,
    partners: Mapping[str, UUID],
    source: str,
    exclusivity: str,
    done: Callable[[int], None],
) -> list[Outcome]:
    """Import the opportunities, oldest registration first: rules that depend on order see history as it was."""
    ordered = sorted(opportunities, key=lambda one: (one.engaged_at, one.line))
    outcomes = []
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        rows = [_row(one, partner_id=partners[one.partner], source=source) for one in batch]
        results = await patiently(partial(api.post_lines, "registration/v1/imports", rows, exclusivity=exclusivity))
        outcomes += [_outcome(one, result) for one, result in zip(batch, results, strict=True)]
        done(len(batch))
    return outcomes


async def patiently(send: Callable[[], Awaitable[list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """A batch whose answer was lost is sent again: a row that was taken in is found by its name."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await send()
        except aiohttp.ClientConnectionError:
            if attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(attempt)
    raise AssertionError("unreachable")


def _row(one: Opportunity, *, partner_id: UUID, source: str) -> dict[str, object]:
    row: dict[str, object] = {
        "source": source,
        "external_id": one.id,
        "partner_id": str(partner_id),
        "account_name": one.customer.name,
        "families": [one.family],
        "engaged_at": one.engaged_at.isoformat(),
        "stage": one.stage,
    }
    if one.customer.country:
        row["country"] = one.customer.country
    if one.customer.domain:
        row["account_domain"] = one.customer.domain
    if one.changed_at:
        row["occurred_at"] = one.changed_at.isoformat()
    if one.closed_at:
        row["closed_at"] = one.closed_at.isoformat()
    if one.amount:
        amount = str(one.amount)
        row |= {"currency": one.amount.currency, "amount": amount}
        row["lines"] = [{"product": one.product, "family": one.family, "amount": amount}]
    return row


def _outcome(one: Opportunity, result: Mapping[str, object]) -> Outcome:
    deal_id, stage, code = result.get("deal_id"), result.get("stage"), result.get("code")
    return Outcome(
        opportunity=one,
        deal_id=UUID(str(deal_id)) if deal_id else None,
        stage=str(stage) if stage else None,
        fresh=result["result"] != "unchanged",
        conflict=bool(result.get("conflict")),
        refused=str(code or "refused") if result["result"] == "refused" else None,
        message=str(result.get("message") or ""),
    )
