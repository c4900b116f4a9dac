"""Around the books' own intake: remember where deals came from, and what became of invoices and payments."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from services.commission.store import cash
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Incoming
from shared.schemas.cash import DealInvoiced, DealPaid
from shared.schemas.deals import DealClosed

CASH_FACTS = frozenset({DealInvoiced, DealPaid})
TakeIn = Callable[[UnitOfWork, Sequence[Incoming[Any]]], Awaitable[None]]


class Intake:
    """The consumer's use case with its two notes; a batch of closes without an origin costs a look at each, nothing more."""

    def __init__(self, take_in: TakeIn) -> None:
        self._take_in = take_in

    async def __call__(self, uow: UnitOfWork, incomings: Sequence[Incoming[Any]]) -> None:
        await self._take_in(uow, incomings)
        origins, settled = [], []
        for incoming in incomings:
            event = incoming.event
            if type(event) is DealClosed:
                if event.source is not None and event.external_id is not None:
                    origins.append((event.source, event.external_id, event.deal_id))
            elif type(event) in CASH_FACTS:
                settled.append(incoming.inbox_id)
        if origins:
            await cash.note_origins(uow, origins)
        if settled:
            await cash.settle(uow, settled)
