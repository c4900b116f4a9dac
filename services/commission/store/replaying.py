"""A schema of replay's own: the ledger built anew in it, what the next facts need of it, and how far it came."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter
from uuid import UUID

import asyncpg
import orjson

from services.commission.domain.deal import Deal
from services.commission.domain.entries import Entry, Transfer
from services.commission.domain.ledger import Journaled, Worked
from services.commission.domain.plan import Plan
from services.commission.plan_document import PlanDocument
from services.commission.store.encoding import decoded_fact, encoded
from services.commission.store.plans import joined
from shared.chassis.leadership import plain_dsn

ENTRY = (
    "id, partner_id, deal_id, close_number, fact_id, kind, amount_minor, revenue_minor, currency, plan_version, rule, month, closed_at,"
    " release_at, reason, reverses, derivation"
)
TRANSFER = "id, entry_id, partner_id, source, target, amount_minor, currency"
_entry_values = attrgetter(*ENTRY.replace("_minor", "").split(", ")[:-1])
_transfer_values = attrgetter(*TRANSFER.replace("_minor", "").split(", "))

_ROWS = "select seq, kind, plan_known, body::text, partner_id from public.journal"
_MINE = """ j where lead and partner_id is not null and seq > $1 and seq <= $2 and
    coalesce((select s.shard from shards s where s.partner_id = j.partner_id), mod(uuid_hash(j.partner_id)::bigint + 2147483648, $4)) = $3
    order by seq"""
_ALL = " where lead and partner_id is not null and seq > $1 and seq <= $2 order by seq"
_SCOPED = " where lead and seq in (select seq from todo where seq > $1 and seq <= $2) order by seq"
_NEXT_TODO = "select coalesce(max(seq), $1) from (select seq from todo where seq > $1 and seq <= $2 order by seq limit $3) t"
_TO_DO = """
insert into todo select seq from public.journal j join scope using (partner_id) where lead and seq > $1 and seq <= $2
on conflict do nothing"""
_DEALS = """
insert into deals (deal_id, partner_id, close_number, standing, revision, sale)
select d, p, c, s, r, j::jsonb from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[]) as z(d, p, c, s, r, j)
on conflict (deal_id) do update set close_number = excluded.close_number, standing = excluded.standing,
    revision = excluded.revision, sale = excluded.sale, partner_id = excluded.partner_id"""
_POSITIONS = """
insert into positions (partner_id, month, revenue_minor, earned_minor)
select * from unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[])
on conflict (partner_id, month) do update set revenue_minor = positions.revenue_minor + excluded.revenue_minor,
    earned_minor = positions.earned_minor + excluded.earned_minor"""
_TALLIES = """
insert into tallies (partner_id, name, amount) select * from unnest($1::uuid[], $2::text[], $3::bigint[])
on conflict (partner_id, name) do update set amount = tallies.amount + excluded.amount"""
_REFUSED = "insert into refused (fact_id, why) select * from unnest($1::text[], $2::text[])"
_MOVE_ON = "update checkpoints set seq = $3, facts = facts + $4 where shard = $1 and seq = $2 returning 1"
_CEILING = "select coalesce(max(seq), 0) from public.journal"
# Whoever inserts into the journal holds this lock on it from before its first number is drawn until its transaction ends.
_WRITERS = """
select virtualtransaction from pg_locks
where relation = 'public.journal'::regclass and mode = 'RowExclusiveLock' and granted and pid <> pg_backend_pid()"""
_PLANS = "select body::text from public.journal where partner_id is null and kind = 'plan' and seq <= $1 order by number"
_CUT = "select coalesce(min(seq) - 1, $2) from public.journal where recorded_at > $1 and seq <= $2"
_CROSSING = "select min(recorded_at) from public.journal where recorded_at <= $1 and seq > $2 and lead"
_LOOK_AGAIN_S = 0.01


class NotAlone(RuntimeError):
    """Somebody else took this replay over: its checkpoint is not where this process left it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Facts of the journal in posting order, up to and with the serial number `upto`."""

    facts: list[Journaled]
    upto: int


async def connect(url: str, schema: str) -> asyncpg.Connection:
    """A connection whose unqualified names mean the replay's schema alone; the live books are `public.…`."""
    settings = {"search_path": schema, "jit": "off", "timezone": "UTC", "synchronous_commit": "off"}
    settings |= {"application_name": "hansa-commission-replay", "plan_cache_mode": "force_custom_plan"}
    return await asyncpg.connect(plain_dsn(url), server_settings=settings)


async def settled(connection: asyncpg.Connection) -> int:
    """A serial number below which nothing will appear any more: the highest, once all who write at this moment are through."""
    ceiling = int(await connection.fetchval(_CEILING))
    waited_for = {row[0] for row in await connection.fetch(_WRITERS)}
    while waited_for:
        await asyncio.sleep(_LOOK_AGAIN_S)
        waited_for &= {row[0] for row in await connection.fetch(_WRITERS)}
    return ceiling


async def clean_cut(connection: asyncpg.Connection, until: datetime, ceiling: int) -> tuple[datetime, int]:
    """The last instant up to `until` between two postings, and the last serial number before it.

    Clocks of two workers differ, so that a later posting may be dated earlier; a cut between them would be no ledger that ever was.
    """
    while True:
        cut = int(await connection.fetchval(_CUT, until, ceiling))
        crossing = await connection.fetchval(_CROSSING, until, cut)
        if crossing is None:
            return until, cut
        until = crossing - (datetime.resolution)


async def plan_of(connection: asyncpg.Connection, ceiling: int) -> Plan:
    """The plan with every version that the journal holds by then."""
    return joined([PlanDocument.read(orjson.loads(row[0])) for row in await connection.fetch(_PLANS, ceiling)])


async def to_do(connection: asyncpg.Connection, after: int, upto: int) -> None:
    """Note which serial numbers the partners in scope have; the others are not read at all."""
    await connection.execute(_TO_DO, after, upto)


class Source:
    """The journal in portions of about `size` facts: of everybody, of one shard of the partners, or of those in scope."""

    def __init__(self, connection: asyncpg.Connection, *, size: int, shard: int = 0, jobs: int = 1, scoped: bool = False) -> None:
        self._connection = connection
        self._size = size
        self._shard, self._jobs, self._scoped = shard, jobs, scoped

    async def next(self, after: int, ceiling: int) -> Rows:
        """What comes after a serial number."""
        if self._scoped:
            upto = int(await self._connection.fetchval(_NEXT_TODO, after, ceiling, self._size))
            upto = upto if upto > after else ceiling
            rows = await self._connection.fetch(_ROWS + _SCOPED, after, upto)
        elif self._jobs == 1:
            upto = min(after + self._size, ceiling)
            rows = await self._connection.fetch(_ROWS + _ALL, after, upto)
        else:
            upto = min(after + self._size * self._jobs, ceiling)
            rows = await self._connection.fetch(_ROWS + _MINE, after, upto, self._shard, self._jobs)
        return Rows([Journaled(decoded_fact(row[1], row[3]), row[2]) for row in rows], upto)


class Lately:
    """Deals as one shard left them lately, so that most of what follows about them need not be read back: nobody else changes them."""

    def __init__(self, *, most: int = 50_000) -> None:
        self._most = most
        self._deals: dict[UUID, Deal] = {}

    def of(self, deal_ids: set[UUID]) -> tuple[list[Deal], set[UUID]]:
        """Those at hand, and the ids of the others, which may be in the schema."""
        known = [self._deals[deal_id] for deal_id in deal_ids if deal_id in self._deals]
        return known, deal_ids - {deal.id for deal in known}

    def keep(self, deals: Mapping[UUID, Deal]) -> None:
        """Take in what a portion changed; the longest untouched are given up."""
        for deal_id in deals:
            self._deals.pop(deal_id, None)
        self._deals.update(deals)
        for deal_id in list(islice(self._deals, max(0, len(self._deals) - self._most))):
            del self._deals[deal_id]


def entry_rows(entries: Iterable[Entry]) -> list[tuple[object, ...]]:
    """Values of the columns `ENTRY`."""
    return [(*_entry_values(entry), encoded(entry.derivation)) for entry in entries]


def transfer_rows(transfers: Iterable[Transfer]) -> list[tuple[object, ...]]:
    """Values of the columns `TRANSFER`."""
    return [_transfer_values(transfer) for transfer in transfers]


def deal_rows(deals: Iterable[Deal]) -> list[tuple[object, ...]]:
    """Values of the columns of deals."""
    return [(d.id, d.partner_id, d.close_number, d.standing, d.revision, d.sale and encoded(d.sale)) for d in deals]


async def append(connection: asyncpg.Connection, worked: Worked, *, shard: int, after: int, upto: int) -> None:
    """Add what a portion gave and move the checkpoint on, as one transaction. Raises NotAlone."""
    async with connection.transaction():
        if not await connection.fetchval(_MOVE_ON, shard, after, upto, worked.facts):
            raise NotAlone
        await connection.copy_records_to_table("entries", records=entry_rows(worked.entries), columns=ENTRY.split(", "))
        await connection.copy_records_to_table("transfers", records=transfer_rows(worked.transfers), columns=TRANSFER.split(", "))
        if worked.deals:
            await connection.execute(_DEALS, *zip(*deal_rows(worked.deals.values()), strict=True))
        if changed := sorted(worked.moved.keys() | worked.earned.keys()):
            positions = [(*key, worked.moved.get(key, 0), worked.earned.get(key, 0)) for key in changed]
            await connection.execute(_POSITIONS, *zip(*positions, strict=True))
        if worked.tallies:
            sums = sorted((partner, name, delta) for (partner, name), delta in worked.tallies.items())
            await connection.execute(_TALLIES, *zip(*sums, strict=True))
        if worked.refused:
            await connection.execute(_REFUSED, *zip(*worked.refused, strict=True))
