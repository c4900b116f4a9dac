"""Many small jobs at once, but not all at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
Done = Callable[[int, int], None]
"""Hears how many are finished, and out of how many."""


async def each(items: Sequence[T], work: Callable[[T], Awaitable[R]], *, at_once: int, done: Done) -> list[R]:
    """The results of `work` in the order of `items`; the first failure cancels the rest. `done` hears of every finished job."""
    turns = asyncio.Semaphore(at_once)
    finished = 0

    async def one(item: T) -> R:
        nonlocal finished
        async with turns:
            result = await work(item)
        finished += 1
        done(finished, len(items))
        return result

    done(0, len(items))
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None  # the others were cancelled because of it, or failed likewise
    return [task.result() for task in tasks]
