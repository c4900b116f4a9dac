"""What the vendor keeps for itself or for one partner: open opportunities of its own, named accounts, assignments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.registration.domain.deals.protection import Scope
from services.registration.domain.deals.territories import meet
from services.registration.domain.values import AccountId, PartnerId


class ClaimKind(StrEnum):
    """`opportunity`: the vendor works it; `named_account`: it keeps it for itself; `assignment`: it is one partner's to register."""

    OPPORTUNITY = "opportunity"
    NAMED_ACCOUNT = "named_account"
    ASSIGNMENT = "assignment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim in force over `[valid_from, valid_until)`. No families: all; `active_at` is when the opportunity last moved."""

    id: UUID
    kind: ClaimKind
    account_id: AccountId
    families: tuple[str, ...]
    path: str
    valid_from: datetime
    valid_until: datetime | None = None
    active_at: datetime | None = None
    assigned_to: PartnerId | None = None

    def stands_against(self, scope: Scope, partner_id: PartnerId, *, now: datetime, active_within: timedelta) -> bool:
        """Whether it forbids `partner_id` to register `scope`."""
        if not self._in_force(now, active_within) or self.assigned_to == partner_id:
            return False
        return (not self.families or bool(set(self.families) & set(scope.families))) and meet(self.path, scope.path)

    def _in_force(self, now: datetime, active_within: timedelta) -> bool:
        if now < self.valid_from or (self.valid_until is not None and now >= self.valid_until):
            return False
        return self.active_at is None or self.active_at > now - active_within


def against(claims: Iterable[Claim], scope: Scope, partner_id: PartnerId, *, now: datetime, active_within: timedelta) -> tuple[Claim, ...]:
    """The claims that forbid `partner_id` to register `scope` at `now`."""
    return tuple(each for each in claims if each.stands_against(scope, partner_id, now=now, active_within=active_within))
