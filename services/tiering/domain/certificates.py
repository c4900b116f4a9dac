"""Certificates of a partner's people, as far as they count for the score."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Certificate:
    """A person of a partner is certified at `level` over `[valid_from, valid_until)`."""

    certificate_id: UUID
    partner_id: UUID
    person_id: UUID
    level: int
    valid_from: datetime
    valid_until: datetime
