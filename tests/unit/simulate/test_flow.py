"""What the audit calls lost, invented and at rest."""

from pathlib import Path

from hansa.simulate.stores import Flow, Pulse, Stores


class LateStores(Stores):
    """Stores where the last event is consumed between the pulse and the flow, and leaves a webhook to send for three looks."""

    def __init__(self, topics: Path) -> None:
        super().__init__({}, topics=topics)
        self.looks = 0
        self.open = 0

    async def pulse(self) -> Pulse:
        return Pulse()

    async def flow(self) -> Flow:
        self.looks += 1
        self.open = 3 if self.looks == 1 else 0
        return flow({"a#1"}, {"a#1"})

    async def open_work(self) -> int:
        self.open -= bool(self.open)
        return self.open


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


async def test_settled_when_the_last_event_leaves_work_behind_then_it_is_waited_for(tmp_path: Path) -> None:
    topics = tmp_path / "topics.yaml"
    topics.write_text("topics: {}")
    stores, seen = LateStores(topics), []

    async def open_work() -> int:
        seen.append(await stores.open_work())
        return seen[-1]

    assert (await stores.settled(open_work=open_work, done=lambda *_: None)).at_rest
    assert seen[:2] == [0, 2]
    assert seen[-1] == 0
