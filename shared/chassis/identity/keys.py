"""Public keys of the token issuer: from a file or an address, kept, and read again when a token names an unknown one."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import jwt

from shared.chassis.errors import Transient
from shared.chassis.telemetry.logs import get_logger

_log = get_logger(__name__)
_KEEP_S = 3600.0
_COOL_OFF_S = 5.0
_TIMEOUT = aiohttp.ClientTimeout(total=5)


class KeysUnavailable(Transient):
    """The issuer's keys cannot be read now; whether the token is good is not known."""


class KeySource(Protocol):
    """Where a JSON Web Key Set comes from."""

    async def read(self) -> bytes: ...


class KeyFile:
    """A key set on disk (the one-machine runtime)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self) -> bytes:
        """The file's bytes."""
        return await asyncio.to_thread(self._path.read_bytes)


class KeyAddress:
    """A key set behind an address (an OIDC provider)."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def read(self) -> bytes:
        """The answer's body; redirects are not followed, since the address is what is trusted."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(self._url, allow_redirects=False) as answer:
            answer.raise_for_status()
            if answer.status != 200:
                raise KeysUnavailable(f"{self._url} answered {answer.status}")
            return await answer.read()


class KeySet:
    """Keys by `kid`. An unknown `kid` leads to one new read at most every few seconds, so that made-up ids cost nothing."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    def known(self, kid: str) -> jwt.PyJWK | None:
        """The key if it is at hand and fresh; never waits."""
        return self._keys.get(kid) if time.monotonic() - self._read_at < _KEEP_S else None

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """The key, read again if need be; None if the issuer has none of this id. Raises KeysUnavailable."""
        if (key := self.known(kid)) is not None:
            return key
        async with self._lock:
            if self.known(kid) is None and time.monotonic() - self._tried_at > _COOL_OFF_S:
                await self._refresh()
        if not self._keys:
            raise KeysUnavailable("the issuer's keys cannot be read")
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        """Read the keys; if that fails, the old ones serve a little longer."""
        self._tried_at = time.monotonic()
        try:
            self._keys = _parse(await self._source.read())
        except (OSError, TimeoutError, aiohttp.ClientError, ValueError, KeysUnavailable) as error:
            _log.warning("issuer_keys_unread", error=repr(error))
            return
        self._read_at = time.monotonic()


def _parse(document: bytes) -> dict[str, jwt.PyJWK]:
    parsed: dict[str, Any] = json.loads(document)
    keys: dict[str, jwt.PyJWK] = {}
    for entry in parsed.get("keys", ()):
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or "kid" not in entry:
            continue
        try:
            keys[str(entry["kid"])] = jwt.PyJWK(entry)
        except jwt.PyJWTError:
            continue  # a kind of key that this library does not know is no reason to refuse the others
    return keys
