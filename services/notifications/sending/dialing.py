"""Dialling safely: the address that the system is about to connect to is checked, not the name that led to it."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from services.notifications.domain.targets import TargetRules, may_dial

_RESOLVER_THREADS = 32


class TargetRefused(OSError):
    """The name leads to, or the URL names, an address that webhooks must not reach."""


class Guard:
    """The rules that hold at this moment; the sender renews them."""

    def __init__(self) -> None:
        self.rules = TargetRules()

    def check(self, address: str) -> None:
        """Raises TargetRefused."""
        if not may_dial(address, self.rules):
            raise TargetRefused(f"{address} is not on the public internet")


class GuardedResolver(AbstractResolver):
    """Resolves names with the system's resolver, and refuses a name of which even one address may not be dialled.

    It has threads of its own: a name server that hangs must not hold up the rest of the process.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="webhook-dns")

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Raises TargetRefused, or OSError when there is no such name."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port, family)
        for result in found:
            self._guard.check(result["host"])
        return found

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    rows = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(hostname=host, host=str(address[0]), port=int(address[1]), family=kind, proto=proto, flags=socket.AI_NUMERICHOST)
        for kind, _, proto, _, address in rows
    ]


def guarded_socket(guard: Guard) -> "_SocketFactory":
    """What aiohttp calls for every connection with the address to connect to: literals never pass a resolver."""
    return _SocketFactory(guard)


class _SocketFactory:
    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def __call__(self, address: AddrInfoType) -> socket.socket:
        family, kind, proto, _, target = address
        self._guard.check(str(target[0]))
        return socket.socket(family, kind, proto)
