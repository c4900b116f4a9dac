"""What the audit calls lost, invented and at rest."""

from hansa.simulate.stores import Flow


def flow(owed: set[str], consumed: set[str]) -> Flow:
    return Flow(owed={"tiering": owed}, consumed={"tiering": consumed})


def test_flow_when_something_owed_was_not_consumed_then_lost_and_not_at_rest() -> None:
    look = flow({"a#1", "a#2"}, {"a#1"})
    assert (look.lost(), look.invented(), look.at_rest) == ({"tiering": {"a#2"}}, {}, False)


def test_flow_when_something_was_consumed_that_nobody_published_then_invented() -> None:
    assert flow({"a#1"}, {"a#1", "a#9"}).invented() == {"tiering": {"a#9"}}


def test_flow_when_all_arrived_then_at_rest_unless_something_waits_or_is_unsent() -> None:
    look = flow({"a#1"}, {"a#1"})
    assert look.at_rest
    look.waiting = 1
    assert not look.at_rest
    look.waiting, look.unsent = 0, 1
    assert not look.at_rest
