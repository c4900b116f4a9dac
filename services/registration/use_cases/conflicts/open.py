"""Open conflicts: by a rule where the fact arises, or by a person; each side is told, and none of any other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.registration.domain.conflicts.conflict import STEPS, Conflict, Kind, Said, Side, fingerprint, side_id
from services.registration.domain.conflicts.refusals import ConflictOpen
from services.registration.domain.values import DealId, PartnerId
from services.registration.mapping.conflicts import opened as opened_event
from services.registration.policy import Policy
from services.registration.store import conflicts
from services.registration.store.conflicts import Concerned
from shared.chassis.database import UnitOfWork, every_partner
from shared.chassis.errors import NotFound
from shared.chassis.ids import derived_id, new_id

RULE = "rule"
"""Who opened it, where nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A conflict to be opened about these deals. `direct_sales`: the vendor's own sales are a side as well.

    `by` names the person; without one a rule found it, which opens it once however often it is found again.
    """

    kind: Kind
    deal_ids: tuple[DealId, ...]
    note: str = ""
    direct_sales: bool = False
    by: str | None = None


async def open_conflict(uow: UnitOfWork, kind: Kind, deal_ids: Iterable[DealId], *, policy: Policy, note: str = "") -> Conflict | None:
    """A rule found a conflict between deals that are on record: open it, unless it was opened before (None).

    Call it where the fact arises, in the transaction that records it, also in one that is bound to a partner. A clash with the
    vendor's own sales has them as its other side.
    """
    opening = Opening(kind=kind, deal_ids=tuple(deal_ids), note=note, direct_sales=kind is Kind.DIRECT_SALES)
    found = await open_conflicts(uow, [opening], policy=policy)
    return found[0] if found else None


async def open_conflicts(
    uow: UnitOfWork, openings: Sequence[Opening], *, policy: Policy, look_back: timedelta | None = None
) -> list[Conflict]:
    """Those of the conflicts that were not there yet, as a set. With `look_back`, none whose deals all ended longer ago."""
    if not openings:
        return []
    due_at = policy.conflict_limits.due(STEPS[0], since=uow.now)
    async with every_partner(uow):
        known = await conflicts.concerned(uow, {deal_id for opening in openings for deal_id in opening.deal_ids})
        await uow.send_emitted()
        wanted = [
            _begun(uow, opening, [known[deal_id] for deal_id in opening.deal_ids], due_at=due_at, owner=policy.conflicts.owner)
            for opening in openings
            if all(deal_id in known for deal_id in opening.deal_ids) and _matters(uow, opening, known, look_back)
        ]
        entered = await conflicts.enter(uow, wanted) if wanted else set()
        opened = [pair for pair in wanted if pair[0].id in entered]
        for conflict, sides in opened:  # while PostgreSQL writes their sides
            _tell(uow, conflict, sides)
    return [conflict for conflict, _ in opened]


async def open_by_person(uow: UnitOfWork, opening: Opening, *, policy: Policy) -> Conflict:
    """A person sees a conflict about deals that it may see. Raises NotFound, ConflictOpen."""
    deal_ids = tuple(sorted(set(opening.deal_ids)))
    if set(deal_ids) != (await conflicts.concerned(uow, deal_ids, hold=True)).keys():
        raise NotFound(what="deal")
    found = await open_conflicts(uow, [opening], policy=policy)
    if not found:
        raise ConflictOpen
    return found[0]


def _matters(uow: UnitOfWork, opening: Opening, known: dict[DealId, Concerned], look_back: timedelta | None) -> bool:
    if look_back is None:
        return True
    ends = [known[deal_id].ended_at for deal_id in opening.deal_ids]
    return any(end is None or end >= uow.now - look_back for end in ends)


def _begun(uow: UnitOfWork, opening: Opening, deals: Sequence[Concerned], *, due_at: datetime, owner: str) -> tuple[Conflict, list[Side]]:
    once = fingerprint(opening.kind, opening.deal_ids)
    conflict = Conflict(
        id=derived_id(once, new_id()) if opening.by else once,
        kind=opening.kind,
        account_id=deals[0].account_id,
        by_rule=opening.by is None,
        opened=Said(opening.note, uow.now, opening.by or RULE),
        step=STEPS[0],
        step_due_at=due_at,
        owner=owner,
    )
    return conflict, _sides(conflict, deals, direct_sales=opening.direct_sales)


def _sides(conflict: Conflict, deals: Sequence[Concerned], *, direct_sales: bool) -> list[Side]:
    sides = [side_of(conflict, partner_id, [deal for deal in deals if deal.partner_id == partner_id]) for partner_id in _partners(deals)]
    return [*sides, _vendors(conflict, deals[0].account_name)] if direct_sales else sides


def _partners(deals: Sequence[Concerned]) -> list[PartnerId]:
    return list(dict.fromkeys(deal.partner_id for deal in deals))


def side_of(conflict: Conflict, partner_id: PartnerId, deals: Sequence[Concerned]) -> Side:
    """A partner's side, with its own deals and the customer's name as it gave that."""
    ids = tuple(deal.id for deal in deals)
    return Side(
        id=side_id(conflict.id, partner_id),
        conflict_id=conflict.id,
        partner_id=partner_id,
        deal_ids=ids,
        account_name=deals[0].account_name,
    )


def _vendors(conflict: Conflict, account_name: str) -> Side:
    return Side(id=side_id(conflict.id, None), conflict_id=conflict.id, partner_id=None, deal_ids=(), account_name=account_name)


def _tell(uow: UnitOfWork, conflict: Conflict, sides: Iterable[Side]) -> None:
    for side in sides:
        if side.partner_id is not None:
            uow.emit(opened_event(side, side.partner_id, conflict, now=uow.now), sequence=side.version)
