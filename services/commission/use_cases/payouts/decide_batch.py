"""Approve a batch, start it, or cancel it."""

from collections.abc import Sequence
from uuid import UUID

from services.commission.domain import payouts as domain
from services.commission.domain.payouts import Candidate, Payout, PayoutState, Skip, why_not_anymore
from services.commission.mapping_payouts import payout_started
from services.commission.store import payout_batches, payouts
from services.commission.store.plans import Plans
from services.commission.store.rule_book import PAYOUT_RULES
from services.commission.use_cases.book import book, standing
from shared.chassis.database import UnitOfWork


async def approve_batch(uow: UnitOfWork, batch_id: UUID, *, by: str) -> None:
    """Raises NotFound, BatchInOtherState, SamePerson, BatchEmpty, PayeeSetByApprover.

    Who sets a payee after the approval sends nothing anywhere: what goes to other details than the draft's is skipped at the start.
    """
    batch = (await payout_batches.held(uow, batch_id)).batch
    drafted, to_own = await payouts.drafted(uow, batch_id, details_by=by)
    await payout_batches.step(uow, domain.approved(batch, by=by, payouts=drafted, to_own=to_own), "approved", by=by)


async def start_batch(uow: UnitOfWork, batch_id: UUID, *, by: str, plans: Plans) -> None:
    """Payable → in payout, for each partner whose payout is still good. Raises NotFound, BatchInOtherState."""
    batch = domain.started((await payout_batches.held(uow, batch_id)).batch)
    drafted = [shown.payout for shown in await payouts.of_batch(uow, batch_id, PayoutState.DRAFTED)]
    skipped = await _not_anymore(uow, drafted, plans=plans)
    good = [payout for payout in drafted if payout.id not in skipped]
    await book(uow, [domain.start(payout, at=uow.now) for payout in good], plans=plans)
    await payouts.start(uow, [payout.id for payout in good])
    await payouts.skip(uow, skipped)
    for payout in good:
        uow.emit(payout_started(payout, now=uow.now), sequence=1)
    await payout_batches.step(uow, batch if good else domain.after(batch, ()), "started", by=by)


async def cancel_batch(uow: UnitOfWork, batch_id: UUID, *, by: str) -> None:
    """Before the start alone. Raises NotFound, BatchInOtherState."""
    batch = domain.cancelled((await payout_batches.held(uow, batch_id)).batch)
    await payouts.cancel(uow, batch_id)
    await payout_batches.step(uow, batch, "cancelled", by=by)


async def _not_anymore(uow: UnitOfWork, drafted: Sequence[Payout], *, plans: Plans) -> dict[UUID, Skip]:
    """Which payouts cannot be made any more, and why. From here to the commit no balance of theirs moves."""
    balances = await standing(uow, [payout.partner_id for payout in drafted])
    rules = (await PAYOUT_RULES.current(uow)).rules.rules()
    today = (await plans.current(uow)).calendar.day(uow.now)
    found = {}
    for payout, (payee, stands) in zip(drafted, await payouts.whom(uow, [each.partner_id for each in drafted]), strict=True):
        payable = balances[payout.partner_id, payout.currency].payable
        candidate = Candidate(payout.partner_id, payout.currency, payable, payee, stands)
        if reason := why_not_anymore(payout, candidate, rules=rules, today=today):
            found[payout.id] = reason
    return found
