"""Which territories a partner may register in: by partner, else by its kind, else everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.registration.domain.deals.territories import Territories


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The vendor's map. `refuses`: a registration outside of it is refused; else it is accepted and a conflict opened."""

    partners: Mapping[UUID, Sequence[str]] = field(default_factory=dict)
    kinds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refuses: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to breach."""
        return bool(self.partners or self.kinds)

    def breached(self, partner_id: UUID, kind: str | None, path: str, *, tree: Territories) -> bool:
        """Whether `path` lies outside of what the partner may have. A customer whose place is not known breaches nothing."""
        allowed = self.partners.get(partner_id, self.kinds.get(kind or ""))
        if allowed is None or not path:
            return False
        return not any(f"{path}/".startswith(f"{tree.path(tree.named(name))}/") for name in allowed)
