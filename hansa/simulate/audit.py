"""The audit after the year: what must hold, each with a sentence that says so or says what is off."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hansa.simulate.client import Api
from hansa.simulate.listener import Listener
from hansa.simulate.stores import Flow, Stores
from hansa.simulate.year import Year

_FEED = "select event_id from feed_entries where partner_id is null"


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise. `detail` is a figure when it holds, and what is off when it does not."""

    promise: str
    holds: bool
    detail: str


async def audit(staff: Api, year: Year, *, listener: Listener, stores: Stores) -> list[Finding]:
    """Every promise, looked at in the running system."""
    return [
        await _books(staff),
        await _accruals(staff, year),
        _nothing_lost(year.flow),
        await _nothing_twice(year.flow, stores),
        _nothing_stuck(year.flow),
        _rivals(year),
        await _webhooks(staff, year, listener),
        _signatures(listener),
    ]


async def _books(staff: Api) -> Finding:
    books = await staff.get("commission/v1/audit")
    detail = f"ledger {books['ledger_hash'][:12]}, the same when replayed from its journal"
    if not books["ok"]:
        detail = f"apart by {books['imbalances']}; ledger {books['ledger_hash'][:12]}, replayed {books['replay_hash'][:12]}"
    return Finding("The books balance in every currency", books["ok"], detail)


async def _accruals(staff: Api, year: Year) -> Finding:
    found = Counter(
        [(entry["deal_id"], entry["partner_id"]) async for entry in staff.pages("commission/v1/entries") if entry["kind"] == "accrual"]
    )
    expected = {(deal, partner) for deal, partners in year.ledger.won.items() for partner in partners}
    off = (expected ^ set(found)) | {pair for pair, count in found.items() if count != 1}
    detail = f"{len(expected)} accruals for {len(year.ledger.won)} won deals"
    return _finding("One accrual for each won deal and beneficiary", detail, (f"deal {deal} and partner {who}" for deal, who in off))


def _nothing_lost(flow: Flow) -> Finding:
    lost = [f"{service} lacks {event}" for service, events in flow.lost().items() for event in events]
    return _finding("Every event published reached everyone who listens", f"{flow.published} published, {flow.handled} consumed", lost)


async def _nothing_twice(flow: Flow, stores: Stores) -> Finding:
    """Inboxes hold each event once by their key; the feed shows whether its effect came once, too."""
    shown = Counter(row[0] for row in await stores.rows("notifications", _FEED))
    twice = [f"{event} is in the feed {count} times" for event, count in shown.items() if count > 1]
    invented = [f"{service} consumed {event}, which nobody published" for service, events in flow.invented().items() for event in events]
    return _finding("No event was applied twice", f"{len(shown)} in the feed, each once", twice + invented)


def _nothing_stuck(flow: Flow) -> Finding:
    stuck = {"unsent": flow.unsent, "waiting": flow.waiting}
    off = [f"{count} {what}" for what, count in stuck.items() if count] + flow.parked
    return _finding("Nothing is stuck", "none unsent, parked or waiting", off)


def _rivals(year: Year) -> Finding:
    misled = [f"deal {deal} was registered by a rival as well" for deal in year.ledger.misled]
    return _finding("First to register gets the credit", f"{year.ledger.refused} rivals refused", misled)


async def _webhooks(staff: Api, year: Year, listener: Listener) -> Finding:
    off, delivered = [], 0
    for endpoint in year.endpoints:
        received = listener.inboxes[endpoint.name].verified
        sent = {one["event_id"]: one["state"] async for one in staff.pages(f"notifications/v1/endpoints/{endpoint.id}/deliveries")}
        off += [f"{endpoint.name}: {event} is {state}" for event, state in sent.items() if state != "delivered" or event not in received]
        delivered += len(sent)
        if endpoint.name == "everything":
            owed = {event.rpartition("#")[2] for event in year.flow.owed.get("notifications", set())}
            off += [f"{endpoint.name}: {event} was never sent" for event in owed - set(sent)]
    return _finding("Every webhook arrived", f"{delivered} delivered to {len(year.endpoints)} endpoints", off)


def _signatures(listener: Listener) -> Finding:
    verified = sum(inbox.verified.total() for inbox in listener.inboxes.values())
    forged = [f"{inbox.rejected} at {name} did not verify" for name, inbox in listener.inboxes.items() if inbox.rejected]
    return _finding("Every webhook's signature verified", f"{verified} verified", forged)


def _finding(promise: str, detail: str, off: Iterable[str]) -> Finding:
    """It holds if nothing is off; of what is off, the first few are named."""
    found = list(off)
    named = "; ".join(found[:3]) + (f" … and {len(found) - 3} more" if len(found) > 3 else "")
    return Finding(promise, not found, named or detail)
