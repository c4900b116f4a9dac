"""Requests that come at the same time, as one transaction: each costs a fraction of one of its own, and waits for the one before at most.

What cannot go with the others, and everything of a set that failed, is done alone, as if nothing had been tried.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from fastapi import Request
from starlette.responses import Response

from shared.chassis.database.access import Actor, current_actor
from shared.chassis.database.engine import Database
from shared.chassis.database.unit_of_work import UnitOfWork
from shared.chassis.errors import Apart, Refused
from shared.chassis.http import idempotency
from shared.chassis.http.idempotency import Claim
from shared.chassis.http.routing import SecuredRoute, transact

T = TypeVar("T")

_AT_ONCE = 2  # one set is worked on while the other is committed
_MOST = 64  # of a set: its locks are held for as long as all of it takes
_log = structlog.get_logger(__name__)


class TogetherRoute(SecuredRoute):
    """A route that opens no transaction: its endpoint hands what was asked to a `Together`, which does."""

    async def answered(self, request: Request, handle: Callable[[Request], Awaitable[Response]], claim: Claim | None) -> Response:
        """Hand the claim on."""
        request.state.claim = claim
        return await handle(request)


@dataclass(slots=True, eq=False)
class Asked(Generic[T]):
    """One request of a set: what it asks, by which names it must be kept apart from others, and the context that it came in (its trace)."""

    item: T
    claim: Claim
    names: frozenset[object]
    context: Context
    answer: "asyncio.Future[Response | None]"
    has_place: bool = False


Alone = Callable[[UnitOfWork, T], Awaitable[Response]]
InSet = Callable[[UnitOfWork, Sequence[Asked[T]]], Awaitable[Sequence[Response | None]]]
Names = Callable[[T], Collection[object] | None]


class Together(Generic[T]):
    """Answers requests alone while few are there, else in sets; nobody waits for longer than what is under way.

    `alone` works on one as its caller. `in_set` works on several that share no name, reaching every partner's rows: it must decide about
    each by what that caller may do, and return its answer, or None for one that it left untouched and that goes alone; it raises Apart
    to have all of them go alone. `names` gives what two requests of one set must not share; None: this one always goes alone, as do
    requests without an idempotency key, since only a key tells whether a commit that broke off had happened.
    """

    def __init__(self, *, alone: Alone[T], in_set: InSet[T], names: Names[T]) -> None:
        self._alone = alone
        self._in_set = in_set
        self._names = names
        self._waiting: list[Asked[T]] = []
        self._busy = 0
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, request: Request, item: T) -> Response:
        """The answer, committed."""
        claim: Claim | None = request.state.claim
        names = self._names(item) if claim is not None else None
        if claim is None or names is None:
            return await self._by_itself(request, item)
        loop = asyncio.get_running_loop()
        asked = Asked(item, claim, frozenset((*names, claim.lock)), copy_context(), loop.create_future())
        database: Database = request.app.state.database()
        self._waiting.append(asked)
        loop.call_soon(self._begin, database)  # those that arrived in the same moment are there by then
        try:
            answer = await asked.answer
            return answer if answer is not None else await self._by_itself(request, item)
        finally:
            if asked.has_place:
                self._end(database, 1)

    async def _by_itself(self, request: Request, item: T) -> Response:
        async def handle(request: Request) -> Response:
            return await self._alone(request.state.uow, item)

        return await transact(request, handle, claim=request.state.claim)

    def _begin(self, database: Database) -> None:
        """Give each free place to the next set; one that is on its own goes alone, and ends its place itself.

        The second place is taken once as many wait as are under way: sets come out even, and few of them are small.
        """
        while self._busy < _AT_ONCE and len(self._waiting) >= self._under_way and (chosen := self._choose()):
            self._busy += 1
            self._under_way += len(chosen)
            if len(chosen) == 1:
                chosen[0].has_place = True
                _answer(chosen[0], None)
            else:
                task = asyncio.create_task(self._work(database, chosen), context=Context())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _end(self, database: Database, count: int) -> None:
        self._busy -= 1
        self._under_way -= count
        self._begin(database)

    def _choose(self) -> list[Asked[T]]:
        """Those that came first and share no name; the others keep their places."""
        chosen: list[Asked[T]] = []
        left: list[Asked[T]] = []
        taken: set[object] = set()
        for asked in self._waiting:
            if asked.answer.done():  # its caller has gone
                continue
            fits = len(chosen) < _MOST and taken.isdisjoint(asked.names)
            (chosen if fits else left).append(asked)
            taken |= asked.names
        self._waiting = left
        return chosen

    async def _work(self, database: Database, chosen: Sequence[Asked[T]]) -> None:
        answers: Sequence[Response | None] = [None] * len(chosen)
        try:
            answers = await self._transact(database, chosen)
        except (Apart, Refused, idempotency.Overtaken):
            pass
        except Exception as error:  # noqa: BLE001 - each goes alone, and meets its own fault there
            _log.warning("set_failed", requests=len(chosen), error=repr(error))
        finally:
            for asked, answer in zip(chosen, answers, strict=True):
                _answer(asked, answer)
            self._end(database, len(chosen))

    async def _transact(self, database: Database, chosen: Sequence[Asked[T]]) -> list[Response | None]:
        current_actor.set(Actor(operator=True))  # the task's own context
        async with database.transaction() as uow:
            free = await idempotency.begin_all(uow, [asked.claim for asked in chosen])
            begun = [asked for asked, is_free in zip(chosen, free, strict=True) if is_free]
            found = dict(zip((id(asked) for asked in begun), await self._in_set(uow, begun), strict=True)) if begun else {}
            answers = [found.get(id(asked)) for asked in chosen]
            await idempotency.store_all(uow, [(asked.claim, answer) for asked, answer in zip(chosen, answers, strict=True) if answer])
        return answers


def _answer(asked: Asked[Any], answer: Response | None) -> None:
    if not asked.answer.done():  # its caller may have gone
        asked.answer.set_result(answer)
