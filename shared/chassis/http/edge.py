"""The outermost layer, plain ASGI: size limit, the last answer for bugs, the request's number and its log context."""

from time import perf_counter

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.chassis.http.problems import BodyTooLarge, answer, current_path, problem
from shared.chassis.http.routing import ROUTE_KEY
from shared.chassis.telemetry.logs import get_logger
from shared.chassis.telemetry.metrics import Metrics

_log = get_logger(__name__)
_HARDENING = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_CLIENT_GONE = 499


class Edge:
    """Middleware around the whole app. `max_body_bytes` holds for declared and for streamed lengths alike."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, max_body_bytes: int) -> None:
        self._app = app
        self._metrics = metrics
        self._limit = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        structlog.contextvars.clear_contextvars()
        current_path.set(scope["path"])
        exchange = _Exchange(receive, send, limit=self._limit)
        started = perf_counter()
        try:
            await self._guarded(scope, exchange)
        finally:
            self._count(scope, exchange.status, seconds=perf_counter() - started)

    async def _guarded(self, scope: Scope, exchange: "_Exchange") -> None:
        try:
            if _declared_length(scope) > self._limit:
                await problem(BodyTooLarge(limit=self._limit))(scope, exchange.receive, exchange.send)
                return
            await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            exchange.status = _CLIENT_GONE
        except Exception:
            _log.exception("request_failed", method=scope["method"], route=scope.get(ROUTE_KEY, scope["path"]))
            if exchange.started:
                raise
            await answer(500, "internal_error", "Something went wrong here; it has been recorded.")(scope, exchange.receive, exchange.send)

    def _count(self, scope: Scope, status: int, *, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.http_seconds.observe(seconds, method=method, route=scope.get(ROUTE_KEY, "other"), status=str(status))


class _Exchange:
    """The two channels of one request, watched."""

    def __init__(self, receive: Receive, send: Send, *, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self._limit = limit
        self.status = 500
        self.started = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise BodyTooLarge(limit=self._limit)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            present = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in _HARDENING if pair[0] not in present)]
        await self._send(message)


def _declared_length(scope: Scope) -> int:
    text = Headers(scope=scope).get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0
