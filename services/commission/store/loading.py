"""All that a batch of facts touches, in a few statements, its partners locked in one order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.commission.domain.book import Book
from services.commission.domain.conflict_hold import Contested, by_deal
from services.commission.domain.deal import Deal
from services.commission.domain.facts import AnyFact, Fact
from services.commission.domain.plan import Plan
from services.commission.store import sums
from services.commission.store.encoding import decoded_deal
from services.commission.store.fetching import Fetching
from services.commission.store.touching import Touched, involved, partners_of
from shared.chassis.database import UnitOfWork

_LOCK = "select partner_id, posted from streams where partner_id = any($1::uuid[]) order by partner_id for update"
_OPEN = "insert into streams (partner_id, posted) select p, 0 from unnest($1::uuid[]) p order by p on conflict do nothing"
_DEALS = "select deal_id, partner_id, close_number, standing, revision, sale::text from deals where deal_id = any($1::uuid[])"
# The conflicts that are open over the deals come along: a statement of their own would cost every batch its round trip.
_STANDS = (
    _DEALS
    + """ union all
select deal_id, partner_id, null::int, null::text, null::int, conflict_id::text
from deal_conflicts where deal_id = any($1::uuid[]) and decided_at is null"""
)


@dataclass
class Opened:
    """A book loaded for some facts, and what its writer must know of the state before. `contested`: the open conflicts by deal."""

    book: Book
    posted: dict[UUID, int]
    before: dict[UUID, Deal] = field(default_factory=dict)
    contested: Contested = field(default_factory=dict)


async def opened(uow: UnitOfWork, facts: Sequence[AnyFact], *, plan: Plan) -> Opened:
    """Lock the facts' partners, then load their deals, positions, sums and rates."""
    posted = await locked(uow, {partner for fact in facts for partner in partners_of(fact)})
    wanted = {fact.deal_id for fact in facts if isinstance(fact, Fact)}
    stand = await _standing(uow, wanted)
    # An amendment may take a beneficiary away whom only the former terms name; a release may not be the registrant's; a
    # conflict may have been told to who had the deal before.
    others = {*stand.sides, *(partner for deal in stand.deals for partner in involved(deal))} - posted.keys()
    if others:
        posted |= await locked(uow, others)
        stand = await _standing(uow, wanted)
    book = await book_of(uow, Touched([(fact, plan) for fact in facts], stand.deals, plan))
    return Opened(book, posted, {deal.id: deal for deal in stand.deals}, stand.contested)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Deals as they stand, and the conflicts over them; `sides` are the partners that those were told to."""

    deals: list[Deal]
    contested: Contested
    sides: frozenset[UUID]


async def _standing(uow: UnitOfWork, deal_ids: set[UUID]) -> _Standing:
    rows = await uow.fetch(_STANDS, list(deal_ids)) if deal_ids else ()
    deals = [decoded_deal(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows if row[3] is not None]
    told = [row for row in rows if row[3] is None] if len(deals) < len(rows) else []
    return _Standing(deals, by_deal((row[0], UUID(row[5])) for row in told), frozenset(row[1] for row in told))


async def book_of(source: Fetching, touched: Touched) -> Book:
    """The common batch needs positions alone: everything else is asked for only where the plan or the facts call for it."""
    positions = await sums.positions(source, touched.positions())
    if touched.simple:
        return Book(touched.plan, deals=touched.deals, positions=positions)
    capped = any(version.caps for version in touched.plan.versions)
    return Book(
        touched.plan,
        deals=touched.deals,
        positions=positions,
        earned=await sums.earned(source, touched.earned()) if capped else None,
        tallies=await sums.tallies(source, touched),
        rates=await sums.rates(source, touched.pairs()),
    )


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
