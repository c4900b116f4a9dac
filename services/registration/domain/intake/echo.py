"""Loops: a change that Hansa itself wrote into a sales system comes back from there, and must not count as news."""

import re
from dataclasses import dataclass
from uuid import UUID

OURS = "hansa"
_WRITTEN = re.compile(r"hansa:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@([1-9][0-9]{0,17})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """The state of a deal that somebody wrote into a sales system: its id and the version that it had."""

    deal_id: UUID
    version: int


def is_ours(origin: str | None) -> bool:
    """Whether the origin says that the change is Hansa's own."""
    return is_bare(origin) or (origin is not None and origin.lower().startswith(f"{OURS}:"))


def is_bare(origin: str | None) -> bool:
    """Whether it names no deal: then it is the one that the opportunity follows."""
    return origin is not None and origin.lower() == OURS


def written(origin: str | None) -> Written | None:
    """What `hansa:{deal_id}@{version}` names; None for anything else, the bare `hansa` included."""
    found = _WRITTEN.fullmatch(origin) if origin else None
    return Written(UUID(found[1]), int(found[2])) if found else None


def exported_id(external_id: str) -> UUID | None:
    """The deal that an export of ours names by its own id, for want of a sales system's."""
    try:
        return UUID(external_id)
    except ValueError:
        return None
