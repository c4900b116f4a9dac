"""Events about deals as they reach commission, and a way to hand them to it without a broker."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from shared.chassis.ids import derived_id
from shared.chassis.service import Service
from shared.chassis.testing.clock import DEFAULT_NOW
from shared.chassis.testing.records import Told, record
from shared.schemas.base import Event, MoneyAmount
from shared.schemas.cash import DealInvoiced, DealPaid
from shared.schemas.conflicts import ConflictDecided, ConflictOpened, Correction
from shared.schemas.deals import Credit, DealAmended, DealClosed, DealLine, DealRefunded, DealReopened, Outcome

NOW = DEFAULT_NOW
_numbers = count(1_000_000)


def partner(number: int) -> UUID:
    return derived_id("partner", number)


def deal(number: int) -> UUID:
    return derived_id("deal", number)


def _common(number: int, owner: int, at: datetime) -> dict[str, Any]:
    return {"deal_id": deal(number), "partner_id": partner(owner), "occurred_at": at, "recorded_at": at}


def _terms(
    number: int, minor: int, at: datetime, shares: Mapping[int, str] | None, currency: str, lines: Mapping[str, int] | None
) -> dict[str, Any]:
    shares = shares or {1: "1"}
    parts = lines or {"1": minor}
    return {
        **_common(number, next(iter(shares)), at),
        "closed_at": at,
        "amount": MoneyAmount(amount_minor=minor, currency=currency),
        "lines": tuple(DealLine(line_id=line, product="alpha", family="core", amount_minor=part) for line, part in parts.items()),
        "credits": tuple(Credit(partner_id=partner(one), share=share) for one, share in shares.items()),
        "territory": "any",
    }


def closed(
    number: int,
    minor: int,
    *,
    at: datetime = NOW,
    shares: Mapping[int, str] | None = None,
    outcome: Outcome = Outcome.WON,
    currency: str = "USD",
    close_number: int = 1,
    lines: Mapping[str, int] | None = None,
) -> DealClosed:
    return DealClosed(**_terms(number, minor, at, shares, currency, lines), outcome=outcome, close_number=close_number)


def amended(
    number: int, minor: int, *, revision: int = 1, at: datetime = NOW, shares: Mapping[int, str] | None = None, close_number: int = 1
) -> DealAmended:
    return DealAmended(**_terms(number, minor, at, shares, "USD", None), revision=revision, reason="price", close_number=close_number)


def reopened(number: int, *, owner: int = 1, close_number: int = 1) -> DealReopened:
    return DealReopened(**_common(number, owner, NOW), close_number=close_number, reason="mistake")


def refunded(
    number: int,
    minor: int,
    *,
    owner: int = 1,
    close_number: int = 1,
    revision: int = 0,
    currency: str = "USD",
    lines: Sequence[tuple[str, int]] = (),
) -> DealRefunded:
    amount = MoneyAmount(amount_minor=minor, currency=currency)
    parts = [{"line_id": line, "amount_minor": part} for line, part in lines]
    return DealRefunded.model_validate(
        {
            **_common(number, owner, NOW),
            "refund_id": derived_id("refund", next(_numbers)),
            "close_number": close_number,
            "revision": revision,
            "amount": amount,
            "lines": parts,
        }
    )


def _cash(number: int, minor: int, owner: int, currency: str) -> dict[str, Any]:
    amount = MoneyAmount(amount_minor=minor, currency=currency)
    return {**_common(number, owner, NOW), "close_number": 1, "amount": amount, "reference": f"R-{next(_numbers)}"}


def invoiced(number: int, minor: int, *, owner: int = 1, currency: str = "USD") -> DealInvoiced:
    return DealInvoiced(**_cash(number, minor, owner, currency))


def paid(number: int, minor: int, *, owner: int = 1, currency: str = "USD") -> DealPaid:
    return DealPaid(**_cash(number, minor, owner, currency))


def _conflict(number: int, owner: int, deals: Sequence[int]) -> dict[str, Any]:
    side = {"side_id": derived_id("side", number, owner), "deal_ids": tuple(map(deal, deals))}
    return {"conflict_id": conflict(number), "partner_id": partner(owner), "occurred_at": NOW, "recorded_at": NOW, **side}


def conflict(number: int) -> UUID:
    return derived_id("conflict", number)


def conflict_opened(number: int, *deals: int, owner: int = 1) -> ConflictOpened:
    return ConflictOpened(**_conflict(number, owner, deals), kind="overlap")


def conflict_decided(number: int, *deals: int, owner: int = 1, corrects: tuple[int, int] | None = None) -> ConflictDecided:
    """`corrects`: the number of the deal whose first close was corrected, and the revision."""
    correction = Correction(deal_id=deal(corrects[0]), close_number=1, revision=corrects[1]) if corrects else None
    clause: dict[str, Any] = {"policy_version": 1, "clause": "registration.credit_after_expiry"}
    return ConflictDecided(**_conflict(number, owner, deals), **clause, effect="unchanged", correction=correction)


async def take_in(service: Service, *events: Event) -> None:
    """Hand events to the service as one batch."""
    await service.worker.processor.process([record(Told(event), number=next(_numbers), service="registration") for event in events])


async def rows(service: Service, sql: str) -> list[tuple[Any, ...]]:
    """What a statement finds in the service's database."""
    async with service.platform.worker_database.transaction() as uow:
        return [tuple(row) for row in await uow.fetch(sql)]
