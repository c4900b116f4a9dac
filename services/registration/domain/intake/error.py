"""What the intake refused, until it is corrected, dropped, or settled by a later success of the same opportunity."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

UNNAMED = "-"
"""The source of rows that name none."""


class Way(StrEnum):
    """How an opportunity came in."""

    BULK = "bulk"
    PUT = "put"
    KAFKA = "kafka"


class ErrorState(StrEnum):
    """Where an error stands; all but the first are for good."""

    OPEN = "open"
    CORRECTED = "corrected"
    DROPPED = "dropped"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One refused opportunity. `name` is what a later success of it is known by; `row` its JSON as received."""

    source: str
    name: str
    external_id: str | None
    partner_id: UUID | None
    way: Way
    exclusivity: str
    code: str
    message: str
    row: str | None
    line: int | None = None
    source_version: int | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeError:
    """A refusal on record. `count` tells how often the opportunity was refused since `first_seen`."""

    id: UUID
    rejected: Rejected
    state: ErrorState
    count: int
    first_seen: datetime
    last_seen: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
