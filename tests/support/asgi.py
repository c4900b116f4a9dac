"""A client that calls an ASGI app in-process: no socket, no server, the app's own messages."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    """A response; `headers` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


class Client:
    """Calls `app` as the bearer of `token`, if there is one."""

    def __init__(self, app: ASGIApp, *, token: str | None = None, root: str = "") -> None:
        self.app = app
        self.token = token
        self.root = root

    def bearing(self, token: str | None) -> "Client":
        return Client(self.app, token=token, root=self.root)

    async def get(self, target: str, **options: Any) -> Answer:
        return await self.call("GET", target, **options)

    async def post(self, target: str, **options: Any) -> Answer:
        return await self.call("POST", target, **options)

    async def call(
        self,
        method: str,
        target: str,
        *,
        json: Any = None,
        body: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = {"host": "test", **({"authorization": f"Bearer {self.token}"} if self.token else {}), **(headers or {})}
        if json is not None:
            body = orjson.dumps(json)
            sent.setdefault("content-type", "application/json")
        chunks = [body] if isinstance(body, bytes) else list(body or [])
        if isinstance(body, bytes):
            sent.setdefault("content-length", str(len(body)))
        return await _exchange(self.app, _scope(method, self.root + target, sent), chunks)


def _scope(method: str, target: str, headers: dict[str, str]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }


async def _exchange(app: ASGIApp, scope: dict[str, Any], chunks: list[bytes]) -> Answer:
    inbox = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks[:-1]]
    inbox.append({"type": "http.request", "body": chunks[-1] if chunks else b"", "more_body": False})
    outbox: list[Message] = []

    async def receive() -> Message:
        if inbox:
            return inbox.pop(0)
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        outbox.append(message)

    await app(scope, receive, send)
    start = outbox[0]
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in outbox[1:]))
