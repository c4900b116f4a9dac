"""One opportunity on its way in: as it came, and what was read of it."""

from dataclasses import dataclass
from typing import Any

from services.registration.domain.intake.opportunity import Opportunity
from shared.chassis.events import Incoming


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why nothing could be read."""

    code: str
    message: str
    status: int = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`text` is its JSON as received; `seen` what it says, or `fault` why it says nothing. `cause` is the event that brought it."""

    text: bytes
    seen: Opportunity | None = None
    fault: Fault | None = None
    line: int | None = None
    cause: Incoming[Any] | None = None
