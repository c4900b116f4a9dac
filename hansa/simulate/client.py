"""The public API as the simulation calls it: JSON in and out, refusals as exceptions, patience where a service is behind."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import aiohttp
import orjson

PATIENCE_S = 30.0
# A service has not heard of a partner yet, or cannot answer just now: the same call succeeds in a moment.
PASSING = frozenset({"partner_unknown", "unavailable"})


class Rejected(Exception):
    """The API said no; `code` is the problem's stable code."""

    def __init__(self, method: str, path: str, *, status: int, body: bytes) -> None:
        try:
            problem = orjson.loads(body)
        except orjson.JSONDecodeError:
            problem = {}
        self.status = status
        self.code = str(problem.get("code", "")) if isinstance(problem, dict) else ""
        detail = problem.get("detail", "") if isinstance(problem, dict) else ""
        super().__init__(f"{method} {path}: {status} {self.code} {detail or body[:200]!r}")


class Api:
    """Calls with one token. Every POST has an idempotency key, so that a repeated one counts once."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, *, token: str) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}

    async def get(self, path: str, **query: str) -> Any:
        """The answer's JSON. Raises Rejected."""
        return orjson.loads(await self._call("GET", path, params=query))

    async def post(self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Any:
        """The answer's JSON, waiting for a service that is behind; `key` makes a later call the same one. Raises Rejected."""
        headers = {"idempotency-key": key or str(uuid4()), "content-type": "application/json"}
        answer = await self._patiently("POST", path, data=orjson.dumps(body or {}), headers=headers)
        return orjson.loads(answer) if answer else None

    async def post_lines(self, path: str, rows: Sequence[Mapping[str, Any]], **query: str) -> list[dict[str, Any]]:
        """Send rows as NDJSON; one result per row. Raises Rejected."""
        headers = {"idempotency-key": str(uuid4()), "content-type": "application/x-ndjson"}
        body = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        answer = await self._patiently("POST", path, data=body, headers=headers, params=query)
        return [orjson.loads(line) for line in answer.splitlines() if line.strip()]

    async def post_xml(self, path: str, content: bytes) -> Any:
        """Send a file. Raises Rejected."""
        headers = {"idempotency-key": str(uuid4()), "content-type": "application/xml"}
        return orjson.loads(await self._patiently("POST", path, data=content, headers=headers))

    async def pages(self, path: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        query = {"limit": "250", **query}
        while True:
            page = await self.get(path, **query)
            for item in page["items"]:
                yield item
            if not page.get("next"):
                return
            query["next"] = page["next"]

    async def _patiently(self, method: str, path: str, *, headers: dict[str, str], **options: Any) -> bytes:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await self._call(method, path, headers=headers, **options)
            except Rejected as error:
                if error.code not in PASSING or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.1)

    async def _call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> bytes:
        url = f"{self._base_url}/{path.lstrip('/')}"
        async with self._session.request(method, url, headers={**self._headers, **(headers or {})}, **options) as answer:
            body = await answer.read()
            if answer.status >= 400:
                raise Rejected(method, path, status=answer.status, body=body)
            return body
