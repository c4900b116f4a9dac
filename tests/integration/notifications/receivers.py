"""Receivers of webhooks: local HTTP servers that answer as they are told and remember what came."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

Answer = Callable[[], web.Response]


@dataclass
class Post:
    """One webhook as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def opened(self, secret: str) -> dict[str, Any]:
        """The content, if the signature verifies."""
        content: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return content


@dataclass
class Receiver:
    """One receiver. The next of `answers` is given while there are any, then `standing`; `hang` holds every answer back."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    standing: Answer = lambda: web.Response(status=204)
    hang: asyncio.Event | None = None
    at_once: int = 0
    most_at_once: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.posts.append(Post({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.hang is not None:
                await self.hang.wait()
            return self.answers.pop(0)() if self.answers else self.standing()
        finally:
            self.at_once -= 1

    async def heard(self) -> list[Post]:
        return self.posts


class Receivers:
    """Starts receivers and stops them."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def start(self, **told: Any) -> Receiver:
        """A receiver on a free port."""
        receiver = Receiver(**told)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", receiver.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._runners.append(runner)
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        return receiver

    async def close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
