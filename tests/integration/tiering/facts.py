"""Events of other services as they reach tiering, and a way to hand them to it without a broker."""

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from shared.chassis.events import Raw
from shared.chassis.events.envelope import headers_of
from shared.chassis.ids import derived_id, new_id
from shared.chassis.service import Service
from shared.chassis.testing.clock import DEFAULT_NOW
from shared.schemas.base import Event, MoneyAmount
from shared.schemas.deals import Credit, DealAmended, DealClosed, DealLine, DealRefunded, DealReopened, Outcome
from shared.schemas.enablement import CertificationExpired, CertificationPassed
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerType

NOW = DEFAULT_NOW
ENROLLED = datetime.fromisoformat("2026-02-01T00:00:00Z")  # within the quarter of NOW: no timer evaluates by itself
_offsets = count()


def partner(number: int) -> UUID:
    return derived_id("partner", number)


def deal(number: int) -> UUID:
    return derived_id("deal", number)


def usd(minor: int) -> MoneyAmount:
    return MoneyAmount(amount_minor=minor, currency="USD")


def activated(number: int, *, enrolled_at: datetime = ENROLLED) -> PartnerActivated:
    return PartnerActivated(
        partner_id=partner(number),
        name=f"Partner {number}",
        partner_type=PartnerType.CHANNEL,
        region="EMEA",
        enrolled_at=enrolled_at,
        occurred_at=NOW,
        recorded_at=NOW,
    )


def suspended(number: int) -> PartnerSuspended:
    return PartnerSuspended(partner_id=partner(number), reason="audit", occurred_at=NOW, recorded_at=NOW)


def _terms(number: int, *, minor: int, at: datetime, shares: dict[int, str], currency: str, close_number: int) -> dict[str, Any]:
    return {
        "deal_id": deal(number),
        "partner_id": partner(next(iter(shares))),
        "close_number": close_number,
        "closed_at": at,
        "amount": MoneyAmount(amount_minor=minor, currency=currency),
        "lines": (DealLine(line_id="1", product="alpha", family="core", amount_minor=minor),),
        "credits": tuple(Credit(partner_id=partner(one), share=share) for one, share in shares.items()),
        "territory": "any",
        "occurred_at": at,
        "recorded_at": at,
    }


def closed(
    number: int,
    *,
    minor: int,
    at: datetime = NOW,
    shares: dict[int, str] | None = None,
    outcome: Outcome = Outcome.WON,
    currency: str = "USD",
    close_number: int = 1,
) -> DealClosed:
    terms = _terms(number, minor=minor, at=at, shares=shares or {1: "1"}, currency=currency, close_number=close_number)
    return DealClosed.model_validate({**terms, "outcome": outcome})


def amended(number: int, *, minor: int, at: datetime = NOW, shares: dict[int, str] | None = None) -> DealAmended:
    terms = _terms(number, minor=minor, at=at, shares=shares or {1: "1"}, currency="USD", close_number=1)
    return DealAmended.model_validate({**terms, "revision": 1, "reason": "price corrected"})


def reopened(number: int, *, close_number: int = 1) -> DealReopened:
    return DealReopened(
        deal_id=deal(number), partner_id=partner(1), close_number=close_number, reason="mistake", occurred_at=NOW, recorded_at=NOW
    )


def refunded(number: int, *, minor: int) -> DealRefunded:
    return DealRefunded(
        deal_id=deal(number),
        partner_id=partner(1),
        refund_id=derived_id("refund", number, minor),
        close_number=1,
        amount=usd(minor),
        occurred_at=NOW,
        recorded_at=NOW,
    )


def passed(number: int, *, person: int, level: int, valid_until: datetime) -> CertificationPassed:
    return CertificationPassed(**_certificate(number, person=person, level=level), valid_until=valid_until)


def expired(number: int, *, person: int, level: int, at: datetime) -> CertificationExpired:
    return CertificationExpired(**_certificate(number, person=person, level=level), expired_at=at)


def _certificate(number: int, *, person: int, level: int) -> dict[str, Any]:
    return {
        "certificate_id": derived_id("certificate", person, level),
        "partner_id": partner(number),
        "person_id": derived_id("person", person),
        "course_id": f"level-{level}",
        "level": level,
        "occurred_at": NOW,
        "recorded_at": NOW,
    }


def record(event: Event, *, sequence: int = 1, event_id: UUID | None = None) -> Raw:
    """The event as Kafka would deliver it."""
    headers = headers_of(event, event_id=str(event_id or new_id()), service="test", sequence=sequence, cause=None, now=NOW)
    packed = tuple((name, value.encode()) for name, value in headers.items())
    return Raw(event.topic, 0, next(_offsets), event.key.encode(), event.model_dump_json().encode(), packed)


async def take_in(service: Service, *facts: Event | tuple[Event, int]) -> None:
    """Hand events (with their sequence, by default 1) to the service as one batch."""
    records = [record(fact[0], sequence=fact[1]) if isinstance(fact, tuple) else record(fact) for fact in facts]
    await service.worker.processor.process(records)
