"""Offer accounts that became free to the next in line; places that are over by themselves end before."""

from collections.abc import Sequence

from services.registration.domain.deals.line import Place, Waiting, next_look
from services.registration.domain.deals.protection import Board, Slot, Window, instant, rivals, slots_for
from services.registration.domain.values import AccountId, DealId
from services.registration.mapping.waiting import offered
from services.registration.policy import Policy
from services.registration.store import accounts, slots, waiting
from services.registration.use_cases.waiting.end import end_places
from shared.chassis.database import UnitOfWork
from shared.schemas.waiting import WaitingEnd

_PORTION = 100
_MARKS = 500  # of what was freed, mostly with nobody in line


async def offer_free(uow: UnitOfWork, *, policy: Policy) -> int:
    """One portion; returns how many accounts were looked at.

    It looks where something that was held was freed, and where an end that was known has come. Accounts are locked before the
    places in their lines, as everywhere: who accepts an offer at this moment holds its account.
    """
    freed = await waiting.freed(uow, limit=_MARKS)
    due = await waiting.due(uow, kept_back=policy.waiting_list.open, limit=_PORTION)
    if concerned := sorted({*due, *(account for account, waited_for in freed.items() if waited_for)}):
        await _look(uow, concerned, policy)
    return len({*due, *freed})


async def _look(uow: UnitOfWork, concerned: Sequence[AccountId], policy: Policy) -> None:
    await accounts.lock(uow, concerned)
    line = await waiting.lines(uow, concerned)
    lapsed = [one for one in line if one.place is Place.OFFERED and one.offered_until and one.offered_until <= uow.now]
    await end_places(uow, lapsed, WaitingEnd.OFFER_LAPSED)
    window = Window(uow.now, uow.now + policy.waiting_list.offer)
    board = await slots.board(uow, concerned, since=window.start, until=window.end)
    in_line = await _without_those_who_have_it(uow, board, [one for one in line if one.place is Place.WAITING])
    listed = policy.waiting_list.open
    offers = [one for one in in_line if listed and _fits(board, one, window)]
    await _offer(uow, board, offers, window)
    left = [one for one in in_line if one not in offers]
    await waiting.look_again(uow, {one.id: next_look(one, board, now=uow.now, listed=listed) for one in left})


async def _without_those_who_have_it(uow: UnitOfWork, board: Board, in_line: Sequence[Waiting]) -> list[Waiting]:
    """Whose partner alone holds what it waits for is out of the line: its place would prolong its own protection, as joining then would."""
    now = instant(uow.now)
    held = [(one, board.holders(one.scope, now)) for one in in_line]
    have = [one for one, holders in held if holders and not rivals(holders, one.partner_id)]
    await end_places(uow, have, WaitingEnd.REGISTERED)
    return [one for one in in_line if one not in have]


def _fits(board: Board, one: Waiting, window: Window) -> bool:
    """Whether it is free for `one`, who comes first of those in its way; then it is kept for it."""
    if board.holders(one.scope, window):
        return False
    board.hold(kept_for(one, window))
    return True


async def _offer(uow: UnitOfWork, board: Board, offers: Sequence[Waiting], window: Window) -> None:
    await waiting.offer(uow, offers, until=window.end)
    for one in offers:
        uow.emit(offered(one, until=window.end, now=uow.now), sequence=one.version + 1)
    await slots.write(uow, board)


def kept_for(one: Waiting, window: Window) -> tuple[Slot, ...]:
    """What an offer holds: a slot like a deal's, in the name of the place in line."""
    return slots_for(DealId(one.id), one.scope, window, partner_id=one.partner_id)
