"""What happened to a deal; the deal as it then stands carries the rest."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from services.registration.domain.values import Outcome, PartnerId
from shared.chassis.money import Money


@dataclass(frozen=True, slots=True)
class Registered:
    """The deal is on record; `at` is the order of receipt (or the engagement in the vendor's own history)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Submitted:
    """Put up for review; rivals are kept out until `blocks_until` at most."""

    at: datetime
    blocks_until: datetime


@dataclass(frozen=True, slots=True)
class Returned:
    """Sent back to the partner, who is `asked` for something."""

    at: datetime
    asked: str


@dataclass(frozen=True, slots=True)
class Rejected:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ExtensionRequested:
    """Asked for in time: protection holds until the decision, at most until `keeps_until`."""

    at: datetime
    keeps_until: datetime


@dataclass(frozen=True, slots=True)
class ExtensionDeclined:
    """Protection ends at `until`."""

    at: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Extended:
    at: datetime
    previous_until: datetime


@dataclass(frozen=True, slots=True)
class StageMoved:
    """The partner told where the sale stands; whether that renewed its protection."""

    at: datetime
    previous: str | None
    renewed: bool


class Ending(StrEnum):
    """Why exclusivity ends: its time is over, the partner is silent, or another registration of the same customer keeps it."""

    WINDOW = "window"
    QUIET = "quiet"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class EndsSoon:
    """Exclusivity will end at `ends_at` unless somebody does something."""

    at: datetime
    ends_at: datetime
    because: Ending


@dataclass(frozen=True, slots=True)
class Expired:
    """Exclusivity ended at `at`."""

    at: datetime
    because: Ending = Ending.WINDOW


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


Fact: TypeAlias = (
    Submitted
    | Returned
    | Rejected
    | Registered
    | ExtensionRequested
    | ExtensionDeclined
    | Extended
    | StageMoved
    | EndsSoon
    | Expired
    | Withdrawn
    | Closed
    | Amended
    | Reopened
    | Refunded
    | Reassigned
    | ProtectionEnded
)
