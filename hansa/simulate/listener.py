"""A receiver of webhooks on this machine, which believes nothing that is not signed."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

_SECRET_WITHIN_S = 10.0


@dataclass
class Inbox:
    """What one endpoint received. `verified` counts each message id; a repeated one was delivered again, which is allowed."""

    secret: asyncio.Future[str]
    verified: Counter[str] = field(default_factory=Counter)
    rejected: int = 0


class Listener:
    """Listens on loopback; each endpoint has a path of its own, so that each is verified with its own secret."""

    def __init__(self) -> None:
        self.inboxes: dict[str, Inbox] = {}
        self.base_url = ""
        app = web.Application()
        app.router.add_post("/hooks/{name}", self._receive)
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._runner.cleanup()

    def expect(self, name: str) -> str:
        """The URL for a new endpoint `name`; its secret follows with `trust`."""
        self.inboxes[name] = Inbox(asyncio.get_running_loop().create_future())
        return f"{self.base_url}/hooks/{name}"

    def trust(self, name: str, *, secret: str) -> None:
        """Verify what comes for `name` with `secret`; what came before waits for this."""
        self.inboxes[name].secret.set_result(secret)

    async def _receive(self, request: web.Request) -> web.Response:
        inbox = self.inboxes.get(request.match_info["name"])
        if inbox is None:
            return web.Response(status=410)
        body = await request.read()
        # The endpoint may be sent to before the answer that carries its secret has been read.
        secret = await asyncio.wait_for(asyncio.shield(inbox.secret), _SECRET_WITHIN_S)
        try:
            Webhook(secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            inbox.rejected += 1
            return web.Response(status=401)
        inbox.verified[request.headers["webhook-id"]] += 1
        return web.Response(status=204)
