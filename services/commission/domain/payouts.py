"""Payouts: who is paid how much of what is payable, who is not and why, and the steps from draft to paid or failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.commission.domain.entries import Account
from services.commission.domain.facts import Booked, Moved
from services.commission.domain.payout_refusals import BatchEmpty, BatchInOtherState, PayeeSetByApprover, PayoutInOtherState, SamePerson
from shared.chassis.money import exponent, round_half_up
from shared.chassis.values import replace


class Standing(StrEnum):
    """How the partnership stands; a partner of whom nothing was heard counts as active."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class BatchState(StrEnum):
    """A batch is settled once none of its payouts is under way any more."""

    DRAFT = "draft"
    APPROVED = "approved"
    STARTED = "started"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class PayoutState(StrEnum):
    """Money is in payout from the start of the batch until its payout is paid or failed."""

    DRAFTED = "drafted"
    SKIPPED = "skipped"
    IN_PAYOUT = "in_payout"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Skip(StrEnum):
    """Why a balance is not paid now. It is carried to the next batch, whatever the reason."""

    NEGATIVE = "negative_balance"
    BELOW_MINIMUM = "below_minimum"
    BANK_DETAILS_MISSING = "bank_details_missing"
    BLOCKED = "blocked"
    SUSPENDED = "partner_suspended"
    TERMINATED = "partner_terminated"
    TAX_FORM_MISSING = "tax_form_missing"
    TAX_FORM_EXPIRED = "tax_form_expired"
    NO_FX_RATE = "no_fx_rate"
    BALANCE_FELL = "balance_fell"
    PAYEE_CHANGED = "payee_changed"


@dataclass(frozen=True, slots=True)
class Rules:
    """The vendor's policy. `minimum` is in major units of the books' currency; a balance of exactly that is paid."""

    minimum: Decimal
    tax_form_required: bool
    pay_suspended: bool
    pay_terminated: bool

    def least(self, currency: str) -> int:
        """The minimum in minor units of `currency`, and never less than one of them."""
        return max(1, round_half_up(Fraction(self.minimum) * 10 ** exponent(currency)))


@dataclass(frozen=True, slots=True)
class Payee:
    """Whom a partner's money goes to; the account itself is no matter of these rules.

    `details` counts changes of name, currency or account; `tax_form_until` is the form's last good day.
    """

    partner_id: UUID
    name: str
    currency: str
    details: int
    tax_form: str | None = None
    tax_form_until: date | None = None
    blocked: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of the books' currency is `value` units of the payout's, on the programme day `day`."""

    value: Fraction
    day: date
    source: str

    @property
    def text(self) -> str:
        """The rate as the decimal that it was given as."""
        return f"{Decimal(self.value.numerator) / self.value.denominator:f}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A partner's payable balance in one currency of the books, and all that may stand in the way of paying it."""

    partner_id: UUID
    currency: str
    payable: int
    payee: Payee | None
    standing: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class Payout:
    """One payment to one partner: `amount` leaves its balance in `currency`, `pays` arrives in `pays_currency`."""

    id: UUID
    batch_id: UUID
    partner_id: UUID
    currency: str
    amount: int
    pays_currency: str
    pays: int
    state: PayoutState
    reason: str | None = None
    details: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Payouts in one currency, drafted by one person and approved by another."""

    id: UUID
    currency: str
    state: BatchState
    drafted_by: str


def why_not(candidate: Candidate, *, rules: Rules, today: date) -> Skip | None:
    """What stands in the way, what the partner cannot change first; None: it is paid. `today` is the programme's day."""
    if candidate.payable < 0:
        return Skip.NEGATIVE
    if candidate.payable < rules.least(candidate.currency):
        return Skip.BELOW_MINIMUM
    if candidate.standing is Standing.SUSPENDED and not rules.pay_suspended:
        return Skip.SUSPENDED
    if candidate.standing is Standing.TERMINATED and not rules.pay_terminated:
        return Skip.TERMINATED
    if candidate.payee is None:
        return Skip.BANK_DETAILS_MISSING
    return _why_not_payee(candidate.payee, rules=rules, today=today)


def _why_not_payee(payee: Payee, *, rules: Rules, today: date) -> Skip | None:
    if payee.blocked:
        return Skip.BLOCKED
    if not rules.tax_form_required:
        return None
    if payee.tax_form is None:
        return Skip.TAX_FORM_MISSING
    if payee.tax_form_until is not None and payee.tax_form_until < today:
        return Skip.TAX_FORM_EXPIRED
    return None


def why_not_anymore(payout: Payout, candidate: Candidate, *, rules: Rules, today: date) -> Skip | None:
    """What came in the way between draft and start. What was approved is paid as approved or not at all."""
    if candidate.payable < payout.amount:
        return Skip.BALANCE_FELL
    if candidate.payee is not None and candidate.payee.details != payout.details:
        return Skip.PAYEE_CHANGED
    return why_not(candidate, rules=rules, today=today)


def converted(amount: int, rate: Fraction, *, currency: str, to: str) -> int:
    """`amount` minor units of `currency` in minor units of `to`, half up."""
    return round_half_up(Fraction(amount) * rate * Fraction(10) ** (exponent(to) - exponent(currency)))


def approved(batch: Batch, *, by: str, payouts: int, to_own: int = 0) -> Batch:
    """`to_own` of the `payouts` go where the approver said last: one person alone must not send money to an account.

    Raises BatchInOtherState, SamePerson (who drafted does not approve), BatchEmpty, PayeeSetByApprover.
    """
    _expect(batch, BatchState.DRAFT)
    if by == batch.drafted_by:
        raise SamePerson
    if not payouts:
        raise BatchEmpty
    if to_own:
        raise PayeeSetByApprover(payouts=to_own)
    return replace(batch, state=BatchState.APPROVED)


def started(batch: Batch) -> Batch:
    """Raises BatchInOtherState."""
    _expect(batch, BatchState.APPROVED)
    return replace(batch, state=BatchState.STARTED)


def cancelled(batch: Batch) -> Batch:
    """Raises BatchInOtherState once money is under way."""
    _expect(batch, BatchState.DRAFT, BatchState.APPROVED)
    return replace(batch, state=BatchState.CANCELLED)


def under_way(batch: Batch) -> None:
    """Raises BatchInOtherState unless the batch was started: before that there is nothing to export, confirm or fail."""
    _expect(batch, BatchState.STARTED, BatchState.SETTLED)


def _expect(batch: Batch, *states: BatchState) -> None:
    if batch.state not in states:
        raise BatchInOtherState(state=batch.state, expected=" or ".join(states))


def start(payout: Payout, *, at: datetime) -> Booked:
    """Payable → in payout."""
    return _booked(payout, "payout_started", Account.PAYABLE, Account.IN_PAYOUT, at=at)


def confirm(payout: Payout, *, at: datetime) -> Booked:
    """In payout → paid. Raises PayoutInOtherState."""
    _expect_payout(payout, PayoutState.IN_PAYOUT)
    return _booked(payout, "payout_paid", Account.IN_PAYOUT, Account.PAID, at=at)


def fail(payout: Payout, *, at: datetime) -> Booked:
    """Back to payable, also after it was confirmed: banks return money days later. Raises PayoutInOtherState."""
    _expect_payout(payout, PayoutState.IN_PAYOUT, PayoutState.PAID)
    source = Account.PAID if payout.state is PayoutState.PAID else Account.IN_PAYOUT
    return _booked(payout, "payout_failed", source, Account.PAYABLE, at=at)


def _expect_payout(payout: Payout, *states: PayoutState) -> None:
    if payout.state not in states:
        raise PayoutInOtherState(id=payout.id, state=payout.state, expected=" or ".join(states))


def _booked(payout: Payout, what: str, source: Account, target: Account, *, at: datetime) -> Booked:
    # A payout goes through each step once at most, so its id and the step name the fact.
    moved = (Moved(source, target, payout.amount),)
    return Booked(f"{what}:{payout.id}", payout.partner_id, at, what, payout.currency, moved)


def after(batch: Batch, payouts: Sequence[Payout]) -> Batch:
    """The batch once its payouts are these: settled when none is under way."""
    over = all(payout.state is not PayoutState.IN_PAYOUT for payout in payouts)
    return replace(batch, state=BatchState.SETTLED if over else BatchState.STARTED)
