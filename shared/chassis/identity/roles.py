"""Roles and the scopes that each carries; an operator may do everything, so only the narrower roles are listed."""

from enum import StrEnum
from typing import Final

ALL: Final = "*"


class Role(StrEnum):
    """Who a token speaks for: the vendor's staff, one partner's staff, or a connected system of the vendor."""

    OPERATOR = "operator"
    PARTNER = "partner"
    CONNECTOR = "connector"


ROLE_SCOPES: Final[dict[Role, frozenset[str]]] = {
    Role.OPERATOR: frozenset({ALL}),
    Role.PARTNER: frozenset(
        {
            "partners:read",
            "deals:read",
            "deals:write",
            "conflicts:read",
            "conflicts:write",
            "exports:read",
            "leads:read",
            "leads:write",
            "coselling:read",
            "coselling:write",
            "entries:read",
            "balances:read",
            "cash:read",
            "payees:read",
            "payees:write",
            "payouts:read",
            "rates:read",
            "disputes:read",
            "disputes:write",
            "plans:read",
            "statements:read",
            "standings:read",
            "contacts:read",
            "contacts:write",
            "courses:read",
            "enrolments:read",
            "enrolments:write",
            "completions:read",
            "certificates:read",
            "endpoints:read",
            "endpoints:write",
            "feed:read",
        }
    ),
    # Connected systems are the vendor's own: sales systems bring deals, books bring invoices, payments and exchange
    # rates, learning systems what people learned.
    Role.CONNECTOR: frozenset(
        {
            "partners:read",
            "deals:read",
            "deals:write",
            "exports:read",
            "imports:read",
            "imports:write",
            "cash:read",
            "cash:write",
            "rates:read",
            "rates:write",
            "courses:read",
            "enrolments:write",
            "completions:write",
            "certificates:write",
            "feed:read",
        }
    ),
}
