"""What happened to a deal; the deal as it then stands carries the rest."""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from services.registration.domain.values import Outcome, PartnerId
from shared.chassis.money import Money
from shared.chassis.values import Value


class Registered(Value, frozen=True):
    """The deal is on record; `at` is the order of receipt (or the engagement in the vendor's own history)."""

    at: datetime


class Submitted(Value, frozen=True):
    """Put up for review; rivals are kept out until `blocks_until` at most."""

    at: datetime
    blocks_until: datetime


class Returned(Value, frozen=True):
    """Sent back to the partner, who is `asked` for something."""

    at: datetime
    asked: str


class Rejected(Value, frozen=True):
    at: datetime
    reason: str


class ExtensionRequested(Value, frozen=True):
    """Asked for in time: protection holds until the decision, at most until `keeps_until`."""

    at: datetime
    keeps_until: datetime


class ExtensionDeclined(Value, frozen=True):
    """Protection ends at `until`."""

    at: datetime
    until: datetime
    reason: str


class Extended(Value, frozen=True):
    at: datetime
    previous_until: datetime


class StageMoved(Value, frozen=True):
    """The partner told where the sale stands; whether that renewed its protection."""

    at: datetime
    previous: str | None
    renewed: bool


class Ending(StrEnum):
    """Why exclusivity ends: its time is over, the partner is silent, or another registration of the same customer keeps it."""

    WINDOW = "window"
    QUIET = "quiet"
    MERGED = "merged"


class EndsSoon(Value, frozen=True):
    """Exclusivity will end at `ends_at` unless somebody does something."""

    at: datetime
    ends_at: datetime
    because: Ending


class Expired(Value, frozen=True):
    """Exclusivity ended at `at`."""

    at: datetime
    because: Ending = Ending.WINDOW


class Withdrawn(Value, frozen=True):
    at: datetime
    reason: str


class Closed(Value, frozen=True):
    at: datetime
    outcome: Outcome
    protected: bool


class Amended(Value, frozen=True):
    at: datetime
    reason: str


class Reopened(Value, frozen=True):
    at: datetime
    reason: str
    close_number: int


class RefundPart(Value, frozen=True):
    """The part of one line that was refunded."""

    line_id: str
    amount_minor: int


class Refund(Value, frozen=True):
    """Money that went back to the customer: `parts` where the lines are known, else it counts pro rata over all."""

    refund_id: UUID
    amount: Money
    parts: tuple[RefundPart, ...]
    at: datetime
    reason: str | None = None


class Refunded(Value, frozen=True):
    at: datetime
    refund: Refund


class Reassigned(Value, frozen=True):
    """A decision gave the deal to another partner; `former` had it before."""

    at: datetime
    former: PartnerId
    reason: str


class ProtectionEnded(Value, frozen=True):
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
