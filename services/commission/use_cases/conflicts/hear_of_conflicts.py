"""A conflict over deals is open, or decided: what was earned on them is held from the one to the other."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from services.commission.domain import waits
from services.commission.domain.conflict_hold import Heard, thaw
from services.commission.domain.deal import Deal, Standing
from services.commission.domain.facts import Thawed
from services.commission.domain.waits import Reason, Wait
from services.commission.mapping_conflicts import ConflictHeard, about, correction_of, heard_of
from services.commission.store.conflicts import hear, still_open
from services.commission.store.loading import Opened, opened
from services.commission.store.plans import Plans
from services.commission.use_cases.conflicts.holding import hold_contested, post
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Incoming
from shared.schemas.conflicts import Correction


async def hear_of_conflicts(uow: UnitOfWork, incomings: Sequence[Incoming[ConflictHeard]], *, plans: Plans) -> None:
    """In whatever order openings and decisions come: a decision that is on record makes the opening of the same conflict nothing.

    The partners are locked before anything is kept, so that releases, payouts and closes see it whole or not at all.
    """
    probes = [fact for incoming in incomings for fact in about(incoming.event, at=uow.now)]
    work = await opened(uow, probes, plan=await plans.current(uow))
    heard: list[Heard] = []
    for incoming in incomings:
        if wait := _wait(correction_of(incoming.event), work.book.deals):
            await uow.wait_for(wait.name, incoming, reason=wait.reason)
        else:
            heard += heard_of(incoming.event)
    await hear(uow, heard)
    if work.book.deals:
        await _settle(uow, work, heard)


async def _settle(uow: UnitOfWork, work: Opened, heard: Sequence[Heard]) -> None:
    """Hold what is contested now, let go what is so no longer."""
    deal_ids = {each.deal_id for each in heard} & work.book.deals.keys()
    contested = await still_open(uow, deal_ids)
    # What is told again holds nothing more: what was paid before is not held against what is earned since.
    fresh = {deal_id: open_now for deal_id, open_now in contested.items() if set(open_now) - set(work.contested.get(deal_id, ()))}
    free = {each.deal_id: each.conflict_id for each in heard if each.decided and each.deal_id in deal_ids - contested.keys()}
    await post(uow, work, [*await hold_contested(uow, work, fresh), *_thawed(uow, work, free)])


def _thawed(uow: UnitOfWork, work: Opened, free: Mapping[UUID, UUID]) -> Iterator[Thawed]:
    for deal_id, conflict_id in sorted(free.items()):
        yield from thaw(work.book.deals[deal_id], conflict_id, at=uow.now)


def _wait(correction: Correction | None, deals: Mapping[UUID, Deal]) -> Wait | None:
    """A decision that corrected a won deal lets nothing go before the books have the correction: it says whose the money is."""
    if correction is None:
        return None
    deal, number = deals.get(correction.deal_id), correction.close_number
    if deal is None or deal.close_number < number:
        return Wait(waits.closed(correction.deal_id, number), Reason.DEAL_UNKNOWN)
    if deal.close_number > number or deal.standing in (Standing.REOPENED, Standing.LOST):
        return None
    if deal.standing is Standing.WAITING:
        return Wait(waits.closed(deal.id, number), Reason.DEAL_WAITING)
    return Wait(waits.amended(deal.id, number), Reason.TERMS_UNKNOWN) if deal.revision < correction.revision else None
