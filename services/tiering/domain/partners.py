"""Who may be ranked: partners that have signed and are not suspended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Status(StrEnum):
    """Where a partnership stands; only active partners are ranked."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class PartnerFact:
    """What one event told of a partner; `enrolled_at` is None where the event does not say it."""

    partner_id: UUID
    sequence: int
    status: Status
    enrolled_at: datetime | None = None
