"""What a bank's report says of payouts, and what it does to each: applied once, and what does not fit is told, never forced."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.commission.domain.payouts import Payout, PayoutState
from shared.chassis.values import replace

MOST_REASON = 300
_NO_REASON = "the bank gave no reason"
# ISO's codes for a payment's status: settled at the debtor's bank or credited; refused. Any other is on its way.
_ARRIVED, _REFUSED = frozenset({"ACSC", "ACCC"}), frozenset({"RJCT"})


class Told(NamedTuple):
    """What is told of one payment: the name that the batch's file gave it, ISO's status code, the bank's reason."""

    payment: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A bank's report on the file `original_id`. `whole` is told of all payments, where none is named."""

    message_id: str
    original_id: str
    lines: tuple[Told, ...]
    whole: Told | None = None


class Result(StrEnum):
    """Paid, failed: the payout went there. Already: it was there. Contradicts: it is where it cannot get there from."""

    PAID = "paid"
    FAILED = "failed"
    UNCHANGED = "unchanged"
    ALREADY = "already"
    CONTRADICTS = "contradicts"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line. `payout_id` is None where the line names no payout of this batch that was sent to the bank."""

    payment: str
    payout_id: UUID | None
    status: str
    reason: str | None
    result: Result


_SENT = (PayoutState.IN_PAYOUT, PayoutState.PAID, PayoutState.FAILED)


def name_of(payout: Payout) -> str:
    """The payment's name (EndToEndId) in the batch's file."""
    return payout.id.hex


def judged(report: Report, payouts: Mapping[str, Payout]) -> Iterator[Outcome]:
    """What each line does to the batch's payouts (by name), one after the other: a second line meets what the first one left."""
    sent = {name: payout for name, payout in payouts.items() if payout.state in _SENT}
    for told in _lines(report, sent):
        payout = sent.get(told.payment)
        result = _result(told.status, payout)
        if payout is not None and result in (Result.PAID, Result.FAILED):
            sent[told.payment] = replace(payout, state=PayoutState(result.value))
        yield Outcome(told.payment, payout.id if payout else None, told.status, told.reason, result)


def _lines(report: Report, sent: Mapping[str, Payout]) -> Iterator[Told]:
    yield from report.lines
    if report.whole is not None:
        yield from (report.whole._replace(payment=name) for name in sent)


def _result(status: str, payout: Payout | None) -> Result:
    if payout is None:
        return Result.UNKNOWN
    if status in _ARRIVED:
        return {PayoutState.IN_PAYOUT: Result.PAID, PayoutState.PAID: Result.ALREADY}.get(payout.state, Result.CONTRADICTS)
    if status in _REFUSED:  # also after it was confirmed: banks return money days later
        return Result.ALREADY if payout.state is PayoutState.FAILED else Result.FAILED
    return Result.UNCHANGED


def why_failed(outcome: Outcome) -> str:
    """The reason to keep on the payout, which its partner reads."""
    return (outcome.reason or _NO_REASON)[:MOST_REASON]
