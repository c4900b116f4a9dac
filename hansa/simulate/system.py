"""What the simulation needs to know of the system it works on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

Report = Callable[[str, int, int], None]
"""Progress: which stage, how much of it is done, out of how much."""


@dataclass(frozen=True, slots=True)
class System:
    """A running system. `stores` are the addresses of its databases by service: only the audit looks into them."""

    base_url: str
    token: "TokenFor"
    stores: Mapping[str, str]


class TokenFor(Protocol):
    """Issues a bearer token for a role, bound to a partner if one is named."""

    def __call__(self, role: str, *, partner_id: UUID | None = None) -> str: ...
