"""Offer accounts that became free to the next in line; places that are over by themselves end before."""

from collections.abc import Sequence

from services.registration.domain.deals.line import Place, Waiting
from services.registration.domain.deals.protection import Board, Slot, Window, instant, rivals, slots_for
from services.registration.domain.values import AccountId, DealId
from services.registration.mapping.waiting import offered
from services.registration.policy import Policy
from services.registration.store import accounts, slots, waiting
from services.registration.use_cases.waiting.end import end_places
from shared.chassis.database import UnitOfWork
from shared.schemas.waiting import WaitingEnd

_PORTION = 100


async def offer_free(uow: UnitOfWork, *, policy: Policy) -> int:
    """One portion; returns how many offers were made and places ended.

    Accounts are locked before the places in their lines, as everywhere: who accepts an offer at this moment holds its account.
    """
    free = await waiting.free_accounts(uow, limit=_PORTION) if policy.waiting_list.open else []
    concerned = sorted({*free, *await waiting.ending_accounts(uow, limit=_PORTION)})
    if not concerned:
        return 0
    await accounts.lock(uow, concerned)
    line = await waiting.lines(uow, concerned)
    lapsed = [one for one in line if one.place is Place.OFFERED and one.offered_until and one.offered_until <= uow.now]
    await end_places(uow, lapsed, WaitingEnd.OFFER_LAPSED)
    in_line = [one for one in line if one.place is Place.WAITING]
    had = await _had_already(uow, in_line)
    await end_places(uow, had, WaitingEnd.REGISTERED)
    made = [await _offer_next(uow, account_id, [one for one in in_line if one not in had], policy) for account_id in sorted(free)]
    return len(lapsed) + len(had) + sum(made)


async def _had_already(uow: UnitOfWork, in_line: Sequence[Waiting]) -> list[Waiting]:
    """Whose partner alone holds what it waits for; else its place would prolong its own protection, as joining then would."""
    now = instant(uow.now)
    board = await slots.board(uow, {one.scope.account_id for one in in_line}, since=now.start, until=now.end)
    held = [(one, board.holders(one.scope, now)) for one in in_line]
    return [one for one, holders in held if holders and not rivals(holders, one.partner_id)]


async def _offer_next(uow: UnitOfWork, account_id: AccountId, in_line: Sequence[Waiting], policy: Policy) -> int:
    """Those in line who do not stand in each other's way, first come first."""
    until = uow.now + policy.waiting_list.offer
    window = Window(uow.now, until)
    board = await slots.board(uow, [account_id], since=uow.now, until=until)
    offers = [one for one in in_line if one.scope.account_id == account_id and _fits(board, one, window)]
    for one in offers:
        await waiting.offer(uow, one, until=until)
        uow.emit(offered(one, until=until, now=uow.now), sequence=one.version + 1)
    await slots.write(uow, board)
    return len(offers)


def _fits(board: Board, one: Waiting, window: Window) -> bool:
    """Whether it is free for `one`; then it is kept for it."""
    if board.holders(one.scope, window):
        return False
    board.hold(kept_for(one, window))
    return True


def kept_for(one: Waiting, window: Window) -> tuple[Slot, ...]:
    """What an offer holds: a slot like a deal's, in the name of the place in line."""
    return slots_for(DealId(one.id), one.scope, window, partner_id=one.partner_id)
