"""End places in line: what was kept for them is free, and each partner is told why, once."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from services.registration.domain.deals.line import Place, Waiting
from services.registration.domain.values import DealId, PartnerId
from services.registration.mapping.waiting import ended
from services.registration.store import slots, waiting
from shared.chassis.database import UnitOfWork
from shared.schemas.waiting import WaitingEnd

_STATES = {WaitingEnd.ACCEPTED: Place.TAKEN, WaitingEnd.OFFER_LAPSED: Place.LAPSED}


async def end_places(
    uow: UnitOfWork, ones: Sequence[Waiting], reason: WaitingEnd, *, continued_by: Mapping[UUID, UUID] = MappingProxyType({})
) -> None:
    """End places that are locked; `continued_by` names the other place of the same partner that goes on for one."""
    if not ones:
        return
    await slots.end(uow, [DealId(one.id) for one in ones], at=uow.now)
    await waiting.settle(uow, [one.id for one in ones], state_of(reason))
    tell_ended(uow, ones, reason, continued_by=continued_by)


def tell_ended(
    uow: UnitOfWork,
    ones: Iterable[Waiting],
    reason: WaitingEnd,
    *,
    deal_id: UUID | None = None,
    continued_by: Mapping[UUID, UUID] = MappingProxyType({}),
) -> None:
    """Tell each partner of its own place, which was read before it ended."""
    for one in ones:
        event = ended(one, reason, now=uow.now, deal_id=deal_id, continued_by=continued_by.get(one.id))
        uow.emit(event, sequence=one.version + 1)


def state_of(reason: WaitingEnd) -> Place:
    """Where a place stands that ended for `reason`."""
    return _STATES.get(reason, Place.LEFT)


async def leave_all(uow: UnitOfWork, partner_id: PartnerId, reason: WaitingEnd) -> None:
    """The partner, whose lock is held, waits for nothing any more."""
    await end_places(uow, await waiting.of_partner(uow, partner_id), reason)
