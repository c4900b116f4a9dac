"""A dispute ends: with an adjusting entry, declined, or withdrawn. What it held back goes on from where it stood."""

from collections.abc import Callable
from uuid import UUID

from services.commission.domain.dispute import Dispute
from services.commission.mapping_disputes import dispute_resolved
from services.commission.store import disputes
from services.commission.store.plans import Plans
from services.commission.use_cases.disputes.answer_dispute import Expects
from services.commission.use_cases.disputes.holding import let_go
from shared.chassis.database import UnitOfWork

Decide = Callable[[Dispute], Dispute]
"""The settled dispute. Raises DisputeSettled, and AdjustmentZero and the like where an amount is decided."""


async def settle_dispute(uow: UnitOfWork, dispute_id: UUID, decide: Decide, *, expects: Expects, plans: Plans) -> Dispute:
    """Raises NotFound, and what `decide` and `expects` raise."""
    former = await disputes.get(uow, dispute_id, lock=True)
    expects(former.version)
    settled = decide(former)
    await let_go(uow, settled, plans=plans)
    await disputes.save(uow, settled)
    uow.emit(dispute_resolved(settled, now=uow.now), sequence=settled.version)
    return settled
