"""Who is asking: carried in a context variable and turned into PostgreSQL settings at every begin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

if TYPE_CHECKING:
    from shared.chassis.database.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller as row-level security sees it: one partner, or an operator who sees all, or (neither) nobody."""

    partner_id: UUID | None = None
    operator: bool = False


NOBODY = Actor()
current_actor: ContextVar[Actor] = ContextVar("current_actor", default=NOBODY)

_REACH_ALL = "select current_setting('hansa.operator', true), set_config('hansa.operator', 'on', true)"
_REACH = "select set_config('hansa.operator', $1, true)"
_SETTINGS = "select set_config('hansa.partner', $1, true), set_config('hansa.operator', $2, true)"


def bind_actor(engine: AsyncEngine) -> None:
    """Make every transaction of `engine` carry the current actor; it cannot be forgotten, and ends with the transaction."""

    @event.listens_for(engine.sync_engine, "begin")
    def _announce(connection: Connection) -> None:
        actor = current_actor.get()
        partner = str(actor.partner_id) if actor.partner_id else ""
        connection.exec_driver_sql(_SETTINGS, (partner, "on" if actor.operator else "off"))


@asynccontextmanager
async def every_partner(uow: "UnitOfWork") -> AsyncIterator[None]:
    """Reach the rows of every partner within the block, whoever asks: a rule may have to know what its caller must not.

    Only around single statements; what is read in it must not get into an answer. An error ends the transaction, and the reach with it.
    """
    before = (await uow.fetch(_REACH_ALL))[0][0]
    yield
    await uow.fetch(_REACH, before or "off")
