"""Take exchange rates in. One for each pair and day, for good; deals that waited for one go on by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from services.commission.domain.facts import Rate
from services.commission.domain.outcome import Posting
from services.commission.domain.refusals import FxRateExists
from services.commission.domain.valuing import Pair, pair
from services.commission.store import plans
from services.commission.store.loading import opened
from services.commission.store.writing import write
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Stated:
    """One unit of `from_currency` is `rate` units of `to_currency` on `day` of the programme calendar, says `source`."""

    from_currency: str
    to_currency: str
    day: date
    rate: Fraction
    source: str

    @property
    def pair(self) -> Pair:
        """What there is one rate for."""
        return self.from_currency, self.to_currency, self.day

    def fact(self, at: datetime) -> Rate:
        """As the books take it in."""
        name = f"rate:{self.from_currency}:{self.to_currency}:{self.day}"
        return Rate(name, at, self.from_currency, self.to_currency, self.day, self.rate, self.source)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A rate on record; `fresh` if it was not before. With `refusal` the pair and day have another one."""

    fresh: bool
    refusal: FxRateExists | None = None


async def record_rates(uow: UnitOfWork, stated: Sequence[Stated]) -> list[Recorded]:
    """Record the rates; one result for each, in order. The programme's stream is locked, so that there is one answer."""
    facts = [each.fact(uow.now) for each in stated]
    if not facts:
        return []
    work = await opened(uow, facts, plan=await plans.on_record(uow))
    results, postings = [], []
    for fact in facts:
        known = work.book.rates.get(pair(fact))
        if known is None and isinstance(outcome := work.book.take(fact), Posting):
            postings.append(outcome)
        results.append(_recorded(fact, known))
    await write(uow, work, postings)
    return results


def _recorded(fact: Rate, known: Rate | None) -> Recorded:
    """How the fact stands to the rate that was there before it."""
    if known is None or (known.rate, known.source) == (fact.rate, fact.source):
        return Recorded(fresh=known is None)
    stands = f"{in_digits(known.rate)}, {known.source}"
    refusal = FxRateExists(day=fact.day, source=fact.from_currency, target=fact.to_currency, rate=stands)
    return Recorded(fresh=False, refusal=refusal)


def in_digits(rate: Fraction) -> str:
    """The rate as it was written: a decimal of at most twelve places."""
    return f"{(Decimal(rate.numerator) / Decimal(rate.denominator)).normalize():f}"
