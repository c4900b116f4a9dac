"""Who is asking: carried in a context variable and turned into PostgreSQL settings at every begin."""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller as row-level security sees it: one partner, or an operator who sees all, or (neither) nobody."""

    partner_id: UUID | None = None
    operator: bool = False


NOBODY = Actor()
current_actor: ContextVar[Actor] = ContextVar("current_actor", default=NOBODY)

_SETTINGS = "select set_config('hansa.partner', $1, true), set_config('hansa.operator', $2, true)"


def bind_actor(engine: AsyncEngine) -> None:
    """Make every transaction of `engine` carry the current actor; it cannot be forgotten, and ends with the transaction."""

    @event.listens_for(engine.sync_engine, "begin")
    def _announce(connection: Connection) -> None:
        actor = current_actor.get()
        partner = str(actor.partner_id) if actor.partner_id else ""
        connection.exec_driver_sql(_SETTINGS, (partner, "on" if actor.operator else "off"))
