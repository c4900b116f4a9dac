"""The partners of an export in the running system: found by name, created and activated where they are new."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.crm.failures import NotHeardOf
from hansa.simulate.client import Api

_AT_ONCE = 8
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A partner that the export names; it enrolled when its first opportunity began."""

    name: str
    region: str
    enrolled_at: datetime


async def ensure(api: Api, wanted: Sequence[Wanted], *, source: str, kind: str) -> dict[str, UUID]:
    """The id of each partner by name. Running it again finds the same ones."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(partner: Wanted) -> tuple[str, UUID]:
        async with slots:
            return partner.name, await _ensure(api, partner, source=source, kind=kind)

    return dict(await asyncio.gather(*(one(partner) for partner in wanted)))


async def _ensure(api: Api, wanted: Wanted, *, source: str, kind: str) -> UUID:
    found = [partner async for partner in api.pages("partners/v1/partners", name=wanted.name)]
    if found:
        partner = found[0]
    else:
        body = {"name": wanted.name, "type": kind, "region": wanted.region}
        partner = await api.post("partners/v1/partners", body, key=f"import:{source}:{wanted.name}")
    if partner["state"] == "prospect":
        await api.post(f"partners/v1/partners/{partner['id']}/activate", {"enrolled_at": wanted.enrolled_at.isoformat()})
    return UUID(partner["id"])


async def known_to_registration(api: Api, partners: Mapping[str, UUID], *, source: str) -> None:
    """Wait until registration has heard of every partner. Raises NotHeardOf.

    It is asked with rows that it refuses in any case (the account has no name), so that asking leaves no trace.
    """
    deadline = time.monotonic() + _PATIENCE_S
    left = sorted(partners)
    while left:
        results = [result for at in range(0, len(left), 500) for result in await _ask(api, left[at : at + 500], partners, source=source)]
        left = [name for name, result in zip(left, results, strict=True) if result["code"] == "partner_unknown"]
        if left and time.monotonic() > deadline:
            raise NotHeardOf(f"Registration has not heard of {len(left)} new partners within {_PATIENCE_S:.0f} s, such as {left[0]}.")
        await asyncio.sleep(0.05 if left else 0)


async def _ask(api: Api, names: Sequence[str], partners: Mapping[str, UUID], *, source: str) -> list[dict[str, str]]:
    rows = [
        {
            "source": source,
            "external_id": f"is {partners[name]} known",
            "partner_id": str(partners[name]),
            "account_name": " ",
            "families": ["any"],
            "engaged_at": "2000-01-01T00:00:00Z",
            "stage": "open",
        }
        for name in names
    ]
    return await api.post_lines("registration/v1/imports", rows)
