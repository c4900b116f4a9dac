"""Who is the same customer: precision and recall on a labelled list, and what the check costs when there are many accounts."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import asyncpg

from benchmarks import labelled
from benchmarks.ground import FOR_LARGE_STORES, Ground, Measure, Report
from services.registration.domain.accounts.identifiers import Customer, Identifier, IdentifierKind, name_identifiers
from services.registration.domain.accounts.likeness import Matching, likenesses
from services.registration.domain.accounts.profile import keys, profile
from services.registration.domain.values import AccountId, PartnerId
from services.registration.policy import Policy
from services.registration.store import account_keys, accounts
from services.registration.use_cases.doubts import Recognised, doubts_about_new
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id
from shared.chassis.service import Service

_COLLECT = """
create unlogged table given_names (kind text, value text, account_id uuid);
create unlogged table given_keys (key bigint, account_id uuid);
set work_mem = '1GB'; set maintenance_work_mem = '1GB';
set session_replication_role = replica"""  # no look for the account behind each of a hundred million keys
# Its entries come in another order than the rows: made anew behind them it is a matter of minutes, entry by entry one of hours.
_BY_ACCOUNT = """
select indexname, indexdef from pg_indexes where tablename in ('account_identifiers', 'account_keys') and indexdef like '%(account_id)'"""
_ENTER = (
    """insert into account_identifiers (kind, value, account_id)
    select distinct on (kind, value) kind, value, account_id from given_names order by kind, value on conflict do nothing""",
    "drop table given_names",
    "insert into account_keys (key, account_id) select key, account_id from given_keys order by key, account_id",
    "drop table given_keys",
)
FEW, WARM, CHECKS, PORTION = 10_000, 50, 400, 20_000
CHECKED_FROM = 1_000  # the seed of companies that no store has
AT_MOST = 0.5  # of the speed at FEW accounts: twice the time
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeio"]
_TRADES = (
    "Systems",
    "Foods",
    "Software",
    "Consulting",
    "Logistics",
    "Energy",
    "Steel",
    "Media",
    "Design",
    "Insurance",
    "Textiles",
    "Tools",
)
_FORMS = {"DE": "GmbH", "US": "Inc", "GB": "Ltd", "FR": "SARL", "IT": "S.r.l.", "SE": "AB", "PL": "Sp. z o.o.", "IN": "Pvt Ltd"}
_COMMON = 2_000  # words that many companies share, as "Summit" and "Delta" are
_NO_PARTNER = PartnerId(new_id())


def customers(seed: int) -> Iterator[Customer]:
    """Invented companies without end: one or two words, a third of them common ones, a trade, a form; two in three have a domain."""
    chance = Random(seed)
    common = ["".join(Random(number).choices(_SYLLABLES, k=2)).title() for number in range(_COMMON)]
    while True:
        rare = "".join(chance.choices(_SYLLABLES, k=chance.randint(3, 5))).title()
        word = common[int(_COMMON * chance.random() ** 3)] if chance.random() < 0.33 else rare
        second = chance.choice(common) if chance.random() < 0.3 else ""
        country = chance.choice(list(_FORMS))
        name = " ".join(filter(None, (word, second, chance.choice(_TRADES), _FORMS[country])))
        domain = f"{word}{second}{chance.randrange(10_000)}.com".lower() if chance.random() < 0.66 else None
        yield Customer(name=name, country=country, domain=domain)


@dataclass(frozen=True, slots=True)
class _Portion:
    """Accounts ready to be copied into the store, with what names them and the keys by which they are found."""

    accounts: list[tuple[UUID, str, str, datetime, bool]]
    names: list[tuple[str, str, UUID]]
    keys: list[tuple[int, UUID]]


def _portion(work: tuple[int, int]) -> _Portion:
    seed, count = work
    source, entered_at = customers(seed), datetime.now(UTC)
    made = _Portion([], [], [])
    for _ in range(count):
        account, customer = new_id(), next(source)
        names = _identifiers(customer)
        made.accounts.append((account, customer.name, customer.country or "", entered_at, True))
        made.names.extend((each.kind.value, each.value, account) for each in names)
        made.keys.extend((number, account) for number in keys(profile(names)))
    return made


async def fill(connection: asyncpg.Connection, count: int, *, seed: int, processes: int) -> None:
    """Enter so many more accounts, with identifiers and keys; names that are there already stay whose they are.

    `connection` is a superuser's. Names and keys are collected first and entered in the order of their indexes: at ten million accounts
    one by one would take hours.
    """
    await connection.execute(_COLLECT)
    work = [((seed << 32) + start, min(PORTION, count - start)) for start in range(0, count, PORTION)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        portions = pool.imap_unordered(_portion, work)
        for _ in work:
            made = await asyncio.to_thread(next, portions)
            await connection.copy_records_to_table(
                "accounts", records=made.accounts, columns=["id", "name", "country", "created_at", "swept"]
            )
            await connection.copy_records_to_table("given_names", records=made.names)
            await connection.copy_records_to_table("given_keys", records=made.keys)
    apart = await connection.fetch(_BY_ACCOUNT)
    dropped, made_again = [f"drop index {name}" for name, _ in apart], [definition for _, definition in apart]
    cleaned = [f"vacuum (analyze) {table}" for table in ("accounts", "account_identifiers", "account_keys")]
    for statement in (*dropped, *_ENTER, *made_again, *cleaned):
        await connection.execute(statement)


async def warm(connection: asyncpg.Connection) -> None:
    """Read once what checks read, as a server that has run for a while has: what is measured then is the check and not the disk."""
    await connection.execute("set enable_bitmapscan = off; set max_parallel_workers_per_gather = 0")
    for indexes_alone, column in (
        ("off", "count(key) from account_keys"),
        ("off", "count(kind) from account_identifiers"),
        ("off", "count(account_id) from account_identifiers"),
        ("on", "count(value) from account_identifiers"),
    ):
        await connection.execute(f"set enable_seqscan = {indexes_alone}; select {column}")


def _identifiers(customer: Customer) -> set[Identifier]:
    """As `labelled.names_of`, without a look into the public suffix list: every domain here is registrable."""
    domain = {Identifier(IdentifierKind.DOMAIN, customer.domain)} if customer.domain else set()
    return name_identifiers(customer.name, customer.country) | domain


async def checks(service: Service, seed: int, *, entering: bool) -> float:
    """Checks a second, one after the other, of companies nobody knows: what registration asks the store, and the comparing.

    With `entering` the keys of each are entered, too, as when it becomes an account.
    """
    source = customers(seed)
    policy = Policy()
    took = 0.0
    for number in range(WARM + CHECKS):
        customer = next(source)
        names = labelled.names_of(customer)
        new = Recognised(partner_id=_NO_PARTNER, customer=customer, names=names, account_id=AccountId(new_id()), is_new=True)
        async with service.platform.api_database.transaction() as uow:
            started = time.perf_counter()
            await accounts.find_for(uow, names, partner_id=_NO_PARTNER)
            await (doubts_about_new(uow, [new], policy) if entering else _doubts(uow, new, policy))
            took += time.perf_counter() - started if number >= WARM else 0.0
    return CHECKS / took


async def _doubts(uow: UnitOfWork, new: Recognised, policy: Policy) -> None:
    """What `doubts_about_new` finds, without entering anything."""
    of = profile(new.names)
    found = await account_keys.look(uow, {new.account_id: keys(of)}, matching=policy.matching)
    likenesses(of, found.get(new.account_id, {}), matching=policy.matching)


def quality(*, misses: bool) -> dict[str, object]:
    """What the rules make of the labelled list."""
    judged = [labelled.judge(pair, matching=Matching()) for pair in labelled.pairs()]
    exact, probable = labelled.exact(judged), labelled.probable(judged)
    facts: dict[str, object] = {"pairs": len(judged), "exact": str(exact), "probable": str(probable)}
    if misses:
        facts |= {f"wrong {number}": labelled.told(each) for number, each in enumerate(probable.wrong, 1)}
        facts |= {f"missed {number}": labelled.told(each) for number, each in enumerate(probable.missed, 1)}
    return facts


async def measure(ground: Ground, *, runs: int, accounts: int, misses: bool) -> list[Report]:
    """The check at FEW accounts and at `accounts`, on one store that grows, alone and with the keys entered; and its quality."""
    await ground.restart(FOR_LARGE_STORES)
    service = await ground.service("registration")
    admin = ground.postgres.admin_dsn.rsplit("/", 1)[0]
    connection = await asyncpg.connect(f"{admin}/hansa_registration")
    rates: dict[tuple[bool, int], tuple[float, ...]] = {}
    try:
        for seed, (count, more) in enumerate({FEW: FEW, accounts: accounts - FEW}.items(), 1):
            await fill(connection, more, seed=seed, processes=os.cpu_count() or 1)
            await warm(connection)
            for entering in (False, True):
                seeds = [CHECKED_FROM * seed + number for number in range(runs)]  # others each time: what was entered is known
                rates[entering, count] = tuple([await checks(service, each, entering=entering) for each in seeds])
    finally:
        await connection.close()
        await service.stop()
    facts = await asyncio.to_thread(quality, misses=misses)
    known = _report("matching: is this customer known?", rates[False, FEW], rates[False, accounts], accounts)
    entered = _report("matching: the same, and its keys entered", rates[True, FEW], rates[True, accounts], accounts)
    return [replace(known, facts=known.facts | facts), entered]


def _report(title: str, at_few: tuple[float, ...], at_many: tuple[float, ...], accounts: int) -> Report:
    few, many = Measure(f"at {FEW:,} accounts", "checks/s", at_few), Measure(f"at {accounts:,} accounts", "checks/s", at_many)
    facts: dict[str, object] = {"time at many, of that at few": round(few.median / many.median, 2)}
    return Report(title, many, (few,), targets={few.name: AT_MOST}, facts=facts)
