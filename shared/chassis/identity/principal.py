"""The caller of one request, as the token says."""

from dataclasses import dataclass
from uuid import UUID

from shared.chassis.database.access import Actor
from shared.chassis.identity.roles import ALL, Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `partner_id` is set for partners always, for connectors when the token binds them to one partner."""

    subject: str
    role: Role
    partner_id: UUID | None
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether the token carries `scope`."""
        return scope in self.scopes or ALL in self.scopes

    @property
    def key_space(self) -> str:
        """Whose idempotency keys these are: two callers never meet, even if their issuer gave both one name."""
        return f"{self.partner_id or 'staff'}/{self.subject}"

    @property
    def is_operator(self) -> bool:
        """Whether this is the vendor's staff."""
        return self.role is Role.OPERATOR

    @property
    def actor(self) -> Actor:
        """The caller as row-level security sees it: bound to the partner if there is one."""
        return Actor(partner_id=self.partner_id, operator=self.partner_id is None and self.role is not Role.PARTNER)
