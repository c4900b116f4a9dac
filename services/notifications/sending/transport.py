"""One POST to one receiver, and what its answer means. The receiver is a stranger: time, size and redirects are bounded."""

import asyncio
import ssl
from datetime import datetime, timedelta

import aiohttp
from yarl import URL

from services.notifications.domain.deliveries import Answer, Fault, fault_of
from services.notifications.domain.refusals import UrlRefused
from services.notifications.domain.schedule import retry_after
from services.notifications.domain.targets import check_url
from services.notifications.sending.dialing import Guard, GuardedResolver, TargetRefused, guarded_socket

EXCERPT_BYTES = 1_024
_EXCERPT_WAIT_S = 1.0
_AGENT = "Hansa-Webhooks/1"


class Transport:
    """Sends webhooks over one pool of connections; `guard.rules` says where it may go."""

    def __init__(self) -> None:
        self.guard = Guard()
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make ready; needs the running loop."""
        connector = aiohttp.TCPConnector(
            limit=0,  # the sender's lanes bound it; a queue in here would let one receiver hold up another
            resolver=GuardedResolver(self.guard),
            socket_factory=guarded_socket(self.guard),
        )
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False, raise_for_status=False
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, *, payload: str, headers: dict[str, str], connect: timedelta, total: timedelta, now: datetime) -> Answer:
        """Send once. Whatever the receiver does becomes an Answer; nothing is raised but cancellation."""
        if self._session is None:
            raise RuntimeError("the transport is not open")
        timeout = aiohttp.ClientTimeout(total=total.total_seconds(), sock_connect=connect.total_seconds())
        own = {"content-type": "application/json", "user-agent": _AGENT, "accept-encoding": "identity"}
        try:
            check_url(url, self.guard.rules)  # the rules may have become stricter since the URL was taken
            async with self._session.post(
                URL(url, encoded=True), data=payload.encode(), headers={**own, **headers}, timeout=timeout, allow_redirects=False
            ) as response:
                return Answer(
                    status=response.status,
                    fault=fault_of(response.status),
                    excerpt=await _excerpt(response),
                    retry_after=retry_after(response.headers.get("retry-after"), now=now),
                )
        except (aiohttp.ClientError, UrlRefused, OSError, ValueError) as error:
            return Answer(status=None, fault=_fault(error), excerpt=_printable(str(error) or type(error).__name__))


async def _excerpt(response: aiohttp.ClientResponse) -> str:
    """The beginning of the body, as far as it comes soon: the status has decided already."""
    chunks = bytearray()
    try:
        async with asyncio.timeout(_EXCERPT_WAIT_S):
            while len(chunks) < EXCERPT_BYTES and (chunk := await response.content.read(EXCERPT_BYTES - len(chunks))):
                chunks += chunk
    except (TimeoutError, aiohttp.ClientError):
        pass
    return _printable(chunks.decode("utf-8", "replace"))


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text[:EXCERPT_BYTES])


def _fault(error: Exception) -> Fault:
    cause = getattr(error, "os_error", None)
    if isinstance(error, TargetRefused | UrlRefused) or isinstance(cause, TargetRefused):
        return Fault.TARGET_REFUSED
    if isinstance(error, TimeoutError):
        return Fault.TIMEOUT
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Fault.DNS
    if isinstance(error, aiohttp.ClientSSLError) or isinstance(cause, ssl.SSLError):
        return Fault.TLS
    return Fault.CONNECTION if isinstance(error, aiohttp.ClientConnectionError | OSError) else Fault.PROTOCOL
