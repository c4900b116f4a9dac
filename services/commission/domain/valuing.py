"""A deal's amounts in the plan's currency: the whole at the close's rate, its lines by largest remainder."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from services.commission.domain.entries import Exchange
from services.commission.domain.facts import Line, Rate, Terms
from shared.chassis.money import allocate, exponent, round_half_up
from shared.chassis.values import replace

Pair = tuple[str, str, date]
Rates = Mapping[Pair, Rate]


def pair(rate: Rate) -> Pair:
    """What there is one rate for."""
    return rate.from_currency, rate.to_currency, rate.day


def exchanged(rate: Rate) -> Exchange:
    """The rate as an entry keeps it."""
    return Exchange(rate.from_currency, rate.rate, rate.source, rate.day)


def valued(terms: Terms, exchange: Exchange | None, *, currency: str) -> Terms:
    """The terms in `currency`, rounded half up on the whole."""
    if exchange is None:
        return terms
    scale = Fraction(10) ** (exponent(currency) - exponent(terms.currency))
    amount = round_half_up(terms.amount * exchange.rate * scale)
    return replace(terms, amount=amount, currency=currency, lines=spread_lines(terms.lines, amount))


def portion(terms: Terms, amount: int) -> Terms:
    """The same deal as if only `amount` of it had been sold, its lines in proportion."""
    return replace(terms, amount=amount, lines=spread_lines(terms.lines, amount))


def spread_lines(lines: tuple[Line, ...], amount: int) -> tuple[Line, ...]:
    """The lines with amounts that add up to `amount`, in proportion to what they were."""
    parts = in_proportion(amount, [line.amount for line in lines])
    return tuple(replace(line, amount=part) for line, part in zip(lines, parts, strict=True))


def in_proportion(total: int, weights: list[int]) -> list[int]:
    """`total` by weights (largest remainder, ties to the earlier); nothing for anyone where all weights are 0."""
    whole = sum(weights)
    return allocate(total, [Fraction(weight, whole) for weight in weights]) if whole else [0] * len(weights)
