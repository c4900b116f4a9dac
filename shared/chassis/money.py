"""Money: integer minor units of an ISO 4217 currency; no float ever touches it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from typing import Self

import iso4217

from shared.chassis.errors import Refused


class CurrencyUnknown(Refused):
    code = "currency_unknown"
    status = 422
    sentence = "{currency} is not a currency of ISO 4217."


class AmountInvalid(Refused):
    code = "amount_invalid"
    status = 422
    sentence = "{text} is not an amount: write digits with a point, such as 1054.00."


class AmountPrecision(Refused):
    code = "amount_precision"
    status = 422
    sentence = "{text} has more decimals than {currency} has ({exponent})."


@cache
def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has (USD 2, JPY 0, KWD 3). Raises CurrencyUnknown."""
    try:
        digits = iso4217.Currency(currency).exponent
    except ValueError as error:
        raise CurrencyUnknown(currency=currency) from error
    if digits is None:  # metals and funds (XAU) have no minor unit
        raise CurrencyUnknown(currency=currency)
    return digits


_WRITTEN = re.compile(r"([+-]?)([0-9]{1,30})(?:\.([0-9]{1,30}))?")


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`minor` minor units of `currency`; adding two currencies is a bug and raises ValueError."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read major units ("1054.00"). Raises AmountInvalid, AmountPrecision, CurrencyUnknown."""
        digits = exponent(currency)
        written = _WRITTEN.fullmatch(text.strip())
        if written is None:
            raise AmountInvalid(text=text[:100])
        sign, whole, decimals = written.groups(default="")
        kept = decimals.rstrip("0")
        if len(kept) > digits:
            raise AmountPrecision(text=text, currency=currency, exponent=digits)
        minor = int(f"{sign}{whole}{kept.ljust(digits, '0')}")
        if abs(minor) >= 2**63:
            raise AmountInvalid(text=text)
        return cls(minor, currency)

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        """Major units with every decimal of the currency: "1054.00", "335"."""
        digits = exponent(self.currency)
        return f"{Decimal(self.minor).scaleb(-digits):.{digits}f}"


def round_half_up(value: Fraction | Decimal) -> int:
    """The nearest integer; a half goes away from zero."""
    if isinstance(value, Decimal):
        return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return magnitude if value >= 0 else -magnitude


def allocate(total: int, shares: Sequence[Fraction]) -> list[int]:
    """Split `total` minor units by `shares` (summing to 1) so that the parts add up exactly.

    Largest remainder: each part is rounded towards zero, the units left over go to the largest remainders,
    ties to the earlier share.
    """
    sign = -1 if total < 0 else 1
    exact = [abs(total) * share for share in shares]
    parts = [int(part) for part in exact]
    left = abs(total) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for index in by_remainder[:left]:
        parts[index] += 1
    return [sign * part for part in parts]
