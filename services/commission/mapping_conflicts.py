"""What sides of conflicts are told, in commission's own words."""

from collections.abc import Iterator
from datetime import datetime

from services.commission.domain.conflict_hold import Heard
from services.commission.domain.facts import Frozen
from shared.schemas.conflicts import ConflictDecided, ConflictOpened, Correction

ConflictHeard = ConflictOpened | ConflictDecided
HEARD: tuple[type[ConflictHeard], ...] = (ConflictOpened, ConflictDecided)


def heard_of(event: ConflictHeard) -> Iterator[Heard]:
    """One for each of the side's deals."""
    for deal_id in event.deal_ids:
        yield Heard(deal_id, event.conflict_id, event.partner_id, decided=isinstance(event, ConflictDecided))


def about(event: ConflictHeard, *, at: datetime) -> Iterator[Frozen]:
    """What names the deals and partners that are to be locked for it; these are never posted."""
    for deal_id in event.deal_ids:
        yield Frozen("", deal_id, event.partner_id, at, 0, deal_id)


def correction_of(event: ConflictHeard) -> Correction | None:
    """The correction of one of the side's deals that the decision made."""
    return event.correction if isinstance(event, ConflictDecided) else None
