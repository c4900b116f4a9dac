"""Who is the same customer: precision and recall on a labelled list, and what the check costs when there are many accounts."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import asyncpg

from benchmarks import labelled
from benchmarks.ground import Ground, Measure, Report
from services.registration.domain.accounts.identifiers import Customer, Identifier, IdentifierKind, name_identifiers
from services.registration.domain.accounts.likeness import Matching
from services.registration.domain.accounts.profile import keys, profile
from services.registration.domain.values import AccountId, PartnerId
from services.registration.policy import Policy
from services.registration.store import accounts
from services.registration.use_cases.doubts import Recognised, doubts_about_new
from shared.chassis.ids import new_id
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service

FEW, WARM, CHECKS, PORTION = 10_000, 50, 400, 20_000
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


async def fill(connection: asyncpg.Connection, source: Iterator[Customer], count: int) -> None:
    """Enter so many more accounts, with identifiers and keys; names that are there already stay whose they are."""
    await connection.execute("create temp table if not exists given (kind text, value text, account_id uuid)")
    entered_at = datetime.now(UTC)
    for start in range(0, count, PORTION):
        entered = [(new_id(), next(source)) for _ in range(min(PORTION, count - start))]
        named = [(account, _identifiers(customer)) for account, customer in entered]
        accounts_ = [(account, customer.name, customer.country, entered_at, True) for account, customer in entered]
        await connection.copy_records_to_table("accounts", records=accounts_, columns=["id", "name", "country", "created_at", "swept"])
        given = [(each.kind.value, each.value, account) for account, several in named for each in several]
        await connection.copy_records_to_table("given", records=given)
        await connection.execute("insert into account_identifiers select * from given on conflict do nothing")
        await connection.execute("truncate given")
        made = [(number, account) for account, several in named for number in keys(profile(several))]
        await connection.copy_records_to_table("account_keys", records=made, columns=["key", "account_id"])
    for table in ("accounts", "account_identifiers", "account_keys"):
        await connection.execute(f"vacuum (analyze) {table}")


def _identifiers(customer: Customer) -> set[Identifier]:
    """As `labelled.names_of`, without a look into the public suffix list: every domain here is registrable."""
    domain = {Identifier(IdentifierKind.DOMAIN, customer.domain)} if customer.domain else set()
    return name_identifiers(customer.name, customer.country) | domain


async def checks(service: Service, seed: int) -> float:
    """Checks a second, one after the other, of companies nobody knows: what registration asks the store, and the comparing."""
    source = customers(seed)
    policy = Policy()
    took = 0.0
    for number in range(WARM + CHECKS):
        customer = next(source)
        names = labelled.names_of(customer)
        async with service.platform.api_database.transaction() as uow:
            started = time.perf_counter()
            await accounts.find_for(uow, names, partner_id=_NO_PARTNER)
            new = Recognised(partner_id=_NO_PARTNER, customer=customer, names=tuple(names), account_id=AccountId(new_id()), is_new=True)
            await doubts_about_new(uow, [new], policy)
            took += time.perf_counter() - started if number >= WARM else 0.0
    return CHECKS / took


def quality(*, misses: bool) -> dict[str, object]:
    """What the rules make of the labelled list."""
    judged = [labelled.judge(pair, matching=Matching()) for pair in labelled.pairs()]
    exact, probable = labelled.exact(judged), labelled.probable(judged)
    facts: dict[str, object] = {"pairs": len(judged), "exact": str(exact), "probable": str(probable)}
    if misses:
        facts |= {f"wrong {number}": labelled.told(each) for number, each in enumerate(probable.wrong, 1)}
        facts |= {f"missed {number}": labelled.told(each) for number, each in enumerate(probable.missed, 1)}
    return facts


async def measure(ground: Ground, *, runs: int, accounts: int, misses: bool) -> Report:
    """The check at FEW accounts and at `accounts`, on one store that grows, and the quality of what it finds."""
    service = await ground.service("registration")
    connection = await asyncpg.connect(plain_dsn(service.platform.settings.migrator_url))
    source = customers(seed=1)
    try:
        rates = []
        for more in (FEW, max(0, accounts - FEW)):
            await fill(connection, source, more)
            rates.append(tuple([await checks(service, seed=2 + number) for number in range(runs)]))
    finally:
        await connection.close()
        await service.stop()
    few, many = (Measure(f"at {count:,} accounts", "checks/s", each) for count, each in zip((FEW, accounts), rates, strict=True))
    facts = await asyncio.to_thread(quality, misses=misses) | {
        "time of a check at many, of that at few": round(few.median / many.median, 2)
    }
    return Report("matching: is this customer known?", many, (few,), targets={few.name: AT_MOST}, facts=facts)
