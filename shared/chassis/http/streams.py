"""Answers too long for memory: rows of one statement, read from a cursor on the server while they are sent."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack

import sqlalchemy as sa
from fastapi import Request
from starlette.responses import StreamingResponse

from shared.chassis.database.access import Actor, current_actor
from shared.chassis.database.engine import Database
from shared.chassis.database.rows import Row
from shared.chassis.identity.principal import Principal

PORTION = 500

Render = Callable[[Sequence[Row]], bytes]


def streamed(
    request: Request, caller: Principal, statement: sa.Executable, render: Render, *, head: bytes = b"", media_type: str
) -> StreamingResponse:
    """The rows of `statement` as `caller` may see them, under one snapshot: a single statement sees the moment at which it began.

    Runs in a transaction of its own, since the request's has ended when the first byte leaves. A reader who pauses for longer than
    the store lets a transaction idle is cut off: the connection is needed by others.
    """
    database: Database = request.app.state.database()
    return StreamingResponse(_bytes(database, caller.actor, statement, render, head=head), media_type=media_type)


async def _bytes(database: Database, actor: Actor, statement: sa.Executable, render: Render, *, head: bytes) -> AsyncIterator[bytes]:
    if head:
        yield head
    async with AsyncExitStack() as stack:
        token = current_actor.set(actor)
        try:
            uow = await stack.enter_async_context(database.transaction())
        finally:
            current_actor.reset(token)
        result = await uow.stream(statement, portion=PORTION)
        async for rows in result.partitions(PORTION):
            yield render(rows)
