"""All that a batch of facts touches, in a few statements, its partners locked in one order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from services.commission.domain.book import Book
from services.commission.domain.calendar import Period
from services.commission.domain.deal import Deal
from services.commission.domain.facts import Amended, AnyFact, Booked, Closed
from services.commission.domain.plan import Base, Plan, Split
from services.commission.domain.positions import Positions
from services.commission.store.encoding import decoded_deal
from shared.chassis.database import UnitOfWork

_LOCK = "select partner_id, posted from streams where partner_id = any($1::uuid[]) order by partner_id for update"
_OPEN = "insert into streams (partner_id, posted) select p, 0 from unnest($1::uuid[]) p order by p on conflict do nothing"
_DEALS = "select deal_id, partner_id, close_number, standing, revision, sale::text from deals where deal_id = any($1::uuid[])"
_POSITIONS = """
select r.n, coalesce(sum(p.revenue_minor), 0)::bigint
from unnest($1::uuid[], $2::date[], $3::date[]) with ordinality as r(partner_id, low, high, n)
left join positions p on p.partner_id = r.partner_id and p.month >= r.low and p.month < r.high
group by r.n"""


class Fetching(Protocol):
    """What runs a statement with `$1` placeholders and gives its rows: a unit of work, or a connection of replay's."""

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Any]: ...


@dataclass
class Opened:
    """A book loaded for some facts, and what its writer must know of the state before."""

    book: Book
    posted: dict[UUID, int]
    before: dict[UUID, Deal] = field(default_factory=dict)


async def opened(uow: UnitOfWork, facts: Sequence[AnyFact], *, plan: Plan) -> Opened:
    """Lock the facts' partners, then load their deals and positions."""
    posted = await locked(uow, {partner for fact in facts for partner in _partners(fact)})
    wanted = {fact.deal_id for fact in facts if not isinstance(fact, Booked)}
    deals = await deals_of(uow, wanted)
    # An amendment may take a beneficiary away whom only the former terms name; a release may not be the registrant's.
    others = {partner for deal in deals for partner in _involved(deal)} - posted.keys()
    if others:
        posted |= await locked(uow, others)
        deals = await deals_of(uow, wanted)
    positions = await positions_of(uow, [(fact, plan) for fact in facts])
    return Opened(Book(plan, deals=deals, positions=positions), posted, {deal.id: deal for deal in deals})


def _partners(fact: AnyFact) -> Iterable[UUID]:
    yield fact.partner_id
    if isinstance(fact, Closed | Amended) and fact.terms is not None:
        for credit in fact.terms.credits:
            yield credit.partner_id


def _involved(deal: Deal) -> Iterable[UUID]:
    yield deal.partner_id
    if deal.sale is not None:
        yield from (stake.partner_id for stake in deal.sale.stakes)
        yield from (counted.partner_id for counted in deal.sale.counted)


async def locked(uow: UnitOfWork, partners: set[UUID]) -> dict[UUID, int]:
    """Lock the partners' streams in one order until the transaction ends; how many facts each holds."""
    wanted = sorted(partners)
    rows = await uow.fetch(_LOCK, wanted)
    if len(rows) < len(wanted):
        await uow.fetch(_OPEN, wanted)
        rows = await uow.fetch(_LOCK, wanted)
    return {row[0]: row[1] for row in rows}


async def deals_of(source: Fetching, deal_ids: set[UUID]) -> list[Deal]:
    """Those of the deals that are known."""
    rows = await source.fetch(_DEALS, list(deal_ids)) if deal_ids else ()
    return [decoded_deal(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


async def positions_of(source: Fetching, facts: Iterable[tuple[AnyFact, Plan]]) -> Positions:
    """The positions from which the facts' commission will be figured, each under its plan."""
    wanted = list(dict.fromkeys(pair for fact, plan in facts for pair in _rated(fact, plan)))
    if not wanted:
        return Positions({})
    columns = [p for p, _ in wanted], [period.start for _, period in wanted], [period.end for _, period in wanted]
    sums: Iterable[tuple[int, int]] = [(row[0], row[1]) for row in await source.fetch(_POSITIONS, *columns)]
    return Positions({wanted[number - 1]: revenue for number, revenue in sums})


def _rated(fact: AnyFact, plan: Plan) -> Iterable[tuple[UUID, Period]]:
    """The positions from which the fact's commission will be figured."""
    if not isinstance(fact, Closed | Amended) or fact.terms is None:
        return
    version = plan.at(fact.terms.closed_at)
    if version is None or version.base is Base.DEAL:
        return
    period = plan.calendar.period(version.period, plan.calendar.month(fact.terms.closed_at))
    if version.split is Split.COMMISSION:
        yield fact.partner_id, period
        return
    for credit in fact.terms.credits:
        yield credit.partner_id, period
