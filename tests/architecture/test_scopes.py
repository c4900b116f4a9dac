"""Every route names its scope; what needs no token is on a list; roles carry only scopes that some route asks for."""

import re

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount, Route

from shared.chassis.http import Router, Uow, public
from shared.chassis.http.access import is_public
from shared.chassis.http.routing import SecuredRoute
from shared.chassis.identity.roles import ROLE_SCOPES, Role
from tests.support.services import SERVICES, build, transactional

# (service, path) of routes marked @public, each for a reason in its docstring
PUBLIC: frozenset[tuple[str, str]] = frozenset(
    {("registration", "/v1/receipts/keys"), ("registration", "/v1/schemas/crm.opportunity_changed")}
)
PLAIN = {"/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/assets", "/docs/oauth2-redirect"}
SCOPE = re.compile(r"[a-z][a-z-]*:(read|write|admin)")

# What only the vendor's staff may do; a new scope is put here or into a role, on purpose.
STAFF_ONLY = frozenset(
    {
        "books:admin",
        "conflicts:admin",
        "deals:admin",
        "disputes:admin",
        "evaluations:read",
        "evaluations:write",
        "exports:admin",
        "partners:write",
        "payouts:admin",
        "plans:admin",
        "rules:admin",
        "statements:admin",
    }
)


def _scopes() -> set[str]:
    return {route.scope for name in SERVICES for _, route in transactional(build(name).app) if route.scope}


@pytest.mark.parametrize("name", SERVICES)
def test_route_when_declared_then_it_names_a_scope_or_is_listed_as_public(name: str) -> None:
    for context in iter_route_contexts(build(name).app.routes):
        route = context.original_route
        if isinstance(route, SecuredRoute):
            assert route.scope or (is_public(route.endpoint) and (name, context.path) in PUBLIC), f"{context.path} names no scope"
        else:
            assert isinstance(route, Route | Mount), f"{context.path} is neither a route of the chassis nor a plain one"
            assert not isinstance(route, APIRoute), f"{context.path} was not made by a chassis Router"
            assert context.path in PLAIN, f"{context.path} is served without a scope"


@pytest.mark.parametrize("name", SERVICES)
def test_scope_when_a_route_changes_something_then_it_is_not_a_reading_one(name: str) -> None:
    for context, route in transactional(build(name).app):
        reads = (context.methods or set()) <= {"GET", "HEAD"}
        assert SCOPE.fullmatch(route.scope or "public:read"), route.scope
        assert reads or not (route.scope or "").endswith(":read"), f"{context.path} writes with {route.scope}"


def test_scope_when_asked_by_a_route_then_a_role_carries_it_or_it_is_for_staff_alone() -> None:
    carried = frozenset().union(*(scopes for role, scopes in ROLE_SCOPES.items() if role is not Role.OPERATOR))

    assert _scopes() == carried | STAFF_ONLY
    assert not carried & STAFF_ONLY


def test_router_when_a_route_names_no_scope_then_it_cannot_even_be_made() -> None:
    router = Router(prefix="/v1/things")

    async def forgotten(uow: Uow) -> None: ...

    with pytest.raises(TypeError, match="names no scope"):
        router.get("")(forgotten)
    router.get("/open")(public(forgotten))
