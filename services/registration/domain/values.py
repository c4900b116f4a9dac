"""The words of deal registration: ids, states, lines, credits and terms."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NewType
from uuid import UUID

from msgspec import field

from services.registration.domain.refusals import AmountNegative, BeneficiaryTwice, LinesInvalid, SplitsNotOne
from shared.chassis.money import Money
from shared.chassis.values import Value

_LIMIT = 2**63  # what a whole number of the store and of the wire holds

_WHOLE = Fraction(1)

DealId = NewType("DealId", UUID)
PartnerId = NewType("PartnerId", UUID)
AccountId = NewType("AccountId", UUID)


class State(StrEnum):
    """Where a deal stands. Expiry is no state: it ends exclusivity, not the deal."""

    IN_REVIEW = "in_review"
    RETURNED = "returned"
    OPEN = "open"
    WON = "won"
    LOST = "lost"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"

    @property
    def is_pending(self) -> bool:
        """Submitted, and neither approved nor rejected."""
        return self in (State.IN_REVIEW, State.RETURNED)

    @property
    def is_over(self) -> bool:
        """Nothing comes of it: what hangs on it ends with it."""
        return self in (State.LOST, State.WITHDRAWN, State.REJECTED)

    @property
    def takes_a_place(self) -> bool:
        """Whether it counts among its partner's open registrations."""
        return self is State.OPEN or self.is_pending


class Confidence(StrEnum):
    """How surely the customer was recognised: by an identifier, as nobody known, or as somebody who may be known."""

    EXACT = "exact"
    NEW = "new"
    PROBABLE = "probable"


class Outcome(StrEnum):
    """How a deal closes."""

    WON = "won"
    LOST = "lost"


class Standing(StrEnum):
    """Whether a partner may work."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class CreditAfterExpiry(StrEnum):
    """Who is credited when a deal is won after its protection ended (a policy)."""

    UNLESS_RIVAL_HOLDS = "unless_rival_holds"
    NEVER = "never"
    REVIEW = "review"


class Line(Value, frozen=True):
    """One line of a deal; `amount_minor` is the net revenue of the whole line, in the deal's currency."""

    line_id: str
    product: str
    family: str
    quantity: int
    amount_minor: int


class Credit(Value, frozen=True):
    """A beneficiary's share."""

    partner_id: PartnerId
    share: Fraction


class Terms(Value, frozen=True, kw_only=True):
    """The whole commercial content of a closed deal; `amount` is the sum of the lines."""

    closed_at: datetime
    amount: Money
    lines: tuple[Line, ...]
    credits: tuple[Credit, ...]
    overlays: tuple[Credit, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raises AmountNegative, LinesInvalid, SplitsNotOne or BeneficiaryTwice."""
        if any(line.amount_minor < 0 for line in self.lines) or self.amount.minor < 0:
            raise AmountNegative
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise LinesInvalid(reason="a line id occurs twice")
        if sum(line.amount_minor for line in self.lines) != self.amount.minor:
            raise LinesInvalid(reason="the lines do not add up to the amount")
        if self.amount.minor >= _LIMIT or any(line.quantity >= _LIMIT for line in self.lines):
            raise LinesInvalid(reason="a number is too large")
        if any(line.quantity < 1 for line in self.lines):
            raise LinesInvalid(reason="a quantity is below 1")
        check_shares(self.credits, self.overlays)


def check_shares(credits_: tuple[Credit, ...], overlays: tuple[Credit, ...]) -> None:
    """Raises SplitsNotOne or BeneficiaryTwice."""
    if len(credits_) == 1 and credits_[0].share.numerator == credits_[0].share.denominator == 1 and not overlays:
        return  # nearly every deal; arithmetic with fractions is slow
    total = sum((credit.share for credit in credits_), Fraction(0))
    if total != 1 or any(credit.share <= 0 for credit in credits_):
        raise SplitsNotOne(total=total)
    if any(overlay.share <= 0 for overlay in overlays):
        raise SplitsNotOne(total=Fraction(0))
    for group in (credits_, overlays):
        if len({credit.partner_id for credit in group}) != len(group):
            raise BeneficiaryTwice


def sole_credit(partner_id: PartnerId) -> tuple[Credit, ...]:
    """All of the credit for one partner."""
    return (Credit(partner_id, _WHOLE),)
