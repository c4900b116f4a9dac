"""Waiting for a condition with a deadline: the only way in which a test may wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, what: str = "the condition", within_s: float = 30.0, every_s: float = 0.02) -> T:
    """The first truthy answer of `probe`. Raises AssertionError with the last answer when the deadline passes."""
    deadline = time.monotonic() + within_s
    while True:
        answer = await probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {within_s:.0f} s; last seen: {answer!r}")
        await asyncio.sleep(every_s)
