"""Who is asking: carried in a context variable and turned into PostgreSQL settings as every transaction begins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

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


def named(actor: Actor) -> str:
    """The statement that tells PostgreSQL who asks, until the transaction ends."""
    partner = str(actor.partner_id) if actor.partner_id else ""
    operator = "on" if actor.operator else "off"
    return f"select set_config('hansa.partner', '{partner}', true), set_config('hansa.operator', '{operator}', true)"


@asynccontextmanager
async def every_partner(uow: "UnitOfWork") -> AsyncIterator[None]:
    """Reach the rows of every partner within the block, whoever asks: a rule may have to know what its caller must not.

    Only around single statements; what is read in it must not get into an answer. An error ends the transaction, and the reach with it.
    """
    before = (await uow.fetch(_REACH_ALL))[0][0]
    yield
    await uow.fetch(_REACH, before or "off")
