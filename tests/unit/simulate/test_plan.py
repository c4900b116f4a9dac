"""The simulated year as it is planned."""

from datetime import UTC, datetime

from hansa.simulate.names import account, partner
from hansa.simulate.plan import Ending, Plan, draw

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def plan(seed: int = 7) -> Plan:
    return draw(seed=seed, partners=12, deals=400, now=NOW)


def test_plan_when_drawn_twice_from_a_seed_then_the_same() -> None:
    assert plan() == plan()
    assert plan() != plan(seed=8)


def test_plan_when_drawn_then_has_what_was_asked_for() -> None:
    year = plan()
    assert (len(year.partners), len(year.history) + len(year.live)) == (12, 400)


def test_history_when_drawn_then_every_date_lies_in_order_before_today() -> None:
    for deal in plan().history:
        instants = [deal.engaged_at, *([deal.closed_at] if deal.closed_at else [])]
        assert instants == sorted(instants)
        assert instants[-1] <= NOW


def test_refunds_when_drawn_then_never_above_what_was_sold() -> None:
    refunded = [deal for deal in plan().history if deal.refunds]
    assert refunded
    assert all(deal.ending is Ending.WON and sum(deal.refunds) <= deal.minor for deal in refunded)


def test_rival_when_drawn_then_somebody_else() -> None:
    rivals = [live for live in plan().live if live.rival is not None]
    assert rivals
    assert all(live.rival != live.deal.partner for live in rivals)


def test_trainings_when_drawn_then_follow_one_another_up_to_today() -> None:
    for person in (person for one in plan().partners for person in one.people):
        instants = [at for done in person.trainings for at in (done.enrolled_at, done.completed_at, done.passed_at) if at]
        assert all(at < NOW for at in instants)
        assert [done.completed_at for done in person.trainings] == sorted(done.completed_at for done in person.trainings)


def test_names_when_numbered_then_no_two_are_alike() -> None:
    assert len({partner(number) for number in range(500)}) == 500
    assert len({account(number) for number in range(2_000)}) == 2_000
