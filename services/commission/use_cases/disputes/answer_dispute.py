"""Staff answer a dispute; their decision is due next."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.commission.domain.dispute import Dispute, Said, answer
from services.commission.mapping_disputes import dispute_answered
from services.commission.store import disputes
from services.commission.store.rule_book import DISPUTE_RULES
from shared.chassis.database import UnitOfWork

Expects = Callable[[int], None]
"""Raises unless the caller is willing to change the dispute in this version of it."""


async def answer_dispute(uow: UnitOfWork, dispute_id: UUID, said: Said, *, decide_by: datetime | None, expects: Expects) -> Dispute:
    """Raises NotFound, DisputeSettled, DisputeAnswered, DecisionDueInvalid."""
    former = await disputes.get(uow, dispute_id, lock=True)
    expects(former.version)
    rules = (await DISPUTE_RULES.current(uow)).rules.rules()
    answered = answer(former, said, decide_by=decide_by, rules=rules)
    await disputes.save(uow, answered)
    uow.emit(dispute_answered(answered, now=uow.now), sequence=answered.version)
    return answered
