"""Who may: the token of a request, checked before anything else happens, and the scope that a route names."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from shared.chassis.errors import Refused
from shared.chassis.identity.principal import Principal
from shared.chassis.identity.verifier import TokenInvalid, Verifier

F = TypeVar("F", bound=Callable[..., Any])


class Unauthenticated(Refused):
    """No token, or one that is not accepted. `reason` says why, without repeating the token."""

    code: ClassVar[str] = "token_invalid"
    status = 401
    sentence = "A valid bearer token is needed: {reason}."

    @property
    def headers(self) -> dict[str, str]:
        """How to authenticate (RFC 6750)."""
        return {"WWW-Authenticate": f'Bearer realm="hansa", error="invalid_token", error_description="{self.details["reason"]}"'}


class TokenMissing(Unauthenticated):
    code = "token_missing"

    @property
    def headers(self) -> dict[str, str]:
        """No error attribute: nothing was presented that could be wrong."""
        return {"WWW-Authenticate": 'Bearer realm="hansa"'}


class ScopeMissing(Refused):
    code = "scope_missing"
    status = 403
    sentence = "The token does not carry the scope {scope}."

    @property
    def headers(self) -> dict[str, str]:
        """Which scope would do (RFC 6750)."""
        return {"WWW-Authenticate": f'Bearer realm="hansa", error="insufficient_scope", scope="{self.details["scope"]}"'}


class _Requires:
    """The dependency that hands the caller to the handler; the check itself was done before the transaction."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, request: Request) -> Principal:
        principal: Principal = request.state.principal
        return principal


def requires(scope: str) -> Any:
    """Name the scope of a route: `actor: Annotated[Principal, requires("deals:write")]`."""
    return Depends(_Requires(scope))


def public(endpoint: F) -> F:
    """Mark a route that needs no token."""
    endpoint.__public__ = True  # type: ignore[attr-defined]
    return endpoint


def is_public(endpoint: Callable[..., Any]) -> bool:
    """Whether the route was marked as needing no token."""
    return getattr(endpoint, "__public__", False)


def scope_of(dependant: Dependant) -> str | None:
    """The scope that a route names, wherever in its dependencies."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, _Requires):
            return dependency.call.scope
        if found := scope_of(dependency):
            return found
    return None


async def authenticate(request: Request, scope: str) -> Principal:
    """The caller. Raises TokenMissing, Unauthenticated or ScopeMissing."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise TokenMissing(reason="none was sent")
    verifier: Verifier = request.app.state.verifier
    try:
        principal = await verifier.verify(token.strip())
    except TokenInvalid as error:
        raise Unauthenticated(reason=str(error)) from error
    if not principal.may(scope):
        raise ScopeMissing(scope=scope)
    return principal
