"""Routes: one request is one transaction, committed before the answer leaves; the caller is known before it begins."""

import re
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Annotated, Any

import orjson
import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError

from shared.chassis.database.access import NOBODY, current_actor
from shared.chassis.database.engine import Database
from shared.chassis.database.faults import is_transient
from shared.chassis.database.unit_of_work import UnitOfWork
from shared.chassis.http import access, idempotency
from shared.chassis.http.problems import InvalidRequest, Unavailable

ROUTE_KEY = "hansa.route"
_ATTEMPTS = 4
_START_OVER = {"40001", "40P01"}
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_BODILESS = {"GET", "HEAD", "OPTIONS"}

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _unit_of_work(request: Request) -> UnitOfWork:
    uow: UnitOfWork = request.state.uow
    return uow


Uow = Annotated[UnitOfWork, Depends(_unit_of_work)]


class _JsonRequest(Request):
    """Reads JSON strictly: no NaN, no lone surrogates, nothing nested a thousand deep."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = orjson.loads(await self.body())
        return self._json


class SecuredRoute(APIRoute):
    """A route that names its scope (or is marked public): the caller and its idempotency key are known before the handler runs."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.scope = access.scope_of(self.dependant)
        if self.scope is None and not access.is_public(endpoint):
            raise TypeError(f"{endpoint.__module__}.{endpoint.__qualname__} names no scope: use requires(…) or @public")

    def get_route_handler(self) -> Handler:
        """FastAPI's handler within authentication and `answered`."""
        handle = super().get_route_handler()
        scope = access.scope_of(self.dependant)
        template = self.path_format

        async def run(request: Request) -> Response:
            request.scope[ROUTE_KEY] = template
            request = _JsonRequest(request.scope, request.receive)
            subject, actor = "", NOBODY
            if scope is not None:
                principal = await access.authenticate(request, scope)
                request.state.principal = principal
                subject, actor = principal.key_space, principal.actor
                if principal.partner_id:
                    structlog.contextvars.bind_contextvars(partner_id=str(principal.partner_id))
            claim = await _read(request, subject=subject)
            token = current_actor.set(actor)
            try:
                return await self.answered(request, handle, claim)
            finally:
                current_actor.reset(token)

        return run

    async def answered(self, request: Request, handle: Handler, claim: idempotency.Claim | None) -> Response:
        """The answer of FastAPI's handler to an authenticated request."""
        raise NotImplementedError


class TransactionalRoute(SecuredRoute):
    """A route that runs within one transaction of the app's database."""

    async def answered(self, request: Request, handle: Handler, claim: idempotency.Claim | None) -> Response:
        """Within the transaction."""
        return await transact(request, handle, claim=claim)


class Router(APIRouter):
    """`Router(prefix="/v1/deals", tags=["deals"])`: an APIRouter whose routes are transactional."""

    def __init__(self, *, prefix: str = "", tags: list[str | Enum] | None = None) -> None:
        super().__init__(prefix=prefix, tags=tags, route_class=TransactionalRoute, redirect_slashes=False)


async def _read(request: Request, *, subject: str) -> idempotency.Claim | None:
    """Take in the whole body before a connection is held: a slow sender must not occupy one. Raises InvalidRequest on NULs.

    PostgreSQL has no NUL in text; refusing it here saves every route the check.
    """
    if "\x00" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise InvalidRequest(reason="The address holds a NUL character.")
    if request.method in _BODILESS:
        return None
    body = await request.body()
    if b"\x00" in body or (b"\\u0000" in body and _NUL_ESCAPE.search(body)):
        raise InvalidRequest(reason="The body holds a NUL character.")
    return idempotency.claim_of(request, body, subject=subject) if request.method == "POST" else None


async def transact(request: Request, handle: Handler, *, claim: idempotency.Claim | None) -> Response:
    """Run the handler in a transaction; start over on a deadlock, or when the same key was answered meanwhile."""
    database: Database = request.app.state.database()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with database.transaction() as uow:
                return await _handle_once(request, handle, uow=uow, claim=claim)
        except idempotency.Overtaken as error:
            if attempt == _ATTEMPTS:
                raise idempotency.InFlight from error
        except Exception as error:
            if _starts_over(error) and attempt < _ATTEMPTS:
                continue
            if is_transient(error):
                raise Unavailable(repr(error)) from error
            raise
    raise AssertionError("unreachable")


async def _handle_once(request: Request, handle: Handler, *, uow: UnitOfWork, claim: idempotency.Claim | None) -> Response:
    request.state.uow = uow
    if claim is None:
        return await handle(request)
    if (stored := await idempotency.begin(uow, claim)) is not None:
        return stored
    response = await handle(request)
    await idempotency.store(uow, claim, response)
    return response


def _starts_over(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _START_OVER
