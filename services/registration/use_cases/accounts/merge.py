"""Merge an account into another: all that it was goes there, and whoever keeps its id is led there."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.accounts.joining import KEPT_BY_ANOTHER, Joined, Keep, join, on_account, yield_protection
from services.registration.domain.accounts.refusals import MergeClosesRing, SameAccount
from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import AccountId, DealId, State
from services.registration.mapping.accounts import merged_event
from services.registration.mapping.waiting import withdrawn
from services.registration.store import (
    account_book,
    account_keys,
    account_links,
    claims,
    deal_reviews,
    deals,
    extensions,
    partners,
    reviews,
    waiting,
)
from services.registration.store.deal_reviews import DealReviewState, ReviewStep
from services.registration.use_cases.accounts.change import Author, hold
from services.registration.use_cases.change import Expects, any_version
from services.registration.use_cases.publish import publish
from services.registration.use_cases.waiting.follow import follow
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """`account_id` goes into `into`. `keep` says whose protection stays where both protect the same; without it such a merge is refused."""

    account_id: UUID
    into: UUID
    keep: Keep | None = None
    expects: Expects = any_version


async def merge(uow: UnitOfWork, wanted: Merge, author: Author) -> AccountId:
    """The account that stays. Raises SameAccount, MergeCollides, MergeClosesRing and what `hold` raises."""
    into = await account_book.successor(uow, wanted.into)
    gone = AccountId(wanted.account_id)
    if gone == into:
        raise SameAccount
    await account_links.lock_rings(uow)
    await hold(uow, gone, into, expects=wanted.expects)
    line = await waiting.lines(uow, (gone, into))  # before what is kept for them is rewritten: who leaves takes both in this order
    on_both = await account_book.deals_of(uow, gone, into)  # again: somebody may have registered until the accounts were held
    joined = join(await account_book.slots_of(uow, gone, into), on_both, into=into, keep=wanted.keep, now=uow.now)
    moved = sorted(deal.id for deal in on_both.values() if deal.scope.account_id == gone)
    await _move(uow, gone, into, moved, joined)
    await follow(uow, line, gone, into=into)
    await _end_protections(uow, on_both, joined, into=into, author=author)
    await _tell(uow, gone, into, author, moved=moved, joined=joined)
    return into


async def _move(uow: UnitOfWork, gone: AccountId, into: AccountId, moved: list[DealId], joined: Joined) -> None:
    names = (await account_keys.identifiers_of(uow, [gone]))[gone]
    await account_book.move_names(uow, gone, names, to=into)
    await account_book.move_deals(uow, moved, to=into)
    await account_book.rewrite_slots(uow, joined.rewritten)
    await account_links.merge(uow, gone, into=into)
    if await account_links.is_above(uow, into, child=into):
        raise MergeClosesRing
    await claims.move(uow, gone, into=into)
    await account_keys.replace(uow, [gone, into])


async def _end_protections(uow: UnitOfWork, on_both: Mapping[DealId, Deal], joined: Joined, *, into: AccountId, author: Author) -> None:
    """Whoever yields is told: `deal.expired` of an open deal, which lives on, `deal.rejected` of one in review.

    Who was offered the account waits again.
    """
    deals_that_yield = [on_account(on_both[deal_id], into) for deal_id in joined.yielded if deal_id in on_both]
    ended = [yield_protection(deal, now=uow.now) for deal in deals_that_yield]
    for one in await waiting.take_back(uow, [each for each in joined.yielded if each not in on_both]):
        uow.emit(withdrawn(one, now=uow.now), sequence=one.version)
    await deals.save(uow, *(deal for deal, _ in ended))
    await extensions.lapse(uow, [deal.id for deal, _ in ended])
    await _out_of_the_queue(uow, [deal for deal, _ in ended if deal.state is State.REJECTED], author)
    publish(uow, ended)


async def _out_of_the_queue(uow: UnitOfWork, rejected: list[Deal], author: Author) -> None:
    """Nobody has to decide about them any more; the queue keeps who merged and why the registration yielded."""
    for deal in rejected:
        await deal_reviews.move(uow, deal.id, DealReviewState.REJECTED)
        text = f"{KEPT_BY_ANOTHER} (Accounts merged: {author.because})"
        await deal_reviews.note(uow, deal.id, deal.partner_id, ReviewStep.REJECTED, by=author.name, text=text)
    await partners.move_quota(uow, {partner: -count for partner, count in Counter(deal.partner_id for deal in rejected).items()})


async def _tell(uow: UnitOfWork, gone: AccountId, into: AccountId, author: Author, *, moved: list[DealId], joined: Joined) -> None:
    version = await account_book.mark_merged(uow, gone, into=into)
    await account_book.touch(uow, into)
    details = {"deals": moved, "protections_ended": joined.yielded}
    await account_book.record(uow, "merged", gone, into, by=author.name, because=author.because, details=details)
    await reviews.settle(uow, into, by=author.name, because=author.because)
    uow.emit(merged_event(gone, into, deal_ids=moved, now=uow.now), sequence=version)
