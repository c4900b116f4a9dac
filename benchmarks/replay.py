"""The ledger built anew from its journal and compared, against COPY of the same ledger rows into tables with the ledger's indexes."""

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg

from benchmarks.ground import Ground, Report, in_turn
from services.commission.domain.book import Book
from services.commission.domain.facts import Closed, Credit, Line, Refunded, Released, Terms
from services.commission.domain.ledger import Journaled, Versions, work
from services.commission.domain.positions import Positions
from services.commission.store.encoding import encoded, fact_kind
from services.commission.store.replaying import ENTRY, TRANSFER, deal_rows, entry_rows, plan_of, transfer_rows
from services.commission.use_cases.replay import Asked, Replay
from shared.chassis.ids import derived_id

DEALS, PARTNERS, PORTION, HOLD = 240_000, 2_000, 20_000, timedelta(days=30)
LIMIT = "COPY of the same ledger rows"
LEDGER = ("entries", "transfers", "deals", "positions", "balances")
Deals = Closed | Refunded | Released
_START = datetime(2025, 1, 1, tzinfo=UTC)
_JOURNAL = ("partner_id", "number", "lead", "fact_id", "kind", "plan_known", "body", "recorded_at")
_DERIVED = """
insert into streams select partner_id, count(*) from journal where partner_id is not null group by 1;
insert into positions (partner_id, month, revenue_minor, earned_minor)
select partner_id, month, sum(revenue_minor), sum(amount_minor) from entries group by 1, 2;
insert into balances (partner_id, currency, held_minor, payable_minor)
select partner_id, currency, sum(amount) filter (where account = 'partner:held'),
    coalesce(sum(amount) filter (where account = 'partner:payable'), 0)
from transfers cross join lateral (values (source, -amount_minor), (target, amount_minor)) as a(account, amount) group by 1, 2"""


def history(deals: int, *, seed: int = 1) -> Iterator[Deals]:
    """Lives of deals over 300 days: closed, one in twenty shared by two, one in ten refunded in part, and each hold ended."""
    chance, holds = Random(seed), list[tuple[datetime, UUID, UUID, str]]()
    for number in range(deals):
        at = _START + timedelta(seconds=number * 300 * 86_400 // deals)
        closed = _close(number, at, chance)
        yield closed
        if number % 10 == 0:
            yield Refunded(f"/hansa/registration#{number}r", closed.deal_id, closed.partner_id, at, 1, 50_00, "USD")
        holds += [(at + HOLD, closed.deal_id, credit.partner_id, closed.id) for credit in _credits(closed)]
        while holds[0][0] <= at:
            due, deal, owner, event = holds.pop(0)
            entry = derived_id("commission.entry", event, "accrual", owner)
            yield Released(f"release:{entry}:{due.isoformat()}", deal, owner, due, 1, entry)


def _credits(closed: Closed) -> tuple[Credit, ...]:
    return closed.terms.credits if closed.terms else ()


def _close(number: int, at: datetime, chance: Random) -> Closed:
    mine, first, second = chance.randrange(PARTNERS), chance.randrange(100_00, 20_000_00), chance.randrange(100_00, 5_000_00)
    partner, other = derived_id("bench partner", mine), derived_id("bench partner", mine ^ 1)  # neighbours share
    shares = ((partner, Fraction(7, 10)), (other, Fraction(3, 10))) if number % 20 == 0 else ((partner, Fraction(1)),)
    credits_ = tuple(Credit(who, share) for who, share in shares)
    lines = (Line("1", "GTX Pro", "GTX", first), Line("2", "MG Special", "MG", second))
    terms = Terms(at, "USD", first + second, credits_, lines, "EMEA", "DE", "channel")
    return Closed(f"/hansa/registration#{number}", derived_id("bench deal", number), partner, at, 1, terms)


async def fill(dsn: str, deals: int) -> int:
    """Write journal and ledger of such a history as the consumer would have left them; returns how many facts there are."""
    connection = await asyncpg.connect(dsn, server_settings={"synchronous_commit": "off"})
    try:
        versions = Versions(await plan_of(connection, 1 << 60))
        book = Book(versions.known(1), positions=Positions())
        numbers, portion, facts = defaultdict[UUID, int](int), list[Deals](), 0
        for fact in history(deals):
            portion.append(fact)
            if len(portion) == PORTION:
                facts += await _written(connection, book, versions, portion, numbers)
                portion = []
        facts += await _written(connection, book, versions, portion, numbers)
        await connection.copy_records_to_table("deals", records=deal_rows(book.deals.values()))
        await connection.execute(_DERIVED)
        await connection.execute("vacuum analyze")
        return facts
    finally:
        await connection.close()


async def _written(connection: asyncpg.Connection, book: Book, versions: Versions, facts: list[Deals], numbers: dict[UUID, int]) -> int:
    worked = work([Journaled(fact, 1) for fact in facts], book, versions)
    assert not worked.refused, worked.refused[:3]
    journal = []
    for fact in facts:
        for index, partner in enumerate(_streams(fact, book)):
            numbers[partner] += 1
            journal.append((partner, numbers[partner], index == 0, fact.id, fact_kind(fact), 1, encoded(fact), fact.at))
    await connection.copy_records_to_table("journal", records=journal, columns=_JOURNAL)
    for table, columns, rows in (("entries", ENTRY, entry_rows(worked.entries)), ("transfers", TRANSFER, transfer_rows(worked.transfers))):
        stamped = [(*row, _START) for row in rows]
        await connection.copy_records_to_table(table, records=stamped, columns=(*columns.split(", "), "recorded_at"))
    return len(facts)


def _streams(fact: Deals, book: Book) -> tuple[UUID, ...]:
    if isinstance(fact, Released):
        return (fact.partner_id,)
    sale = book.deals[fact.deal_id].sale
    others = {stake.partner_id for stake in sale.stakes} - {fact.partner_id} if sale else set()
    return (fact.partner_id, *sorted(others))


async def copied(dsn: str, folder: Path, facts: int) -> float:
    """Facts a second whose ledger rows a COPY from files writes, durably, into tables with the ledger's own keys and indexes."""
    connection = await asyncpg.connect(dsn)
    try:
        for table in LEDGER:
            await connection.execute(f"drop table if exists copied_{table}; create table copied_{table} (like {table} including all)")
            await connection.copy_from_query(f"select * from {table}", output=folder / table, format="binary")
        started = time.perf_counter()
        for table in LEDGER:
            await connection.copy_to_table(f"copied_{table}", source=folder / table, format="binary")
        took = time.perf_counter() - started
        for table in LEDGER:
            await connection.execute(f"drop table copied_{table}")
        return facts / took
    finally:
        await connection.close()


async def replayed(url: str, facts: int) -> float:
    """Facts a second of a whole replay: read, decided, written and compared."""
    started = time.perf_counter()
    found = await Replay(url, Asked(), jobs=os.cpu_count() or 1).run()
    took = time.perf_counter() - started
    assert found.same, found.comparison.differences[:3]
    assert found.facts == facts
    return facts / took


async def measure(ground: Ground, *, runs: int, deals: int = DEALS) -> Report:
    """Both in turn on one filled database."""
    service = await ground.service("commission")
    url = service.platform.settings.worker_url
    await service.stop()
    dsn = f"{ground.postgres.admin_dsn.rsplit('/', 1)[0]}/hansa_commission"
    facts = await fill(dsn, deals)
    with tempfile.TemporaryDirectory(prefix="hansa-copy-") as folder:
        mine, limit = await in_turn(
            [
                ("hansa replay", "facts/s", lambda: replayed(url, facts)),
                (LIMIT, "facts/s", lambda: copied(dsn, Path(folder), facts)),
            ],
            runs=runs,
        )
    told: dict[str, object] = {
        "facts": facts,
        "processes": os.cpu_count(),
        "checked": "the ledger built anew is the one that stands",
    }
    return Report("replay: the ledger anew from its journal, and compared", mine, (limit,), {limit.name: 0.35}, told)
