"""A deal's net won revenue, divided among its partners to the last minor unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from services.tiering.domain.refusals import ShareInvalid, SplitsNotOne
from shared.chassis.money import Money, allocate

Key = tuple[UUID, int]
"""A deal and the number of its close."""


@dataclass(frozen=True, slots=True)
class Share:
    """A partner's part of a deal; the parts of a deal total exactly 1."""

    partner_id: UUID
    share: Fraction


def shares_of(written: Iterable[tuple[UUID, str]]) -> tuple[Share, ...]:
    """Shares as a fact writes them ("0.5", "1/3"). Raises ShareInvalid or SplitsNotOne: else revenue would be made up or lost."""
    shares = tuple(Share(partner_id, _fraction(share)) for partner_id, share in written)
    if (total := sum((one.share for one in shares), Fraction(0))) != 1:
        raise SplitsNotOne(total=total)
    return shares


def _fraction(text: str) -> Fraction:
    try:
        share = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise ShareInvalid(share=text[:50]) from error
    if share <= 0:
        raise ShareInvalid(share=text[:50])
    return share


@dataclass(frozen=True, slots=True)
class Terms:
    """What one close of a deal is worth: nothing when it was lost. `sequence` tells newer terms from older ones;
    `registrant` is the partner that the deal belongs to, whoever is credited.
    """

    deal_id: UUID
    close_number: int
    sequence: int
    closed_at: datetime
    amount: Money
    shares: tuple[Share, ...]
    registrant: UUID

    @property
    def key(self) -> Key:
        return self.deal_id, self.close_number


@dataclass(frozen=True, slots=True)
class Correction:
    """What happened to a close afterwards: it was undone, or money went back to the customer."""

    deal_id: UUID
    close_number: int
    undone: bool = False
    refunded_minor: int = 0

    @property
    def key(self) -> Key:
        return self.deal_id, self.close_number


@dataclass(frozen=True, slots=True)
class Close:
    """One close as it stands: its terms, what was refunded since, and whether it was undone."""

    terms: Terms
    refunded_minor: int = 0
    reopened: bool = False

    @property
    def net(self) -> Money:
        """What is left of the sale; a close that was undone is worth nothing."""
        if self.reopened:
            return Money(0, self.terms.amount.currency)
        return Money(max(0, self.terms.amount.minor - self.refunded_minor), self.terms.amount.currency)


def revenue_by_partner(close: Close) -> dict[UUID, int]:
    """Minor units for each credited partner, by largest remainder; they add up to the net of the close."""
    parts = allocate(close.net.minor, [credit.share for credit in close.terms.shares])
    totals: dict[UUID, int] = {}
    for credit, part in zip(close.terms.shares, parts, strict=True):
        totals[credit.partner_id] = totals.get(credit.partner_id, 0) + part
    return totals
