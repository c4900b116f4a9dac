"""Terms as people and sales systems write them (decimal text, shares as text), made exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from services.registration.domain.deals.facts import RefundPart
from services.registration.domain.deals.refunds import Wanted
from services.registration.domain.refusals import AmountMissing, LinesInvalid, SplitsNotOne
from services.registration.domain.values import Credit, Line, Outcome, PartnerId, Terms, sole_credit
from shared.chassis.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One line; without an id it is named by its place, from "1"."""

    product: str
    family: str
    amount: str
    quantity: int = 1
    line_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsDraft:
    """What was sold. Lines or an amount alone, which then is one line of the deal's first family; no credits: all to the registrant."""

    currency: str
    amount: str | None = None
    lines: Sequence[LineDraft] = ()
    credits: Sequence[tuple[PartnerId, str]] = ()
    overlays: Sequence[tuple[PartnerId, str]] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    def exact(self, outcome: Outcome, *, closed_at: datetime, partner_id: PartnerId, families: Sequence[str]) -> Terms:
        """The terms in minor units and fractions. Raises AmountMissing, LinesInvalid, SplitsNotOne and the refusals of Money."""
        lines = self._lines(families[0])
        if outcome is Outcome.WON and not lines:
            raise AmountMissing
        total = Money(sum(line.amount_minor for line in lines), self.currency)
        if self.lines and self.amount is not None and Money.parse(self.amount, self.currency) != total:
            raise LinesInvalid(reason="the lines do not add up to the amount")
        return Terms(
            closed_at=closed_at,
            amount=total,
            lines=lines,
            credits=_credits(self.credits) or sole_credit(partner_id),
            overlays=_credits(self.overlays),
            attributes=dict(self.attributes),
        )

    def _lines(self, family: str) -> tuple[Line, ...]:
        if self.lines:
            return tuple(
                Line(each.line_id or str(number), each.product, each.family, each.quantity, Money.parse(each.amount, self.currency).minor)
                for number, each in enumerate(self.lines, start=1)
            )
        if self.amount is None:
            Money.parse("0", self.currency)  # the currency must exist even where nothing was sold
            return ()
        return (Line("1", family, family, 1, Money.parse(self.amount, self.currency).minor),)


def _credits(pairs: Sequence[tuple[PartnerId, str]]) -> tuple[Credit, ...]:
    try:
        return tuple(Credit(partner, Fraction(share)) for partner, share in pairs)
    except (ValueError, ZeroDivisionError) as error:
        raise SplitsNotOne(total="no number") from error


def refund_wanted(terms: Terms, *, amount: str | None, parts: Sequence[tuple[str, str]]) -> Wanted:
    """A refund as asked for: amounts are decimal text in the deal's currency."""
    currency = terms.amount.currency
    return Wanted(
        Money.parse(amount, currency) if amount is not None else None,
        tuple(RefundPart(line_id, Money.parse(part, currency).minor) for line_id, part in parts),
    )
