"""The start page: rendered here, kept fresh by server-sent events, without anything from elsewhere."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import orjson
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from hansa.feed import LiveFeed, as_json

Status = Mapping[str, Mapping[str, bool]]
_STATE_EVERY_S = 2.0
_ABOUT = {
    "partners": "Who the partners are, and whether they may work.",
    "registration": "Deals: first to register is protected; closes, amendments, refunds.",
    "commission": "The journal and the ledger: every cent, and why.",
    "tiering": "Scores, ranks and tiers: up at once, down after grace.",
    "enablement": "Courses, completions and certificates.",
    "notifications": "Webhooks and the feed of events.",
}


class StartPage:
    """Shows what runs and what happens. `status` tells which halves of which services are ready."""

    def __init__(self, feed: LiveFeed, *, status: Callable[[], Awaitable[Status]]) -> None:
        self._feed = feed
        self._status = status
        templates = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape())
        self._template = templates.get_template("start.html")

    async def show(self, request: Request) -> Response:
        """The page with what is known now."""
        status, _ = await asyncio.gather(self._status(), self._feed.first_look())
        nonce = secrets.token_urlsafe(12)
        page = self._template.render(
            services=_cards(status), board=self._feed.board, topics=self._busiest(), nonce=nonce, address=str(request.base_url)
        )
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; base-uri 'none'"
        )
        return HTMLResponse(
            page, headers={"content-security-policy": policy, "cache-control": "no-store", "referrer-policy": "no-referrer"}
        )

    async def stream(self, request: Request) -> Response:
        """Server-sent events: `fact` for each event as it is published, `state` every two seconds."""
        return StreamingResponse(self._news(request), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def _news(self, request: Request) -> AsyncIterator[bytes]:
        self._feed.look()
        yield b"retry: 1000\n\n"
        with self._feed.listening() as queue:
            due = 0.0
            while not (_ending(request) or await request.is_disconnected()):
                now = asyncio.get_running_loop().time()
                if now >= due:
                    due = now + _STATE_EVERY_S
                    yield _message("state", await self._state())
                try:
                    fact = await asyncio.wait_for(queue.get(), timeout=0.5)
                except TimeoutError:
                    continue
                yield _message("fact", as_json(fact))

    async def _state(self) -> dict[str, object]:
        board = self._feed.board
        return {"total": board.total, "topics": self._busiest(), "connected": board.connected, "services": await self._status()}

    def _busiest(self) -> list[tuple[str, int]]:
        return [(topic, count) for topic, count in self._feed.board.counts.most_common(12) if count]


def _ending(request: Request) -> bool:
    """Whether this process is going down: an open stream must not hold it up."""
    ask: Callable[[], bool] = getattr(request.app.state, "ending", lambda: False)
    return ask()


def _cards(status: Status) -> list[dict[str, object]]:
    return [{"name": name, "about": about, "halves": status.get(name, {})} for name, about in _ABOUT.items()]


def _message(event: str, data: object) -> bytes:
    return b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
