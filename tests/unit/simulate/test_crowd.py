"""Many jobs at once, within bounds."""

import asyncio

import pytest

from hansa.simulate.crowd import each


async def test_each_when_run_then_results_in_order_and_never_more_than_allowed_at_once() -> None:
    running, most, heard = 0, 0, []

    async def double(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return 2 * number

    results = await each(range(20), double, at_once=3, done=lambda done, total: heard.append((done, total)))
    assert (results, most) == ([2 * number for number in range(20)], 3)
    assert (heard[0], heard[-1]) == ((0, 20), (20, 20))


async def test_each_when_one_fails_then_the_failure_is_raised() -> None:
    async def fail(number: int) -> None:
        raise ValueError(number)

    with pytest.raises(ValueError, match="1"):
        await each([1, 2], fail, at_once=1, done=lambda done, total: None)
