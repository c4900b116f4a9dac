"""What happened to a deal; the deal as it then stands carries the rest."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.registration.domain.values import Outcome, PartnerId
from shared.chassis.money import Money


@dataclass(frozen=True, slots=True)
class Registered:
    """The deal is on record; `at` is the order of receipt (or the engagement in the vendor's own history)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Extended:
    at: datetime
    previous_until: datetime


@dataclass(frozen=True, slots=True)
class Expired:
    """Exclusivity ended at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Withdrawn:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    at: datetime
    outcome: Outcome
    protected: bool


@dataclass(frozen=True, slots=True)
class Amended:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Reopened:
    at: datetime
    reason: str
    close_number: int


@dataclass(frozen=True, slots=True)
class RefundPart:
    """The part of one line that was refunded."""

    line_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back to the customer: `parts` where the lines are known, else it counts pro rata over all."""

    refund_id: UUID
    amount: Money
    parts: tuple[RefundPart, ...]
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refunded:
    at: datetime
    refund: Refund


@dataclass(frozen=True, slots=True)
class Reassigned:
    """A decision gave the deal to another partner; `former` had it before."""

    at: datetime
    former: PartnerId
    reason: str


@dataclass(frozen=True, slots=True)
class ProtectionEnded:
    """A decision ended exclusivity before its time."""

    at: datetime
    reason: str


Fact: TypeAlias = Registered | Extended | Expired | Withdrawn | Closed | Amended | Reopened | Refunded | Reassigned | ProtectionEnded
