"""The audit says what is off: each promise broken once, beside a year in which all holds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from hansa.simulate.audit import audit
from hansa.simulate.deals import Ledger
from hansa.simulate.listener import Inbox, Listener
from hansa.simulate.stores import Flow
from hansa.simulate.year import Endpoint, Year

ACCRUAL = {"kind": "accrual", "deal_id": "d1", "partner_id": "p1"}


@dataclass
class Answers:
    """The API of a system that did one deal right; a test spoils what it is about."""

    books: dict[str, Any] = field(
        default_factory=lambda: {"ok": True, "imbalances": {}, "ledger_hash": "abc", "replay_hash": "abc", "counts": {}}
    )
    entries: list[dict[str, Any]] = field(default_factory=lambda: [ACCRUAL])
    deliveries: list[dict[str, Any]] = field(default_factory=lambda: [{"event_id": "e1", "state": "delivered"}])

    async def get(self, path: str) -> Any:
        assert path == "commission/v1/audit"
        return self.books

    async def pages(self, path: str) -> AsyncIterator[dict[str, Any]]:
        for item in self.entries if path.endswith("entries") else self.deliveries:
            yield item


@dataclass
class Feed:
    """The rows that the audit reads from the stores."""

    events: list[str] = field(default_factory=lambda: ["e1"])

    async def rows(self, service: str, sql: str) -> list[tuple[str]]:
        return [(event,) for event in self.events]


@dataclass
class Scene:
    """A whole year in which everything holds."""

    api: Answers = field(default_factory=Answers)
    feed: Feed = field(default_factory=Feed)
    flow: Flow = field(
        default_factory=lambda: Flow(
            owed={"notifications": {"/hansa/a#e1"}}, consumed={"notifications": {"/hansa/a#e1"}}, by_topic={"deal.closed": 1}
        )
    )
    ledger: Ledger = field(default_factory=lambda: Ledger(won={"d1": frozenset({"p1"})}))
    inbox: Inbox | None = None

    async def off(self) -> list[str]:
        """The promises that the audit finds broken."""
        listener = Listener()
        self.inbox = self.inbox or _received("e1")
        listener.inboxes["everything"] = self.inbox
        year = Year([], self.ledger, [Endpoint("everything", "x")], self.flow, 0, 0)
        findings = await audit(self.api, year, listener=listener, stores=self.feed)  # type: ignore[arg-type]
        return [finding.promise for finding in findings if not finding.holds]


def _received(*events: str, rejected: int = 0) -> Inbox:
    inbox = Inbox(asyncio.get_running_loop().create_future(), rejected=rejected)
    inbox.verified.update(events)
    return inbox


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_audit_when_all_is_well_then_nothing_is_off(scene: Scene) -> None:
    assert await scene.off() == []


async def test_audit_when_the_books_are_apart_then_said(scene: Scene) -> None:
    scene.api.books |= {"ok": False, "imbalances": {"USD": 1}}
    assert await scene.off() == ["The books balance in every currency"]


@pytest.mark.parametrize("entries", [[], [ACCRUAL, ACCRUAL], [ACCRUAL | {"partner_id": "p2"}], [ACCRUAL, ACCRUAL | {"deal_id": "d2"}]])
async def test_audit_when_accruals_are_not_one_each_then_said(scene: Scene, entries: list[dict[str, Any]]) -> None:
    scene.api.entries = entries
    assert await scene.off() == ["One accrual for each won deal and beneficiary"]


async def test_audit_when_an_event_was_lost_then_said(scene: Scene) -> None:
    scene.flow.owed["tiering"] = {"/hansa/a#e1"}
    scene.flow.consumed["tiering"] = set()
    assert await scene.off() == ["Every event published reached everyone who listens"]


async def test_audit_when_an_event_had_its_effect_twice_then_said(scene: Scene) -> None:
    scene.feed.events = ["e1", "e1"]
    assert await scene.off() == ["No event was applied twice"]


async def test_audit_when_an_event_came_from_nowhere_then_said(scene: Scene) -> None:
    scene.flow.consumed["tiering"] = {"/hansa/a#e9"}
    assert await scene.off() == ["No event was applied twice"]


@pytest.mark.parametrize(("what", "found"), [("unsent", 1), ("waiting", 1), ("parked", ["tiering parked one"])])
async def test_audit_when_something_is_stuck_then_said(scene: Scene, what: str, found: object) -> None:
    setattr(scene.flow, what, found)
    assert await scene.off() == ["Nothing is stuck"]


async def test_audit_when_a_rival_was_let_in_then_said(scene: Scene) -> None:
    scene.ledger.misled.append("d1")
    assert await scene.off() == ["First to register gets the credit"]


@pytest.mark.parametrize("deliveries", [[], [{"event_id": "e1", "state": "failed"}]])
async def test_audit_when_a_webhook_is_missing_then_said(scene: Scene, deliveries: list[dict[str, Any]]) -> None:
    scene.api.deliveries = deliveries
    assert await scene.off() == ["Every webhook arrived"]


async def test_audit_when_a_signature_is_wrong_then_said(scene: Scene) -> None:
    scene.inbox = _received("e1", rejected=1)
    assert await scene.off() == ["Every webhook's signature verified"]
