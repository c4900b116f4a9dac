"""What the board has the store write: slots that are new as they stand, and cuts of those that it holds already."""

from services.registration.domain.deals.protection import Board, Scope, Slot, Window, slots_for
from tests.unit.registration.deals import ACCOUNT, DAY, T0, WINDOW, a_deal

SCOPE = Scope(ACCOUNT, ("GTX",), "/EMEA/DE")
DEAL = a_deal().id


def held(start: int, end: int) -> tuple[Slot, ...]:
    return tuple(slots_for(DEAL, SCOPE, Window(T0 + start * DAY, T0 + end * DAY)))


def told(board: Board) -> tuple[list[tuple[int, int]], list[int]]:
    """Added slots as days from the first to the last, and cuts as days."""
    added = [((slot.window.start - T0) // DAY, (slot.window.end - T0) // DAY) for slot in board.added()]
    return added, [(at - T0) // DAY for at in board.cuts.values()]


def test_board_when_a_slot_is_new_and_ends_at_once_then_it_is_written_cut_and_the_store_has_nothing_to_cut() -> None:
    board = Board()
    board.hold(held(0, 30))
    board.end(DEAL, SCOPE, at=T0 + 10 * DAY, is_new=True)
    assert told(board) == ([(0, 10)], [])
    assert not board.holders(SCOPE, Window(T0 + 10 * DAY, T0 + WINDOW))


def test_board_when_a_stored_slot_ends_then_the_store_cuts_it() -> None:
    board = Board(held(0, 30))
    board.end(DEAL, SCOPE, at=T0 + 10 * DAY)
    assert told(board) == ([], [10])


def test_board_when_a_stored_slot_ends_and_its_deal_holds_again_and_ends_then_both_are_told() -> None:
    board = Board(held(0, 30))
    board.end(DEAL, SCOPE, at=T0 + 10 * DAY)
    board.hold(held(20, 30))
    board.end(DEAL, SCOPE, at=T0 + 25 * DAY)
    assert told(board) == ([(20, 25)], [10])
