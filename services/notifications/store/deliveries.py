"""Deliveries and their attempts as rows, read and redelivered by their owners. Sending has its own statements, see outgoing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notifications.domain.deliveries import DeliveryId, DeliveryState, Fault
from services.notifications.domain.endpoints import Endpoint, EndpointId
from services.notifications.domain.messages import Message
from services.notifications.store.feed import CHANNEL
from services.notifications.store.tables import attempts, deliveries
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a delivery stands. `due_at` is when it is tried next, or while sending the end of the sender's lease."""

    id: DeliveryId
    number: int
    endpoint_id: EndpointId
    message_id: str
    event_type: str
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the attempt log."""

    attempt: int
    started_at: datetime
    duration_ms: int
    status: int | None
    fault: Fault | None
    excerpt: str


async def load(uow: UnitOfWork, delivery_id: UUID, *, lock: bool = False) -> Delivery:
    """One delivery. Raises NotFound, also when it is another partner's."""
    query = sa.select(deliveries).where(deliveries.c.id == delivery_id)
    row = (await uow.execute(query.with_for_update(key_share=True) if lock else query)).one_or_none()
    if row is None:
        raise NotFound(what="delivery")
    return _delivery(row)


async def page(
    uow: UnitOfWork, endpoint_id: EndpointId, *, before: int | None, limit: int, state: DeliveryState | None
) -> Sequence[Delivery]:
    """Up to `limit` deliveries of an endpoint, newest first, made before the one numbered `before`."""
    query = sa.select(deliveries).where(deliveries.c.endpoint_id == endpoint_id).order_by(deliveries.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(deliveries.c.number < before)
    if state is not None:
        query = query.where(deliveries.c.state == state.value)
    return [_delivery(row) for row in await uow.execute(query)]


async def attempts_of(uow: UnitOfWork, delivery_id: UUID) -> Sequence[Attempt]:
    """The attempt log of a delivery, oldest first."""
    rows = await uow.execute(sa.select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.attempt))
    return [Attempt(r.attempt, r.started_at, r.duration_ms, r.status, Fault(r.fault) if r.fault else None, r.excerpt) for r in rows]


async def add_test(uow: UnitOfWork, delivery_id: DeliveryId, endpoint: Endpoint, message: Message, *, traceparent: str | None) -> None:
    """Make a delivery of a message that is no event: it goes to this endpoint alone and is not in the feed."""
    await uow.execute(
        sa.insert(deliveries).values(
            id=delivery_id,
            endpoint_id=endpoint.id,
            partner_id=endpoint.partner_id,
            message_id=message.id,
            event_type=message.event_type,
            payload=message.payload,
            state=DeliveryState.PENDING.value,
            due_at=uow.now,
            attempts=0,
            earlier_attempts=0,
            traceparent=traceparent,
            created_at=uow.now,
        )
    )
    await wake(uow)


async def start_over(uow: UnitOfWork, delivery_id: DeliveryId) -> None:
    """Make a finished delivery due now, with the whole retry schedule before it again."""
    fresh = {"state": DeliveryState.PENDING.value, "due_at": uow.now, "finished_at": None, "earlier_attempts": deliveries.c.attempts}
    await uow.execute(sa.update(deliveries).where(deliveries.c.id == delivery_id).values(**fresh))
    await wake(uow)


async def make_due(uow: UnitOfWork, endpoint_id: EndpointId) -> None:
    """Whatever waits for the endpoint is due now."""
    waiting = sa.and_(deliveries.c.endpoint_id == endpoint_id, deliveries.c.state == DeliveryState.PENDING.value)
    await uow.execute(sa.update(deliveries).where(waiting).values(due_at=uow.now))
    await wake(uow)


async def wake(uow: UnitOfWork) -> None:
    """Tell the senders, with this transaction's commit, that something is due."""
    await uow.fetch("select pg_notify($1, '')", CHANNEL)


async def prune(uow: UnitOfWork, *, keep: timedelta, limit: int) -> int:
    """Drop up to `limit` deliveries older than `keep` with their attempts, whatever their state. Returns how many went."""
    old = sa.select(deliveries.c.id).where(deliveries.c.created_at < uow.now - keep).limit(limit)
    return int((await uow.execute(sa.delete(deliveries).where(deliveries.c.id.in_(old)))).rowcount)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=DeliveryId(row.id),
        number=row.number,
        endpoint_id=EndpointId(row.endpoint_id),
        message_id=row.message_id,
        event_type=row.event_type,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
