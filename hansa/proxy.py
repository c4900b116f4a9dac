"""Passes requests on to a service in another process: the one address of a system whose roles are apart."""

import contextlib
from collections.abc import AsyncIterator

import aiohttp
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.chassis.http import problems

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "date",
    }
)


class Upstreams:
    """One HTTP client for everything behind the gateway."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        connector = aiohttp.TCPConnector(limit=256, keepalive_timeout=30)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the gateway has not started")
        return self._session

    async def get(self, url: str, *, within_s: float = 5.0) -> tuple[int, bytes]:
        """Status and body of a GET; 503 when nobody answers."""
        try:
            async with self.session.get(url, timeout=aiohttp.ClientTimeout(total=within_s), allow_redirects=False) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 503, b""


class Proxy:
    """An ASGI application that is somewhere else: what is mounted here is answered by `base`."""

    def __init__(self, base: str, upstreams: Upstreams) -> None:
        self._base = base.rstrip("/")
        self._upstreams = upstreams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        query = scope["query_string"].decode("latin-1")
        url = f"{self._base}{path}" + (f"?{query}" if query else "")
        with contextlib.suppress(ClientDisconnect):
            response = await self._forward(request, url)
            await response(scope, receive, send)

    async def _forward(self, request: Request, url: str) -> Response:
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
        headers.append(("x-forwarded-prefix", request.scope.get("root_path", "")))
        body = await request.body() if request.method in {"POST", "PUT", "PATCH"} else None
        try:
            answer = await self._upstreams.session.request(request.method, url, headers=headers, data=body, allow_redirects=False)
        except (aiohttp.ClientError, TimeoutError, OSError):
            problems.current_path.set(request.url.path)
            return await problems.on_transient(request, problems.Unavailable())
        response = StreamingResponse(_chunks(answer), status_code=answer.status)
        response.raw_headers = [
            (name.lower(), value) for name, value in answer.raw_headers if name.decode("latin-1").lower() not in _HOP_BY_HOP
        ]
        return response


async def _chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.content.iter_any():
            yield chunk
    finally:
        answer.release()
