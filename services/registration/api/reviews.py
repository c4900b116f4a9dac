"""What is put up for review, and how it is decided, over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel

from services.registration.api.accounts_models import AccountDecisionIn, IdentifierOut, identifiers_out
from services.registration.domain.accounts.likeness import Likeness
from services.registration.store import account_book, reviews
from services.registration.store.account_book import Account
from services.registration.store.reviews import AccountReviewState, Review
from services.registration.use_cases.accounts.change import Author
from services.registration.use_cases.accounts.decide import decide_different, decide_same
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, requires

router = Router(prefix="/v1/reviews", tags=["reviews"])
Manager = Annotated[Principal, requires("deals:admin")]


class LikenessOut(BaseModel):
    """An account that the customer is like: how much, from 0 to 100, and why."""

    account_id: UUID
    name: str
    country: str | None
    score: int
    reasons: tuple[str, ...]


class ReviewOut(BaseModel):
    """A customer as a partner gave it, and whom it may be: `account_ambiguous` names several accounts exactly, `account_probable` is like
    some, `account_linked` belongs to one, or owns one, that somebody else has protected. `account_id`: what it was entered as."""

    id: UUID
    partner_id: UUID
    account_name: str
    identifiers: list[IdentifierOut]
    reason: str
    raised_at: datetime
    account_id: UUID | None
    likenesses: list[LikenessOut]
    state: AccountReviewState
    decided_by: str | None
    decided_at: datetime | None
    decided_because: str | None


@router.get("")
async def list_reviews(uow: Uow, _: Manager, paging: PageQuery, state: AccountReviewState = AccountReviewState.OPEN) -> Page[ReviewOut]:
    """Customers that could not be told apart; a channel manager decides."""
    after = paging.after(UUID)
    found = await reviews.listed(uow, state=state, after=after[0] if after else None, limit=paging.limit + 1)
    accounts = await _accounts(uow, *found)
    return paging.page(found, view=lambda review: _out(review, accounts), key=lambda review: (review.id,))


@router.post("/{review_id}/decide")
async def decide_review(review_id: UUID, body: AccountDecisionIn, uow: Uow, caller: Manager) -> ReviewOut:
    """The customer is one of the accounts shown, and is merged into it; or is another, and nobody is asked again."""
    author = Author(caller.subject, body.reason)
    if body.decision == "same":
        keep = body.keep.exact() if body.keep else None
        decided = await decide_same(uow, review_id, author, account_id=body.account_id, keep=keep)
    else:
        decided = await decide_different(uow, review_id, author)
    return _out(decided, await _accounts(uow, decided))


async def _accounts(uow: Uow, *found: Review) -> dict[UUID, Account]:
    wanted = {one.account_id for review in found for one in review.likenesses}
    return {account.id: account for account in await account_book.named(uow, wanted)} if wanted else {}


def _out(review: Review, accounts: dict[UUID, Account]) -> ReviewOut:
    return ReviewOut(
        id=review.id,
        partner_id=review.partner_id,
        account_name=review.account_name,
        identifiers=identifiers_out(review.identifiers),
        reason=review.reason,
        raised_at=review.raised_at,
        account_id=review.account_id,
        likenesses=[_likeness(one, accounts[one.account_id]) for one in review.likenesses],
        state=review.state,
        decided_by=review.decided_by,
        decided_at=review.decided_at,
        decided_because=review.decided_because,
    )


def _likeness(one: Likeness, account: Account) -> LikenessOut:
    return LikenessOut(account_id=one.account_id, name=account.name, country=account.country, score=one.score, reasons=one.reasons)
