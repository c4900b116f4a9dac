"""Reaching the rows of every side while a partner's own request is served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.chassis.database import UnitOfWork

_REACH_ALL = "select current_setting('hansa.operator', true), set_config('hansa.operator', 'on', true)"
_REACH = "select set_config('hansa.operator', $1, true)"


@asynccontextmanager
async def every_side(uow: UnitOfWork) -> AsyncIterator[None]:
    """Reach the rows of every partner within the block, whoever asks: a rule that finds a conflict knows sides that the caller must not.

    What is read in it must not get into an answer. An error ends the transaction, and the reach with it.
    """
    before = (await uow.fetch(_REACH_ALL))[0][0]
    yield
    await uow.fetch(_REACH, before or "off")
