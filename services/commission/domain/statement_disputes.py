"""Disputes as a statement tells of them: how each stood when the period ended, and what they held of which entry."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.commission.domain.deal import Deal
from services.commission.domain.dispute import UNSETTLED, Dispute, Hold, Said, State
from services.commission.domain.entries import Account
from services.commission.domain.facts import AnyFact, Booked

Held = Mapping[UUID, int]
"""What disputes, or conflicts, hold: in minor units of the entry's currency, by entry."""


@dataclass(frozen=True, slots=True)
class StatedDispute:
    """A dispute at the end of a period. What was said and by whom stays out: it may name anybody, and a statement is for good."""

    id: UUID
    entry_id: UUID
    deal_id: UUID | None
    currency: str
    state: State
    opened_at: datetime
    answered_at: datetime | None = None
    settled_at: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether it is still to be settled."""
        return self.state in UNSETTLED


def as_of(dispute: Dispute, ends: datetime, *, settled: bool) -> StatedDispute:
    """The dispute as it stood at `ends`. Not `settled`: the journal tells of its end only after what is stated."""
    answered_at = _before(dispute.answer, ends)
    settled_at = _before(dispute.decision, ends) if settled else None
    state = dispute.state if settled_at else State.ANSWERED if answered_at else State.OPEN
    about = (dispute.id, dispute.entry_id, dispute.deal_id, dispute.currency)
    return StatedDispute(*about, state, dispute.opened.at, answered_at, settled_at)


def _before(said: Said | None, ends: datetime) -> datetime | None:
    return said.at if said is not None and said.at < ends else None


def held_after(partner_id: UUID, opening: Held, facts: Iterable[AnyFact], *, before: Iterable[Deal], after: Iterable[Deal]) -> Held:
    """What disputes hold after the facts; `before` and `after` are the deals that these touched.

    Of a frozen accrual that is what is left of it, and nothing once its deal took it back; what was kept of payable money
    stays so whatever becomes of the deal.
    """
    held = dict(opening)
    for entry_id, _ in _frozen(partner_id, before):
        held.pop(entry_id, None)
    for entry_id, amount in (kept for fact in facts for kept in _kept(fact)):
        held[entry_id] = held.get(entry_id, 0) + amount
    held.update(_frozen(partner_id, after))
    return {entry_id: amount for entry_id, amount in held.items() if amount > 0}


def _frozen(partner_id: UUID, deals: Iterable[Deal]) -> Iterator[tuple[UUID, int]]:
    """The partner's frozen accruals and what is left of each."""
    for stake in (stake for deal in deals for sale in deal.sales for stake in sale.stakes):
        if stake.partner_id == partner_id and stake.special is not None and stake.special.frozen:
            yield stake.entry_id, stake.left


def contested_after(partner_id: UUID, opening: Held, *, before: Iterable[Deal], after: Iterable[Deal]) -> Held:
    """What conflicts hold after facts that left the deals as in `after`: of a released accrual what they kept, else what is left of it."""
    held = {entry_id: amount for entry_id, amount in opening.items() if entry_id not in dict(_contested(partner_id, before))}
    held.update(_contested(partner_id, after))
    return {entry_id: amount for entry_id, amount in held.items() if amount > 0}


def _contested(partner_id: UUID, deals: Iterable[Deal]) -> Iterator[tuple[UUID, int]]:
    for stake in (stake for deal in deals for sale in deal.sales for stake in sale.stakes):
        if stake.partner_id == partner_id and stake.special is not None and stake.special.contested:
            yield stake.entry_id, stake.special.withheld if stake.released else stake.left


def _kept(fact: AnyFact) -> Iterator[tuple[UUID, int]]:
    """What a decision keeps back of an entry, or gives back (negative)."""
    for moved in fact.transfers if isinstance(fact, Booked) else ():
        if moved.entry_id is not None and moved.target is Account.HELD:
            yield moved.entry_id, moved.amount
        elif moved.entry_id is not None and moved.source is Account.HELD:
            yield moved.entry_id, -moved.amount


def held_of(dispute: Dispute, deals: Iterable[Deal]) -> int:
    """What a dispute holds where its deal stands as in `deals`: what is left of a frozen accrual, or what it kept at its opening."""
    if dispute.hold is Hold.AMOUNT:
        return dispute.held
    return max(dict(_frozen(dispute.partner_id, deals)).get(dispute.entry_id, 0), 0)
