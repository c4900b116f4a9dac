"""Offer accounts that became free to the next in line, and take back what was not wanted in time."""

from services.registration.domain.deals.protection import Board, Slot, Window, slots_for
from services.registration.domain.values import AccountId, DealId
from services.registration.policy import Policy
from services.registration.store import accounts, slots, waiting
from services.registration.store.waiting import Place, Waiting
from shared.chassis.database import UnitOfWork
from shared.schemas.waiting import AccountOffered

_PORTION = 100


async def offer_free(uow: UnitOfWork, *, policy: Policy) -> int:
    """One portion; returns how many offers were made or taken back."""
    over = await waiting.over(uow, limit=_PORTION)
    for one in over:
        await waiting.settle(uow, one, Place.LAPSED)  # what was kept for it ended by its window
    if not policy.waiting_list.open:
        return len(over)
    free = sorted(await waiting.free_accounts(uow, limit=_PORTION))
    await accounts.lock(uow, free)
    made = [await _offer_next(uow, account_id, policy) for account_id in free]
    return len(over) + sum(made)


async def _offer_next(uow: UnitOfWork, account_id: AccountId, policy: Policy) -> int:
    """Those in line who do not stand in each other's way, first come first."""
    until = uow.now + policy.waiting_list.offer
    window = Window(uow.now, until)
    board = await slots.board(uow, [account_id], since=uow.now, until=until)
    offers = [one for one in await waiting.in_line(uow, account_id) if _fits(board, one, window)]
    for one in offers:
        await waiting.offer(uow, one, until=until)
        uow.emit(_announced(uow, one, window), sequence=1)
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


def _announced(uow: UnitOfWork, one: Waiting, window: Window) -> AccountOffered:
    return AccountOffered(
        occurred_at=uow.now,
        recorded_at=uow.now,
        waiting_id=one.id,
        partner_id=one.partner_id,
        account_name=one.account_name,
        families=one.scope.families,
        territory=one.territory,
        offered_until=window.end,
    )
