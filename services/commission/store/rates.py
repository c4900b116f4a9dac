"""Exchange rates on record, and the names under which facts wait for a rate or a plan that is there by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from services.commission.domain import waits
from services.commission.domain.valuing import Pair
from shared.chassis.database import UnitOfWork

_PAGE = """
select from_currency, to_currency, day, rate, source, recorded_at from fx_rates
where ($1::text is null or from_currency = $1) and ($2::text is null or to_currency = $2) and ($3::date is null or day = $3)
    and ($4::text is null or (from_currency, to_currency, day) > ($4, $5::text, $6::date))
order by from_currency, to_currency, day limit $7"""
# Looked for again and again rather than told by an event: whatever came first, the rate or the deal that waits, both are found.
_ARRIVED = """
select w.predecessor from (select distinct predecessor from waiting_facts where predecessor like $2) w
join fx_rates r on r.from_currency = split_part(w.predecessor, ':', 2) and r.to_currency = split_part(w.predecessor, ':', 3)
    and r.day::text = split_part(w.predecessor, ':', 4)
union all
select distinct predecessor from waiting_facts
where predecessor like $3 and coalesce(nullif(split_part(predecessor, ':', 3), '')::int, 0) < $1
order by 1 limit 50"""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A rate: one unit of the first currency of `pair` is `rate` units of the second, on its day, says `source`."""

    pair: Pair
    rate: Fraction
    source: str
    recorded_at: datetime


async def page(
    uow: UnitOfWork, *, after: Pair | None, limit: int, from_currency: str | None, to_currency: str | None, day: date | None
) -> Sequence[OnRecord]:
    """Rates by pair and day."""
    last = after or (None, None, None)
    found = await uow.fetch(_PAGE, from_currency, to_currency, day, *last, limit)
    return [OnRecord((row[0], row[1], row[2]), Fraction(row[3]), row[4], row[5]) for row in found]


async def arrived(uow: UnitOfWork, *, latest: int) -> Sequence[str]:
    """The names under which facts wait for a rate that is on record, or waited for a plan before its version `latest` was."""
    return [row[0] for row in await uow.fetch(_ARRIVED, latest, f"{waits.RATES}%", f"{waits.PLANS}%")]
