"""What became of payouts: they arrived, or they came back and are payable again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.commission.domain import payouts as domain
from services.commission.domain.payouts import Batch, Payout, PayoutState
from services.commission.mapping_payouts import payout_failed, payout_paid
from services.commission.store import payout_batches, payouts
from services.commission.store.plans import Plans
from services.commission.use_cases.book import book
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound

_STATES = tuple(PayoutState)


async def confirm_payouts(
    uow: UnitOfWork, batch_id: UUID, chosen: Collection[UUID] | None, *, at: datetime, reference: str | None, plans: Plans
) -> None:
    """In payout → paid, for these payouts or (None) for all that are under way.

    Raises NotFound, BatchInOtherState, PayoutInOtherState; then nothing is confirmed.
    """
    batch, every = await _held(uow, batch_id)
    wanted = [payout for payout in every if payout.state is PayoutState.IN_PAYOUT] if chosen is None else _chosen(every, chosen)
    await book(uow, [domain.confirm(payout, at=at) for payout in wanted], plans=plans)
    await payouts.confirm(uow, [payout.id for payout in wanted], at=at, reference=reference)
    for payout in wanted:
        uow.emit(payout_paid(payout, at=at, reference=reference, now=uow.now), sequence=2)
    await _settle(uow, batch, every, wanted)


async def fail_payouts(uow: UnitOfWork, batch_id: UUID, reasons: Mapping[UUID, str], *, plans: Plans) -> None:
    """Back to payable, each for its reason; the next batch pays what is payable then.

    Raises NotFound, BatchInOtherState, PayoutInOtherState; then nothing is changed.
    """
    batch, every = await _held(uow, batch_id)
    wanted = _chosen(every, reasons)
    await book(uow, [domain.fail(payout, at=uow.now) for payout in wanted], plans=plans)
    await payouts.fail(uow, reasons)
    for payout in wanted:
        uow.emit(payout_failed(payout, reason=reasons[payout.id], now=uow.now), sequence=3)
    await _settle(uow, batch, every, wanted)


async def _held(uow: UnitOfWork, batch_id: UUID) -> tuple[Batch, list[Payout]]:
    batch = (await payout_batches.held(uow, batch_id)).batch
    domain.under_way(batch)
    return batch, [shown.payout for shown in await payouts.of_batch(uow, batch_id, *_STATES)]


def _chosen(every: Sequence[Payout], chosen: Collection[UUID]) -> list[Payout]:
    found = [payout for payout in every if payout.id in set(chosen)]
    if len(found) < len(set(chosen)):
        raise NotFound(what="payout of this batch")
    return found


async def _settle(uow: UnitOfWork, batch: Batch, every: Sequence[Payout], settled: Sequence[Payout]) -> None:
    done = {payout.id for payout in settled}
    await payout_batches.save(uow, domain.after(batch, [payout for payout in every if payout.id not in done]))
