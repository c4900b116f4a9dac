"""A partner's dispute about one of its entries: how long it may be opened, what it holds back, and how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.commission.domain.dispute_refusals import (
    AdjustmentZero,
    DecisionDueInvalid,
    DisputeAnswered,
    DisputeSettled,
    DisputeTooLate,
)
from services.commission.domain.entries import Account, Entry, Given, Kind
from services.commission.domain.facts import Adjusted, Booked, Frozen, Moved, Thawed
from shared.chassis.ids import derived_id
from shared.chassis.values import replace


class State(StrEnum):
    """Open and answered ones are to be settled; the others are settled for good."""

    OPEN = "open"
    ANSWERED = "answered"
    ADJUSTED = "adjusted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


UNSETTLED = frozenset({State.OPEN, State.ANSWERED})


class Hold(StrEnum):
    """What is held back meanwhile. `entry`: it is frozen. `amount`: so much of what is payable. `nothing`: none of it is there."""

    ENTRY = "entry"
    AMOUNT = "amount"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class DisputeRules:
    """The vendor's policy: days after the statement in which a dispute may be opened, and after its opening to be answered."""

    open_within: timedelta
    answer_within: timedelta


@dataclass(frozen=True, slots=True)
class Said:
    """Words of somebody, and when."""

    text: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """`held` is what is held back, in minor units of `currency`; `due_at` is when the vendor's next word is due.

    `overdue_at` is set once it did not come in time. `version` counts what was said, from 1. `adjustment` is signed.
    """

    id: UUID
    partner_id: UUID
    entry_id: UUID
    deal_id: UUID | None
    close_number: int | None
    currency: str
    state: State
    opened: Said
    due_at: datetime
    hold: Hold = Hold.NOTHING
    held: int = 0
    overdue_at: datetime | None = None
    answer: Said | None = None
    decision: Said | None = None
    adjustment: int | None = None
    version: int = 1

    @property
    def overdue(self) -> bool:
        """Whether the vendor's word is late, as the timer saw it."""
        return self.overdue_at is not None and self.state in UNSETTLED

    @property
    def adjustment_id(self) -> UUID | None:
        """The adjusting entry, if there is one."""
        return None if self.adjustment is None else adjustment_of(self.id)


def begin(dispute_id: UUID, entry: Entry, opened: Said, *, stated_at: datetime | None, rules: DisputeRules) -> Dispute:
    """A new dispute. The days count from the statement that shows the entry (None: none does yet). Raises DisputeTooLate."""
    if stated_at is not None and opened.at >= stated_at + rules.open_within:
        raise DisputeTooLate(until=(stated_at + rules.open_within).isoformat(), days=rules.open_within.days)
    return Dispute(
        id=dispute_id,
        partner_id=entry.partner_id,
        entry_id=entry.id,
        deal_id=entry.deal_id,
        close_number=entry.close_number,
        currency=entry.currency,
        state=State.OPEN,
        opened=opened,
        due_at=opened.at + rules.answer_within,
    )


def answer(dispute: Dispute, said: Said, *, decide_by: datetime | None, rules: DisputeRules) -> Dispute:
    """The vendor's answer; its decision is due next. Raises DisputeSettled, DisputeAnswered, DecisionDueInvalid."""
    _unsettled(dispute)
    if dispute.state is State.ANSWERED:
        raise DisputeAnswered
    due_at = said.at + rules.answer_within if decide_by is None else decide_by
    if due_at <= said.at:
        raise DecisionDueInvalid
    return replace(dispute, state=State.ANSWERED, answer=said, due_at=due_at, overdue_at=None, version=dispute.version + 1)


def adjust(dispute: Dispute, said: Said, *, amount: int) -> Dispute:
    """The partner is right, wholly or in part: `amount` (signed) is to be booked. Raises DisputeSettled, AdjustmentZero."""
    if amount == 0:
        raise AdjustmentZero
    return replace(_settled(dispute, State.ADJUSTED, said), adjustment=amount)


def decline(dispute: Dispute, said: Said) -> Dispute:
    """The entry stands. Raises DisputeSettled."""
    return _settled(dispute, State.DECLINED, said)


def withdraw(dispute: Dispute, said: Said) -> Dispute:
    """The partner takes it back. Raises DisputeSettled."""
    return _settled(dispute, State.WITHDRAWN, said)


def _settled(dispute: Dispute, state: State, said: Said) -> Dispute:
    _unsettled(dispute)
    return replace(dispute, state=state, decision=said, version=dispute.version + 1)


def _unsettled(dispute: Dispute) -> None:
    if dispute.state not in UNSETTLED:
        raise DisputeSettled(state=dispute.state.value)


def frozen(dispute: Dispute, *, at: datetime) -> Frozen | None:
    """The fact that freezes the entry, if it is one of a deal."""
    if dispute.deal_id is None or dispute.close_number is None:
        return None
    return Frozen(_fact(dispute, "frozen"), dispute.deal_id, dispute.partner_id, at, dispute.close_number, dispute.entry_id)


def thawed(dispute: Dispute, *, at: datetime) -> Thawed | None:
    """The fact that frees a frozen entry."""
    if dispute.hold is not Hold.ENTRY or dispute.deal_id is None or dispute.close_number is None:
        return None
    return Thawed(_fact(dispute, "thawed"), dispute.deal_id, dispute.partner_id, at, dispute.close_number, dispute.entry_id)


def keep(dispute: Dispute, *, at: datetime) -> Booked:
    """The decision that keeps `held` back from what is payable."""
    moved = Moved(Account.PAYABLE, Account.HELD, dispute.held, dispute.entry_id)
    return Booked(_fact(dispute, "held"), dispute.partner_id, at, "dispute_opened", dispute.currency, (moved,))


def settle(dispute: Dispute, *, at: datetime) -> Booked | None:
    """The decision that gives back what was kept and books the adjusting entry, if there is either.

    The adjustment goes to what is payable at once: nothing of it is held, and the partner's next payout settles it.
    """
    back = (Moved(Account.HELD, Account.PAYABLE, dispute.held, dispute.entry_id),) if dispute.hold is Hold.AMOUNT else ()
    entries = _adjusting(dispute)
    if not back and not entries:
        return None
    return Booked(_fact(dispute, "settled"), dispute.partner_id, at, "dispute_resolved", dispute.currency, back, entries)


def _adjusting(dispute: Dispute) -> tuple[Adjusted, ...]:
    if dispute.adjustment is None or dispute.decision is None:
        return ()
    adjusted = Adjusted(
        entry_id=adjustment_of(dispute.id),
        amount=dispute.adjustment,
        kind=Kind.ADJUSTMENT,
        reason="dispute",
        deal_id=dispute.deal_id,
        reverses=dispute.entry_id,
        account=Account.PAYABLE,
        derivation=Given(dispute.decision.text, (("dispute", str(dispute.id)), ("disputed entry", str(dispute.entry_id)))),
    )
    return (adjusted,)


def adjustment_of(dispute_id: UUID) -> UUID:
    """The entry that adjusts what a dispute is about, if it ends so."""
    return derived_id("commission.dispute", dispute_id, "adjustment")


def opening_facts(dispute: Dispute) -> frozenset[str]:
    """The facts that may tell of its opening in the journal."""
    return frozenset({_fact(dispute, "frozen"), _fact(dispute, "held")})


def settling_facts(dispute: Dispute) -> frozenset[str]:
    """The facts that may tell of its end in the journal."""
    return frozenset({_fact(dispute, "thawed"), _fact(dispute, "settled")})


def _fact(dispute: Dispute, what: str) -> str:
    return f"dispute:{dispute.id}:{what}"
