"""What is put up for review, over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel

from services.registration.store import reviews
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, requires

router = Router(prefix="/v1/reviews", tags=["reviews"])


class IdentifierOut(BaseModel):
    """One name of a customer: `crm`, `domain`, `name` or `tax`."""

    kind: str
    value: str


class ReviewOut(BaseModel):
    """A customer that matched more than one account, as a partner gave it."""

    id: UUID
    partner_id: UUID
    account_name: str
    identifiers: list[IdentifierOut]
    reason: str
    raised_at: datetime


@router.get("")
async def list_reviews(uow: Uow, _: Annotated[Principal, requires("deals:admin")], paging: PageQuery) -> Page[ReviewOut]:
    """Customers that could not be told apart; a channel manager decides."""
    after = paging.after(UUID)
    found = await reviews.listed(uow, after=after[0] if after else None, limit=paging.limit + 1)
    return paging.page(found, view=_out, key=lambda review: (review.id,))


def _out(review: reviews.Review) -> ReviewOut:
    names = [IdentifierOut(kind=identifier.kind.value, value=identifier.value) for identifier in review.identifiers]
    return ReviewOut(
        id=review.id,
        partner_id=review.partner_id,
        account_name=review.account_name,
        identifiers=names,
        reason=review.reason,
        raised_at=review.raised_at,
    )
