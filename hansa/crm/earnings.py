"""What imported wins earned, read from the commission service once it has caught up with them."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from hansa.crm.failures import NotCaughtUp
from hansa.simulate.client import Api
from shared.chassis.money import Money

_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Win:
    """One won deal; `amount` is what its entries must show of revenue where this run changed it."""

    deal_id: UUID
    amount: Money
    fresh: bool


@dataclass(slots=True)
class _Booked:
    accrued: bool = False
    revenue_minor: int = 0
    commission: list[Money] = field(default_factory=list)


async def commission_of(api: Api, wins: Mapping[UUID, Sequence[Win]], *, currency: str, within_s: float) -> dict[UUID, Money]:
    """Commission on the wins of each partner. Raises NotCaughtUp at the deadline.

    One partner is watched at a time: reading everybody's entries again and again would slow down what is waited for.
    """
    deadline = time.monotonic() + within_s
    found: dict[UUID, Money] = {}
    for partner, won in wins.items():
        while (total := await _total(api, partner, won, currency=currency)) is None:
            if time.monotonic() > deadline:
                raise NotCaughtUp(f"Commission has not booked all wins of {len(wins) - len(found)} partners within {within_s:.0f} s.")
            await asyncio.sleep(_EVERY_S)
        found[partner] = total
    return found


async def _total(api: Api, partner: UUID, won: Sequence[Win], *, currency: str) -> Money | None:
    """The partner's commission on these wins; None while some of them are not booked."""
    booked = await _booked(api, partner, {win.deal_id for win in won})
    if not all(_is_booked(win, booked.get(win.deal_id)) for win in won):
        return None
    return Money(sum(amount.minor for one in booked.values() for amount in one.commission if amount.currency == currency), currency)


async def _booked(api: Api, partner: UUID, deals: set[UUID]) -> dict[UUID, _Booked]:
    found: dict[UUID, _Booked] = {}
    async for entry in api.pages("commission/v1/entries", partner_id=str(partner)):
        deal_id = UUID(entry["deal_id"])
        if deal_id in deals:
            booked = found.setdefault(deal_id, _Booked())
            booked.accrued |= entry["kind"] == "accrual"
            booked.revenue_minor += int(entry["revenue"]["amount_minor"])
            booked.commission.append(Money(int(entry["amount"]["amount_minor"]), entry["amount"]["currency"]))
    return found


def _is_booked(win: Win, booked: _Booked | None) -> bool:
    """A win that this run changed must show its new amount; an older one may have been refunded since."""
    if booked is None or not booked.accrued:
        return False
    return not win.fresh or booked.revenue_minor == win.amount.minor
