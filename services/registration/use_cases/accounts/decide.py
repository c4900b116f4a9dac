"""Decide a review: the customer is one of the accounts that it is like, or is another."""

from itertools import combinations
from uuid import UUID

from services.registration.domain.accounts.joining import Keep
from services.registration.domain.accounts.refusals import ReviewDecided, ReviewNeedsAccount
from services.registration.domain.values import AccountId
from services.registration.store import account_book, account_links, reviews
from services.registration.store.accounts import find
from services.registration.store.reviews import AccountReviewState, Review
from services.registration.use_cases.accounts.change import Author
from services.registration.use_cases.accounts.merge import Merge, merge
from shared.chassis.database import UnitOfWork


async def decide_same(uow: UnitOfWork, review_id: UUID, author: Author, *, account_id: UUID | None, keep: Keep | None) -> Review:
    """Merge the customer's account into `account_id`, one of those shown (needed where there are several).

    Of a customer that names several accounts, all are merged into it. Raises ReviewDecided, ReviewNeedsAccount and what `merge` raises.
    """
    review = await _open(uow, review_id)
    shown = await _shown(uow, review)
    into = await _chosen(uow, shown, account_id)
    for gone in (await _of_review(uow, review, shown)) - {into}:
        await merge(uow, Merge(account_id=gone, into=into, keep=keep), author)
    return await reviews.decide(uow, review, AccountReviewState.SAME, by=author.name, because=author.because)


async def decide_different(uow: UnitOfWork, review_id: UUID, author: Author) -> Review:
    """The customer is none of the accounts shown, and nobody is asked again. Raises ReviewDecided."""
    review = await _open(uow, review_id)
    everyone = sorted(await _shown(uow, review) | await _of_review(uow, review, set()))
    if review.account_id is None:
        pairs = list(combinations(everyone, 2))
    else:
        mine = await account_book.successor(uow, review.account_id)
        pairs = [(mine, other) for other in everyone if other != mine]
    await account_links.tell_apart(uow, pairs, by=author.name, because=author.because)
    return await reviews.decide(uow, review, AccountReviewState.DIFFERENT, by=author.name, because=author.because)


async def _open(uow: UnitOfWork, review_id: UUID) -> Review:
    review = await reviews.one(uow, review_id)
    if review.state is not AccountReviewState.OPEN:
        raise ReviewDecided(state=review.state.value)
    return review


async def _shown(uow: UnitOfWork, review: Review) -> set[AccountId]:
    """The accounts that the review offers, or who carries on for them."""
    offered = [one.account_id for one in review.likenesses]
    if review.account_id is None:
        offered += (await find(uow, review.identifiers)).values()
    return {await account_book.successor(uow, account) for account in offered}


async def _of_review(uow: UnitOfWork, review: Review, shown: set[AccountId]) -> set[AccountId]:
    """The accounts that the customer is on: its own, or all that its identifiers name."""
    return {await account_book.successor(uow, review.account_id)} if review.account_id else shown


async def _chosen(uow: UnitOfWork, shown: set[AccountId], account_id: UUID | None) -> AccountId:
    chosen = await account_book.successor(uow, account_id) if account_id else None
    if chosen is None and len(shown) == 1:
        return next(iter(shown))
    if chosen is None or chosen not in shown:
        raise ReviewNeedsAccount(accounts=", ".join(map(str, sorted(shown))))
    return chosen
