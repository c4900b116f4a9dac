"""A bank's report on a batch: each payout that it tells of is confirmed or comes back, once."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from services.commission.domain.bank_reports import Outcome, Report, Result, judged, name_of, why_failed
from services.commission.domain.payout_refusals import StatusReportConflict
from services.commission.domain.payouts import BatchState, Payout, PayoutState
from services.commission.store import bank_reports, payout_batches, payouts
from services.commission.store.bank_reports import Taken
from services.commission.store.plans import Plans
from services.commission.use_cases.payouts.settle_payouts import confirm_payouts, fail_payouts
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound

_SENT = (BatchState.STARTED, BatchState.SETTLED)


@dataclass(frozen=True, slots=True)
class Reported:
    """A report on record; `repeated`: it was before, and nothing was done now."""

    taken: Taken
    repeated: bool


async def take_report(uow: UnitOfWork, report: Report, content: bytes, *, by: str, plans: Plans) -> Reported:
    """Apply a report, unless it came before. Raises StatusReportConflict for another one of the same name."""
    await uow.lock(f"bank report:{report.message_id}")
    body_hash = hashlib.sha256(content).digest()
    if (known := await bank_reports.find(uow, report.message_id)) is not None:
        if known.body_hash != body_hash:
            raise StatusReportConflict(message=report.message_id)
        return Reported(known, repeated=True)
    batch_id, sent = await _sent(uow, report.original_id)
    outcomes = tuple(judged(report, {name_of(payout): payout for payout in sent}))
    if batch_id is not None:
        await _apply(uow, batch_id, outcomes, report.message_id, plans=plans)
    taken = await bank_reports.add(uow, report.message_id, body_hash=body_hash, batch_id=batch_id, by=by, outcomes=outcomes)
    return Reported(taken, repeated=False)


async def _sent(uow: UnitOfWork, original_id: str) -> tuple[UUID | None, list[Payout]]:
    """The batch whose file had that message id, its row locked, and its payouts; none if it never went to a bank."""
    try:
        batch_id = UUID(hex=original_id)
        batch = (await payout_batches.held(uow, batch_id)).batch
    except (ValueError, NotFound):
        return None, []
    if batch.state not in _SENT:
        return None, []
    return batch_id, [shown.payout for shown in await payouts.of_batch(uow, batch_id, *PayoutState)]


async def _apply(uow: UnitOfWork, batch_id: UUID, outcomes: tuple[Outcome, ...], message_id: str, *, plans: Plans) -> None:
    """First what arrived, then what came back: a payout may do both in one report."""
    arrived = {each.payout_id for each in outcomes if each.result is Result.PAID}
    if paid := {payout_id for payout_id in arrived if payout_id is not None}:
        await confirm_payouts(uow, batch_id, paid, at=uow.now, reference=f"pain.002 {message_id}", plans=plans)
    failed = {each.payout_id: why_failed(each) for each in outcomes if each.result is Result.FAILED and each.payout_id is not None}
    if failed:
        await fail_payouts(uow, batch_id, failed, plans=plans)
