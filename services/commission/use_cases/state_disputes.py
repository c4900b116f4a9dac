"""The disputes that a statement tells of, as they stood at its end, and what they held at its beginning."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.commission.domain.dispute import Dispute, opening_facts, settling_facts
from services.commission.domain.statement import Sheet, StatementDiverged
from services.commission.domain.statement_disputes import Held, StatedDispute, as_of, held_of
from services.commission.statement_disputes import FORMAT, disputes_in, held_in
from services.commission.store import disputes, statements
from services.commission.store.statements import Last
from shared.chassis.database import UnitOfWork


async def stated_disputes(
    uow: UnitOfWork, partner_id: UUID, last: Last | None, *, ends: datetime, last_fact: int
) -> tuple[StatedDispute, ...]:
    """Those that ran in the period or were settled since the statement before, also in a period that had none.

    Where money is held the facts tell when it began and ended: a transaction that began before the period's end may commit after
    it was stated, and what it did goes into the next statement whole.
    """
    since, known = _settled_before(last)
    found = await _as_of(uow, partner_id, ends=ends, since=since, last_fact=last_fact)
    return tuple(stated for _, stated in found if stated.id not in known)


def _settled_before(last: Last | None) -> tuple[datetime | None, frozenset[UUID]]:
    """From when on a settled dispute may be news, and which ones are not, since the statement before shows how they ended."""
    if last is None:
        return None, frozenset()
    if last.document["format"] != FORMAT:
        return last.span.ends, frozenset()
    return last.span.starts, frozenset(each.id for each in disputes_in(last.document) if not each.runs)


async def _as_of(
    uow: UnitOfWork, partner_id: UUID, *, ends: datetime, since: datetime | None, last_fact: int
) -> list[tuple[Dispute, StatedDispute]]:
    several = await disputes.before(uow, partner_id, opened=ends, settled=since)
    later = await disputes.told_after(uow, partner_id, last_fact) if several else frozenset()
    opened = (dispute for dispute in several if not opening_facts(dispute) & later)
    return [(dispute, as_of(dispute, ends, settled=not settling_facts(dispute) & later)) for dispute in opened]


async def held_at_opening(uow: UnitOfWork, partner_id: UUID, last: Last) -> Held:
    """What disputes held when the last statement closed. One in the former format has no amounts: they are found out."""
    if last.document["format"] == FORMAT:
        return held_in(last.document["closing"]["disputed"])
    found = await _as_of(uow, partner_id, ends=last.span.ends, since=last.span.ends, last_fact=last.last_fact)
    running = [dispute for dispute, stated in found if stated.runs]
    deals = await statements.deals(uow, partner_id, {dispute.deal_id for dispute in running if dispute.deal_id is not None})
    held = {dispute.entry_id: held_of(dispute, deals.values()) for dispute in running}
    return {entry_id: amount for entry_id, amount in held.items() if amount}


def cover(told: Iterable[StatedDispute], sheet: Sheet) -> None:
    """All that is held has its dispute. Raises StatementDiverged."""
    if left := sheet.closing.disputed.keys() - {dispute.entry_id for dispute in told if dispute.runs}:
        raise StatementDiverged(f"money of entries {sorted(map(str, left))[:10]} is held without a dispute")
