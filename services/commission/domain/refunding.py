"""What went back to the customer: how much of a sale, and of which lines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from services.commission.domain.brackets import reversed_share
from services.commission.domain.deal import Detail, Refund, Sale
from services.commission.domain.facts import Refunded
from services.commission.domain.refusals import CurrencyMismatch, LinesMismatch, LineUnknown, RefundExceedsSale, RefundInvalid
from services.commission.domain.valuing import in_proportion
from shared.chassis.money import round_half_up
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True)
class Gone:
    """`refunded` of `sold` went back; `lines` are the same by line, where that matters."""

    refunded: int
    sold: int
    lines: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, sale: Sale) -> "Gone":
        """What refunds took of it so far."""
        if not sale.by_line:
            return cls(sale.refunded, sale.amount)
        return cls(sale.refunded, sale.amount, _by_line(sale))

    @classmethod
    def whole(cls, sale: Sale) -> "Gone":
        """Everything, since the sale is undone."""
        return cls(sale.amount, sale.amount, tuple((amount, amount) for _, amount in sale.lines) if sale.by_line else ())

    def share(self, total: int, parts: tuple[int, ...] = ()) -> int:
        """What of `total` goes with it, named lines at their own parts of it: everything once everything is back."""
        if not parts or self.refunded == self.sold:
            return reversed_share(total, refunded=self.refunded, sold=self.sold)
        pairs = zip(parts, self.lines, strict=True)
        return round_half_up(sum((part * self._fraction(back, sold) for part, (back, sold) in pairs), Fraction(0)))

    def lines_of(self, parts: tuple[int, ...]) -> tuple[int, ...]:
        """What goes of each line's part."""
        if self.refunded == self.sold:
            return parts
        return tuple(round_half_up(part * self._fraction(back, sold)) for part, (back, sold) in zip(parts, self.lines, strict=True))

    def _fraction(self, back: int, sold: int) -> Fraction:
        """A line that was given away goes back with the deal as a whole."""
        return Fraction(back, sold) if sold else Fraction(self.refunded, self.sold)


def in_time(sale: Sale, clawback_days: int | None) -> Sale:
    """The sale as if no refund had come after the limit of clawback: what went back of it without those is owed back.

    It follows from all refunds and their own times, in whatever order they were told.
    """
    if clawback_days is None or sale.detail is None:
        return sale
    late = [refund for refund in sale.detail.refunds if after_limit(refund.at, sale, clawback_days)]
    if not late:
        return sale
    named = dict(sale.refunded_lines)
    for line, amount in (line for refund in late for line in refund.lines):
        named[line] = max(0, named.get(line, 0) - amount)
    refunded = max(0, sale.refunded - sum(refund.amount for refund in late))
    return replace(sale, refunded=refunded, refunded_lines=tuple(named.items()))


def after_limit(at: datetime, sale: Sale, clawback_days: int | None) -> bool:
    """Whether a refund of that time takes nothing back; it lowers the revenue all the same."""
    return clawback_days is not None and at > sale.closed_at + timedelta(days=clawback_days)


def dated(sale: Sale, *refunds: Refund) -> Sale:
    """The sale that remembers when these refunds were."""
    if not refunds:
        return sale
    detail = sale.detail or Detail()
    return replace(sale, detail=replace(detail, refunds=(*detail.refunds, *refunds)))


def undated(sale: Sale) -> Sale:
    """The sale as a former release remembered it: without the times of refunds."""
    detail = sale.detail
    if detail is None:
        return sale
    cash = detail.cash and replace(detail.cash, earnings=tuple(map(undated, detail.cash.earnings)))
    detail = replace(detail, refunds=(), cash=cash)
    return replace(sale, detail=None if detail == Detail() else detail)


def refund(fact: Refunded, sale: Sale) -> Sale:
    """The sale with the refund on record. Raises CurrencyMismatch, RefundInvalid, RefundExceedsSale, LineUnknown or LinesMismatch."""
    if fact.currency != sale.currency:
        raise CurrencyMismatch(sold=sale.currency, given=fact.currency)
    if fact.amount <= 0:
        raise RefundInvalid
    refunded = sale.refunded + fact.amount
    if refunded > sale.amount:
        raise RefundExceedsSale(refunded=refunded, sold=sale.amount)
    return replace(sale, refunded=refunded, refunded_lines=_by_name(fact, sale) if fact.lines else sale.refunded_lines)


def _by_name(fact: Refunded, sale: Sale) -> tuple[tuple[str, int], ...]:
    named = sum(amount for _, amount in fact.lines)
    if named != fact.amount:
        raise LinesMismatch(lines=named, amount=fact.amount)
    sold, back = dict(sale.lines), dict(sale.refunded_lines)
    for line_id, amount in fact.lines:
        if line_id not in sold:
            raise LineUnknown(line=line_id)
        back[line_id] = back.get(line_id, 0) + amount
        if back[line_id] > sold[line_id]:
            raise RefundExceedsSale(refunded=back[line_id], sold=sold[line_id])
    return tuple(back.items())


def _by_line(sale: Sale) -> tuple[tuple[int, int], ...]:
    """What went back of each line: as named, and of amounts alone its part in proportion to what names leave of all lines.

    Spread anew each time, so that refunds give the same in any order, and no name is refused for what an amount alone took.
    """
    named = dict(sale.refunded_lines)
    left = [amount - named.get(line, 0) for line, amount in sale.lines]
    more = in_proportion(sale.refunded - sum(named.values()), left)
    return tuple((named.get(line, 0) + part, amount) for (line, amount), part in zip(sale.lines, more, strict=True))
