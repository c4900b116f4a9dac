"""What the sender does with deliveries: claims the due ones by lease, settles attempts many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifications.domain.deliveries import Answer, DeliveryId, Due, Verdict
from services.notifications.domain.endpoints import EndpointId
from services.notifications.domain.lanes import Limits, Room
from shared.chassis.database import UnitOfWork

# Per endpoint the oldest due ones, as many as it may still have under way; SKIP LOCKED and the lease keep two senders apart.
# A row that is "sending" and due again belongs to a sender that died or froze.
_CLAIM = """
with free as (
    select e.id, e.url, e.failing_since is not null or e.id = any($4::uuid[]) as suspect, coalesce(b.n, 0) as busy
    from endpoints e left join unnest($2::uuid[], $3::int[]) as b(id, n) on b.id = e.id
    where e.state = 'enabled'
), ranked as (
    select d.id, f.url, f.suspect, row_number() over (partition by f.suspect order by d.due_at) as place
    from free f cross join lateral (
        select id, due_at from deliveries
        where endpoint_id = f.id and state in ('pending', 'sending') and due_at <= $1
        order by due_at limit greatest(case when f.suspect then 1 else $5::int end - f.busy, 0)
        for update skip locked
    ) d
), claimed as (
    update deliveries d set state = 'sending', due_at = $8, lease = gen_random_uuid(), attempts = attempts + 1
    from ranked r where r.id = d.id and r.place <= case when r.suspect then $7::int else $6::int end
    returning d.*, r.url, r.suspect
)
select c.id, c.endpoint_id, c.partner_id, c.message_id, c.event_type, coalesce(c.payload, f.payload) as payload, c.url, c.attempts,
       c.earlier_attempts, c.lease, c.traceparent, c.created_at, c.suspect
from claimed c left join feed_entries f on f.position = c.position
order by c.number"""

_SETTLE = """
with given as (
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::int[], $6::timestamptz[], $7::int[], $8::int[],
                         $9::text[], $10::text[]) as g(id, lease, state, due_at, attempt, started_at, duration_ms, status, fault, excerpt)
), settled as (
    update deliveries d
    set state = g.state, due_at = g.due_at, lease = null, finished_at = case when g.due_at is null then $11::timestamptz end
    from given g where d.id = g.id and d.lease = g.lease
)
insert into attempts (delivery_id, attempt, partner_id, started_at, duration_ms, status, fault, excerpt)
select d.id, g.attempt, d.partner_id, g.started_at, g.duration_ms, g.status, g.fault, g.excerpt
from given g join deliveries d on d.id = g.id
on conflict do nothing"""


@dataclass(frozen=True, slots=True)
class Settled:
    """One attempt with its answer and what was decided."""

    due: Due
    answer: Answer
    verdict: Verdict
    started_at: datetime
    duration_ms: int


async def claim(uow: UnitOfWork, room: Room, *, limits: Limits, lease: timedelta) -> list[Due]:
    """Take due deliveries for this sender, within `room`; nobody else takes them until the lease ends."""
    arguments = [*room.busy.keys()], [*room.busy.values()], [*room.suspects], limits.each, room.fast, room.slow
    rows = await uow.fetch(_CLAIM, uow.now, *arguments, uow.now + lease)
    return [
        Due(
            id=DeliveryId(row.id),
            endpoint_id=EndpointId(row.endpoint_id),
            partner_id=row.partner_id,
            message_id=row.message_id,
            event_type=row.event_type,
            payload=row.payload,
            url=row.url,
            attempt=row.attempts,
            earlier_attempts=row.earlier_attempts,
            lease=row.lease,
            traceparent=row.traceparent,
            committed_at=row.created_at,
            suspect=row.suspect,
        )
        for row in rows
    ]


async def settle(uow: UnitOfWork, attempts: Sequence[Settled]) -> None:
    """Log the attempts and move their deliveries on, except those whose lease went to another sender meanwhile."""
    rows = [
        (
            a.due.id,
            a.due.lease,
            a.verdict.state.value,
            a.verdict.due_at,
            a.due.attempt,
            a.started_at,
            a.duration_ms,
            a.answer.status,
            a.answer.fault.value if a.answer.fault else None,
            a.answer.excerpt,
        )
        for a in sorted(attempts, key=lambda a: a.due.id)  # sorted, so that two senders lock rows in one order
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await uow.fetch(_SETTLE, *columns, uow.now)
