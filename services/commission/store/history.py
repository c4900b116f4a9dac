"""The journal read for questions, never for the books: one read-only snapshot, the partners in groups that share no deal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.commission.domain.calendar import PeriodKind
from services.commission.domain.facts import AnyFact, Rate
from services.commission.domain.plan import Plan
from services.commission.store.encoding import decoded_fact, decoded_rate
from services.commission.store.replay_scope import grouped
from services.commission.store.replaying import plan_of
from shared.chassis.leadership import plain_dsn

TOGETHER = 20_000  # facts of partners who share no deal are worked so many at a time
# By timers and staff, under the plan on record: no history of deals.
_DECIDED = ("plan", "rate", "released", "frozen", "thawed", "booked", "periodended", "rewardsgranted")
_EARNED = """
select partner_id, sum(amount_minor)::bigint, sum(revenue_minor) filter (where kind in ('accrual', 'reversal'))::bigint
from public.entries
where plan_version > 0 and (closed_at >= $1 or closed_at is null and month >= $2) group by 1"""
# A bonus that was given keeps the type by which it was given: that of the period's last decision, whose sums name the bonus.
_GIVEN = """
select distinct on (1, 2, 3) j.partner_id, j.body ->> 'kind', (j.body ->> 'start')::date, j.body ->> 'partner_type' from public.journal j
where j.kind = 'periodended' and j.lead and exists (select 1 from public.tallies t where t.partner_id = j.partner_id
    and t.name like 'bonus:%:' || (j.body ->> 'kind') || ':' || (j.body ->> 'start'))
order by 1, 2, 3, j.number desc"""
_RATES = "select body::text from public.journal where kind = 'rate' order by seq"
_FACTS = """
select kind, body::text from public.journal
where partner_id = any($1::uuid[]) and lead and kind <> all($2::text[]) order by seq"""
_LATEST = "select coalesce(max(seq), 0) from public.journal"


@asynccontextmanager
async def snapshot_of(url: str) -> AsyncIterator["History"]:
    """The history of one instant, for the block; the server itself refuses to write on this connection."""
    settings = {"default_transaction_read_only": "on", "timezone": "UTC", "jit": "off", "application_name": "hansa-commission-what-if"}
    connection = await asyncpg.connect(plain_dsn(url), server_settings=settings)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield History(connection)
    finally:
        await connection.close()


class History:
    """What happened to deals, and what was earned by it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def plan(self) -> Plan:
        """The plan with every version on record."""
        return await plan_of(self.connection, await self.connection.fetchval(_LATEST))

    async def rates(self) -> list[Rate]:
        """Every exchange rate on record."""
        return [decoded_rate(row[0]) for row in await self.connection.fetch(_RATES)]

    async def types_of_bonuses(self) -> dict[tuple[UUID, PeriodKind, date], str | None]:
        """The type by which each partner's bonus of a period was given, where one was."""
        return {(row[0], PeriodKind(row[1]), row[2]): row[3] for row in await self.connection.fetch(_GIVEN)}

    async def earned(self, since: datetime, month: date) -> tuple[dict[UUID, int], dict[UUID, int]]:
        """By partner: what deals closed since then and periods that ended in `month` or later gave by the plan; and the revenue."""
        rows = await self.connection.fetch(_EARNED, since, month)
        return {row[0]: row[1] for row in rows}, {row[0]: row[2] or 0 for row in rows}

    async def groups(self, *, whole: bool = False) -> AsyncIterator[list[AnyFact]]:
        """The facts of all deals in posting order, some partners at a time, with everybody they share deals with.

        `whole`: all at once, for a plan with limits that all partners share.
        """
        for partners in await grouped(self.connection, at_least=1 << 62 if whole else TOGETHER):
            rows = await self.connection.fetch(_FACTS, partners, list(_DECIDED))
            yield [decoded_fact(row[0], row[1]) for row in rows]
