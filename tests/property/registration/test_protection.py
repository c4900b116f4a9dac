"""The window and the board, for any input: half-open, symmetric, and never two holders at one instant."""

from datetime import datetime, timedelta
from itertools import combinations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.protection import Board, Scope, Slot, Window, slots_for
from services.registration.domain.deals.territories import Territories, meet
from services.registration.domain.intake.desk import Desk, Rules
from services.registration.domain.intake.opportunity import Exclusivity, Opportunity, Stage
from services.registration.domain.values import AccountId, CreditAfterExpiry, DealId, PartnerId
from tests.unit.registration.deals import DAY, T0, TICK, WINDOW, some_terms

TREE = Territories({"EMEA": ["DE", "AT"], "APAC": ["JP"]})
PLACES = st.sampled_from(["any", "EMEA", "DE", "AT", "APAC", "JP", "own"])
INSTANTS = st.integers(0, 200).map(lambda hours: T0 + timedelta(hours=hours))
FAMILIES = st.sets(st.sampled_from(["GTX", "MG", "GTK"]), min_size=1).map(lambda names: tuple(sorted(names)))


@given(start=INSTANTS, length=st.integers(0, 50), other=INSTANTS, other_length=st.integers(0, 50))
def test_windows_when_they_share_an_instant_then_and_only_then_they_overlap(
    start: datetime, length: int, other: datetime, other_length: int
) -> None:
    one, two = Window(start, start + length * TICK), Window(other, other + other_length * TICK)
    shared = any(two.contains(start + n * TICK) for n in range(length))
    assert one.overlaps(two) is two.overlaps(one) is shared


@given(start=INSTANTS)
def test_window_when_a_rival_comes_at_its_end_then_free_and_a_microsecond_before_taken(start: datetime) -> None:
    scope = Scope(AccountId(UUID(int=1)), ("GTX",), "")
    board = Board(slots_for(DealId(UUID(int=2)), scope, Window(start, start + WINDOW)))
    end = start + WINDOW
    assert board.holders(scope, Window(end - TICK, end + WINDOW))
    assert not board.holders(scope, Window(end, end + WINDOW))


@given(one=PLACES, other=PLACES)
def test_paths_when_compared_as_prefixes_then_like_the_ranges_of_the_store(one: str, other: str) -> None:
    a, b = TREE.path(one), TREE.path(other)
    as_ranges = max(f"{a}/", f"{b}/") < min(f"{a}0", f"{b}0")
    assert meet(a, b) is as_ranges


OPPORTUNITIES = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 3), st.integers(1, 2), FAMILIES, PLACES, st.integers(0, 80), st.sampled_from(Stage)),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(told=OPPORTUNITIES, exclusivity=st.sampled_from(Exclusivity))
def test_desk_when_it_takes_any_history_in_then_no_two_hold_the_same_at_one_instant(
    told: list[tuple[object, ...]], exclusivity: Exclusivity
) -> None:
    rules = Rules(exclusivity=exclusivity, protection=WINDOW, territories=TREE, credit_after_expiry=CreditAfterExpiry.UNLESS_RIVAL_HOLDS)
    ids = iter(DealId(UUID(int=1_000 + n)) for n in range(100))
    board = Board()
    desk = Desk({}, board, rules, now=T0 + 200 * DAY, make_id=lambda: next(ids))
    for number, partner, account, families, place, day, stage in told:
        desk.take(_seen(number, partner, families, place, day, stage), AccountId(UUID(int=account)))  # type: ignore[arg-type]
    _assert_one_holder(board.added())
    for deal in desk.new_deals():
        _assert_within_its_window(deal, board)


def _seen(number: int, partner: int, families: tuple[str, ...], place: str, day: int, stage: Stage) -> Opportunity:
    engaged = T0 + day * DAY
    return Opportunity(
        source="crm",
        external_id=str(number),
        partner_id=PartnerId(UUID(int=partner)),
        customer=Customer(name="Acme"),
        families=families,
        territory=place,
        engaged_at=engaged,
        stage=stage,
        terms=None if stage is Stage.OPEN else some_terms(at=engaged + 12 * DAY),
        changed_at=None,
    )


def _assert_one_holder(slots: tuple[Slot, ...]) -> None:
    for one, other in combinations(slots, 2):
        same = one.account_id == other.account_id and one.family == other.family and meet(one.path, other.path)
        assert not (same and one.window.overlaps(other.window))


def _assert_within_its_window(deal: Deal, board: Board) -> None:
    held = [slot.window for slot in board.added() if slot.deal_id == deal.id]
    assert deal.protection.granted or not held
    assert all(window.end <= deal.protection.window.end for window in held)
