"""What the document says of disputes, in each of its formats."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.commission.domain.dispute import State, adjustment_of
from services.commission.domain.entries import Account
from services.commission.domain.facts import Amended, Booked, Frozen, Reopened, Thawed
from services.commission.domain.statement import Line, Sheet, Standing
from services.commission.domain.statement_disputes import Held, StatedDispute

FORMAT = "hansa.statement/2"
# Issued no more, verified for good: it lists the entries whose money is held, without amounts, and no dispute as such.
FORMER_FORMAT = "hansa.statement/1"
FORMATS = (FORMAT, FORMER_FORMAT)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the opening, in the closing and on its own (nothing in the former format); `marked` are the entries in dispute."""

    marked: frozenset[UUID]
    opening: Sequence[object]
    closing: Sequence[object]
    own: Mapping[str, object]


def written(form: str, disputes: Iterable[StatedDispute], opening: Standing, sheet: Sheet) -> Written:
    """All that a document of this format says of disputes."""
    if form == FORMER_FORMAT:
        marked = _once_held(opening.disputed, sheet.lines)
        return Written(marked, sorted(map(str, opening.disputed)), sorted(map(str, marked)), {})
    held = sheet.closing.disputed
    ordered = sorted(disputes, key=lambda each: (each.opened_at, each.id))
    marked = frozenset(each.entry_id for each in ordered if each.runs)
    return Written(marked, amounts(opening.disputed), amounts(held), {"disputes": [_dispute(each, held) for each in ordered]})


def amounts(held: Held) -> list[Json]:
    return [{"entry_id": entry_id, "held": held[entry_id]} for entry_id in sorted(held)]


def _dispute(dispute: StatedDispute, held: Held) -> Json:
    """Its adjusting entry has an id that follows from its own; what it holds is what is held of its entry."""
    return {
        "id": dispute.id,
        "entry_id": dispute.entry_id,
        "deal_id": dispute.deal_id,
        "currency": dispute.currency,
        "state": dispute.state,
        "opened_at": dispute.opened_at,
        "answered_at": dispute.answered_at,
        "settled_at": dispute.settled_at,
        "adjustment_id": adjustment_of(dispute.id) if dispute.state is State.ADJUSTED else None,
        "held": held.get(dispute.entry_id, 0) if dispute.runs else 0,
    }


def disputes_in(document: Json) -> tuple[StatedDispute, ...]:
    """The disputes that a document tells of; none in the former format."""
    return tuple(map(_read, document["disputes"])) if document["format"] == FORMAT else ()


def _read(body: Json) -> StatedDispute:
    return StatedDispute(
        id=UUID(body["id"]),
        entry_id=UUID(body["entry_id"]),
        deal_id=None if body["deal_id"] is None else UUID(body["deal_id"]),
        currency=body["currency"],
        state=State(body["state"]),
        opened_at=datetime.fromisoformat(body["opened_at"]),
        answered_at=_instant(body["answered_at"]),
        settled_at=_instant(body["settled_at"]),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def held_in(listed: Iterable[Any]) -> Held:
    """What an opening or a closing lists as held; the former format names entries, and no amount."""
    return dict((UUID(each), 0) if isinstance(each, str) else (UUID(each["entry_id"]), each["held"]) for each in listed)


def _once_held(before: Iterable[UUID], lines: Iterable[Line]) -> frozenset[UUID]:
    """The entries that the former format lists: of an undone deal none, though money that was kept of one outlives it."""
    held = set(before)
    for line in lines:
        fact = line.posted.fact
        if isinstance(fact, Frozen):
            held.add(fact.entry_id)
        elif isinstance(fact, Thawed):
            held.discard(fact.entry_id)
        elif isinstance(fact, Amended | Reopened):
            held -= {entry.reverses for entry in line.entries if entry.reverses}
        elif isinstance(fact, Booked):
            held |= {moved.entry_id for moved in fact.transfers if moved.entry_id and moved.target is Account.HELD}
            held -= {moved.entry_id for moved in fact.transfers if moved.entry_id and moved.source is Account.HELD}
    return frozenset(held)
