"""Running sums of the books: positions, commission for caps, what SPIFFs used and bonuses came to; and exchange rates."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.commission.domain.facts import PROGRAMME, Rate
from services.commission.domain.positions import Positions
from services.commission.domain.tallies import Tallies, spiff_used
from services.commission.domain.valuing import Pair
from services.commission.store.encoding import decoded_rate
from services.commission.store.fetching import Fetching
from services.commission.store.touching import Place, Touched, partners_of

_OF_PERIODS = """
select r.n, coalesce(sum(p.{column}), 0)::bigint
from unnest($1::uuid[], $2::date[], $3::date[]) with ordinality as r(partner_id, low, high, n)
left join positions p on p.partner_id = r.partner_id and p.month >= r.low and p.month < r.high
group by r.n"""
_POSITIONS, _EARNED = (_OF_PERIODS.format(column=column) for column in ("revenue_minor", "earned_minor"))
_BUDGETS = """
insert into tallies (partner_id, name, amount) select $1, n, 0 from unnest($2::text[]) n order by n on conflict do nothing"""
_LOCK_BUDGETS = "select name from tallies where partner_id = $1 and name = any($2::text[]) order by name for update"
_TALLIES = "select partner_id, name, amount from tallies where partner_id = any($1::uuid[]) and name = any($2::text[])"
_RATES = """
select body::text from public.fx_rates join unnest($1::text[], $2::text[], $3::date[]) as r(f, t, d)
    on from_currency = f and to_currency = t and day = d"""


async def positions(source: Fetching, wanted: Sequence[Place]) -> Positions:
    """The positions wanted; any other is a KeyError."""
    return await _periods(source, _POSITIONS, wanted)


async def earned(source: Fetching, wanted: Sequence[Place]) -> Positions:
    """Commission on deals by the months of their closes, net."""
    return await _periods(source, _EARNED, wanted)


async def _periods(source: Fetching, statement: str, wanted: Sequence[Place]) -> Positions:
    if not wanted:
        return Positions({})
    columns = [p for p, _ in wanted], [period.start for _, period in wanted], [period.end for _, period in wanted]
    sums: Iterable[tuple[int, int]] = [(row[0], row[1]) for row in await source.fetch(statement, *columns)]
    return Positions({wanted[number - 1]: total for number, total in sums})


async def tallies(source: Fetching, touched: Touched) -> Tallies:
    """The sums that decisions will look at. Those of the programme's SPIFFs are locked, in one order, until the transaction ends."""
    names = touched.sums()
    if not names:
        return Tallies(names=())
    budgets = [spiff_used(name) for name in touched.spiffs()]
    if budgets:
        await source.fetch(_BUDGETS, PROGRAMME, budgets)
        await source.fetch(_LOCK_BUDGETS, PROGRAMME, budgets)
    partners: set[UUID] = {PROGRAMME, *(partner for fact, _ in touched.facts for partner in partners_of(fact))}
    for deal in touched.deals:
        partners |= {stake.partner_id for sale in deal.sales for stake in sale.stakes}
    rows = await source.fetch(_TALLIES, sorted(partners), names)
    return Tallies({(row[0], row[1]): row[2] for row in rows}, names=names)


async def rates(source: Fetching, pairs: Iterable[Pair]) -> list[Rate]:
    """The rates on record for these pairs and days."""
    wanted = sorted(set(pairs))
    if not wanted:
        return []
    columns = [list(column) for column in zip(*wanted, strict=True)]
    return [decoded_rate(row[0]) for row in await source.fetch(_RATES, *columns)]
