"""Others' events as commission's own facts; own entries as published events."""

from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.commission.domain.deal import Stake
from services.commission.domain.entries import Account, Entry, Kind
from services.commission.domain.facts import Amended, AnyFact, Closed, Credit, Invoiced, Line, Paid, Refunded, Released, Reopened, Terms
from services.commission.domain.refusals import InstantOutOfRange, ShareInvalid
from services.commission.domain.statement import Balances, Span
from shared.chassis.events import Incoming
from shared.schemas.base import Event, MoneyAmount
from shared.schemas.cash import DealInvoiced, DealPaid
from shared.schemas.commission import (
    CommissionAccrued,
    CommissionAdjusted,
    CommissionReleased,
    CommissionReversed,
    CommissionStatementIssued,
    StatementBalance,
)
from shared.schemas.deals import DealAmended, DealClosed, DealFact, DealRefunded, DealReopened, DealTerms, Outcome

_FIRST_YEAR, _LAST_YEAR = 1900, 9900
CONSUMED: tuple[type[DealFact], ...] = (DealClosed, DealAmended, DealReopened, DealRefunded, DealInvoiced, DealPaid)


def fact_of(incoming: Incoming[Any]) -> AnyFact:
    """The event in commission's words. Raises ShareInvalid for a share that is no number, InstantOutOfRange."""
    event, fact_id = incoming.event, incoming.inbox_id
    at = _in_utc(event.occurred_at)
    match event:
        case DealClosed():
            terms = _terms(event) if event.outcome is Outcome.WON else None
            return Closed(fact_id, event.deal_id, event.partner_id, at, event.close_number, terms)
        case DealAmended():
            return Amended(fact_id, event.deal_id, event.partner_id, at, event.close_number, event.revision, _terms(event))
        case DealReopened():
            return Reopened(fact_id, event.deal_id, event.partner_id, at, event.close_number)
        case DealRefunded():
            return _refunded(fact_id, event, at)
        case DealInvoiced() | DealPaid():
            kind = Invoiced if isinstance(event, DealInvoiced) else Paid
            amount = event.amount
            return kind(fact_id, event.deal_id, event.partner_id, at, event.close_number, amount.amount_minor, amount.currency)
        case _:
            raise TypeError(f"commission does not take {type(event).__name__}")


def _in_utc(instant: datetime) -> datetime:
    """Raises InstantOutOfRange near the ends of the calendar: holds and periods reach years beyond a close."""
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise InstantOutOfRange(first=_FIRST_YEAR, last=_LAST_YEAR)
    return instant.astimezone(UTC)


def _refunded(fact_id: str, event: DealRefunded, at: datetime) -> Refunded:
    return Refunded(
        id=fact_id,
        deal_id=event.deal_id,
        partner_id=event.partner_id,
        at=at,
        close_number=event.close_number,
        amount=event.amount.amount_minor,
        currency=event.amount.currency,
        lines=tuple((line.line_id, line.amount_minor) for line in event.lines),
        revision=event.revision,
    )


def _terms(event: DealTerms) -> Terms:
    return Terms(
        closed_at=_in_utc(event.closed_at),
        currency=event.amount.currency,
        amount=event.amount.amount_minor,
        credits=tuple([Credit(credit.partner_id, _share(credit.share)) for credit in event.credits]),
        lines=tuple([Line(line.line_id, line.product, line.family, line.amount_minor, line.quantity) for line in event.lines]),
        territory=event.territory,
        country=event.country,
        partner_type=event.partner_type,
        attributes=tuple(sorted(event.attributes.items())) if event.attributes else (),
    )


@lru_cache(maxsize=1024)
def _share(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ZeroDivisionError, ValueError) as error:  # ValueError: thousands of digits
        raise ShareInvalid from error


def event_of(entry: Entry, *, at: datetime, now: datetime) -> Event:
    """What others are told of a new entry; `at` is the business time of the fact behind it."""
    amount = MoneyAmount(amount_minor=entry.amount, currency=entry.currency)
    if entry.kind in {Kind.ACCRUAL, Kind.SPIFF}:
        return CommissionAccrued(
            occurred_at=at,
            recorded_at=now,
            entry_id=entry.id,
            partner_id=entry.partner_id,
            deal_id=entry.deal_id,
            amount=amount,
            revenue=MoneyAmount(amount_minor=entry.revenue, currency=entry.currency),
            plan_version=entry.plan_version,
            rule=entry.rule,
            release_at=entry.release_at,
        )
    if entry.reverses is None:
        raise ValueError(f"reversal {entry.id} names no accrual")
    return CommissionReversed(
        occurred_at=at,
        recorded_at=now,
        entry_id=entry.id,
        partner_id=entry.partner_id,
        deal_id=entry.deal_id,
        amount=amount,
        reverses=entry.reverses,
        reason=entry.reason,
    )


def adjusted(entry: Entry, *, at: datetime, now: datetime) -> CommissionAdjusted:
    """What others are told of an entry that was decided, not accrued on a deal."""
    return CommissionAdjusted(
        occurred_at=at,
        recorded_at=now,
        entry_id=entry.id,
        partner_id=entry.partner_id,
        deal_id=entry.deal_id,
        amount=MoneyAmount(amount_minor=entry.amount, currency=entry.currency),
        kind=entry.kind.value,
        reason=entry.reason,
        reverses=entry.reverses,
    )


def released(fact: Released, stake: Stake, *, currency: str, now: datetime) -> CommissionReleased:
    """What others are told when the hold of an entry ended."""
    return CommissionReleased(
        occurred_at=fact.at,
        recorded_at=now,
        entry_id=stake.entry_id,
        partner_id=stake.partner_id,
        deal_id=fact.deal_id,
        amount=MoneyAmount(amount_minor=stake.left, currency=currency),
    )


def statement_issued(
    statement_id: UUID, partner_id: UUID, *, number: int, digest: str, span: Span, closing: Balances, now: datetime
) -> CommissionStatementIssued:
    """What others are told of a new statement; its business time is the end of its period."""
    return CommissionStatementIssued(
        occurred_at=span.ends,
        recorded_at=now,
        statement_id=statement_id,
        partner_id=partner_id,
        number=number,
        period_from=span.first,
        period_until=span.until,
        hash=digest,
        balances=tuple(_balance(currency, closing) for currency in sorted({currency for currency, _ in closing})),
    )


def _balance(currency: str, closing: Balances) -> StatementBalance:
    held, payable, in_payout, paid = (
        closing.get((currency, account), 0) for account in (Account.HELD, Account.PAYABLE, Account.IN_PAYOUT, Account.PAID)
    )
    return StatementBalance(currency=currency, held_minor=held, payable_minor=payable, in_payout_minor=in_payout, paid_minor=paid)
