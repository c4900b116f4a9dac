"""Give money of a won deal back: all that is left, an amount, or parts of named lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import Deal
from services.registration.domain.drafts import refund_wanted
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Decimal text in the deal's currency; neither amount nor parts means all that is left. The id keeps a repeat from counting twice."""

    refund_id: UUID | None = None
    amount: str | None = None
    parts: Sequence[tuple[str, str]] = ()
    reason: str | None = None


async def refund(uow: UnitOfWork, target: Target, request: RefundRequest) -> Deal:
    """Raises NotWon, RefundKnown, RefundInvalid, RefundExceedsSale and what `load` raises."""
    deal = await load(uow, target)
    wanted = refund_wanted(deal.won_terms(), amount=request.amount, parts=request.parts)
    refunded, fact = life.refund(deal, refund_id=request.refund_id or new_id(), wanted=wanted, reason=request.reason, now=uow.now)
    return await settle(uow, deal, refunded, fact)
