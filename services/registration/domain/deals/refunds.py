"""How much of a sale has gone back, and how much may still go: whole, an amount, or named lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from services.registration.domain.deals.facts import Refund, RefundPart
from services.registration.domain.refusals import RefundExceedsSale, RefundInvalid
from services.registration.domain.values import Terms
from shared.chassis.money import Money, allocate

_UNBORN = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked back: `parts` name lines, `amount` is pro rata; neither means all that is left."""

    amount: Money | None = None
    parts: tuple[RefundPart, ...] = ()


def settle(terms: Terms, earlier: Iterable[Refund], wanted: Wanted) -> tuple[Money, tuple[RefundPart, ...]]:
    """The amount and the parts of the next refund. Raises RefundExceedsSale or RefundInvalid."""
    earlier = tuple(earlier)
    left = left_by_line(terms, earlier)
    total_left = terms.amount.minor - sum(refund.amount.minor for refund in earlier)
    if wanted.parts:
        return _by_lines(terms, left, wanted)
    if wanted.amount is not None:
        return _by_amount(terms, earlier, wanted.amount)
    if total_left == 0:
        raise RefundExceedsSale
    if any(refund.parts for refund in earlier):
        return Money(total_left, terms.amount.currency), tuple(RefundPart(line, amount) for line, amount in left.items() if amount)
    return Money(total_left, terms.amount.currency), ()


def left_by_line(terms: Terms, refunds: Iterable[Refund]) -> dict[str, int]:
    """What each line still has: less its own refunds, less its share of the refunds that named no line."""
    refunds = tuple(refunds)
    left = {line.line_id: line.amount_minor for line in terms.lines}
    for part in (part for refund in refunds for part in refund.parts):
        left[part.line_id] = left.get(part.line_id, 0) - part.amount_minor
    unnamed = sum(refund.amount.minor for refund in refunds if not refund.parts)
    if unnamed and terms.amount.minor:
        shares = [Fraction(line.amount_minor, terms.amount.minor) for line in terms.lines]
        for line, share in zip(terms.lines, allocate(unnamed, shares), strict=True):
            left[line.line_id] -= share
    elif unnamed:
        left[""] = -unnamed
    return left


def covers(terms: Terms, refunds: Iterable[Refund]) -> bool:
    """Whether no line is refunded beyond what it sold for."""
    return all(amount >= 0 for amount in left_by_line(terms, refunds).values())


def _by_lines(terms: Terms, left: dict[str, int], wanted: Wanted) -> tuple[Money, tuple[RefundPart, ...]]:
    total = sum(part.amount_minor for part in wanted.parts)
    if wanted.amount is not None and wanted.amount != Money(total, terms.amount.currency):
        raise RefundInvalid(reason="its parts do not add up to its amount")
    if len({part.line_id for part in wanted.parts}) != len(wanted.parts):
        raise RefundInvalid(reason="a line is named twice")
    for part in wanted.parts:
        if part.line_id not in left:
            raise RefundInvalid(reason=f"the deal has no line {part.line_id}")
        if part.amount_minor <= 0:
            raise RefundInvalid(reason="a part must be above zero")
        if part.amount_minor > left[part.line_id]:
            raise RefundExceedsSale
    return Money(total, terms.amount.currency), wanted.parts


def _by_amount(terms: Terms, earlier: tuple[Refund, ...], amount: Money) -> tuple[Money, tuple[RefundPart, ...]]:
    if amount.currency != terms.amount.currency:
        raise RefundInvalid(reason=f"the deal was sold in {terms.amount.currency}")
    if amount.minor <= 0:
        raise RefundInvalid(reason="the amount must be above zero")
    if not covers(terms, (*earlier, Refund(_UNBORN, amount, (), terms.closed_at))):
        raise RefundExceedsSale
    return amount, ()
