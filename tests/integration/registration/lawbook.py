"""The laws of the whole store: looked at after everything was done that the crowd does; each finding says which law it breaks."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.accounts.profile import keys, profile
from services.registration.domain.receipts.links import Place
from services.registration.settings import Settings
from services.registration.use_cases.receipts.check import check_stretch
from services.registration.use_cases.receipts.signing import Signer
from tests.integration.registration import laws_of_accounts, laws_of_deals, laws_of_sales
from tests.integration.registration.world import World

LAWS = laws_of_deals.LAWS | laws_of_accounts.LAWS | laws_of_sales.LAWS
Findings = list[tuple[Any, ...]]


async def broken(world: World, *, ended: Mapping[UUID, datetime]) -> dict[str, Findings]:
    """Each law that does not hold, with what breaks it. `ended`: whose deals were to be withdrawn, and when."""
    found = {law: await _asked(world, sql) for law, sql in LAWS.items()}
    found["the keys of an account are those of its identifiers"] = await _keys(world)
    found["what was agreed is signed by all, and whole"] = await _agreed(world)
    found["a close is credited once, and whole"] = await _credited(world)
    found["the receipts are one chain"] = await _receipts(world)
    found["staff reads of a conflict on which account its deals are"] = await _conflicts(world)
    found["nothing open is left with a partner that went"] = await _left_behind(world, ended)
    return {law: findings for law, findings in found.items() if findings}


async def _asked(world: World, sql: str) -> Findings:
    values = [world.stage.clock.now()] if "$1" in sql else []
    return [tuple(row) for row in await world.rows(sql, *values)]


async def _keys(world: World) -> Findings:
    """Of accounts that were swept; a new one is found by a domain that may not identify, too, until then."""
    names: dict[UUID, list[Identifier]] = {row[0]: [] for row in await world.rows("select id from accounts where swept")}
    for account, kind, value in await world.rows("select account_id, kind, value from account_identifiers"):
        names.get(account, []).append(Identifier(IdentifierKind(kind), value))
    stored: dict[UUID, set[int]] = {account: set() for account in names}
    for account, key in await world.rows("select account_id, key from account_keys"):
        stored.get(account, set()).add(key)
    return [(account,) for account, of in names.items() if set(keys(profile(of))) != stored[account]]


_SIGNED = """
select v.agreement_id, v.number, v.state, v.document, v.hash, not v.vendor_signs or v.vendor_signed_by is not null,
  array_agg(p.share) filter (where not p.overlay), bool_and(p.signed_by is not null)
from cosell_versions v join cosell_parties p using (agreement_id, number) where v.in_force_from is not null
group by v.agreement_id, v.number"""


async def _agreed(world: World) -> Findings:
    found = []
    for agreement, number, state, document, digest, by_vendor, shares, by_all in await world.rows(_SIGNED):
        whole = sum(map(Fraction, shares)) == 1 and hashlib.sha256(document.encode()).hexdigest() == digest
        if not (whole and by_vendor and by_all):
            found.append((agreement, number, state))
    return found


async def _credited(world: World) -> Findings:
    found = []
    for deal, amount, terms in await world.rows("select id, amount_minor, terms::text from deals where terms is not null"):
        told = orjson.loads(terms)
        shares = sum((Fraction(share) for _, share in told["credits"]), Fraction(0))
        if shares != 1 or sum(line[-1] for line in told["lines"]) != amount:
            found.append((deal, shares))
    return found


async def _conflicts(world: World) -> Findings:
    accounts = {str(deal): str(account) for deal, account in await world.rows("select id, account_id from deals")}
    read = (await world.staff.get("/v1/conflicts", params={"limit": 250})).json()["items"]
    return [
        (conflict["id"], conflict["staff"]["account_id"])
        for conflict in read
        if conflict["staff"]["account_id"] not in {accounts[deal] for side in conflict["sides"] for deal in side["deal_ids"]}
    ]


async def _receipts(world: World) -> Findings:
    settings = world.service.platform.settings
    assert isinstance(settings, Settings)
    async with world.service.platform.worker_database.transaction() as uow:
        stretch = await check_stretch(uow, Place(), Signer(settings.signing_keys).public, size=100_000)
    return [(fault.code, fault.sequence) for fault in stretch.faults]


_LEFT = """
select d.id, d.state from deals d join known_partners k on k.id = d.partner_id and k.state = 'terminated'
where k.id = $1 and d.state in ('open', 'in_review', 'returned') and not exists (
  select from outbox o where o.aggregatetype in ('deal.registered', 'deal.reopened') and o.headers::jsonb->>'ce_subject' = d.id::text
  and (o.payload::jsonb->>'recorded_at')::timestamptz >= $2)
union all select p.agreement_id, p.state from cosell_parties p join known_partners k on k.id = p.partner_id and k.state = 'terminated'
where k.id = $1 and p.state in ('proposed', 'in_force')"""


async def _left_behind(world: World, ended: Mapping[UUID, datetime]) -> Findings:
    """Only what the vendor's own records brought, or reopened, afterwards."""
    return [tuple(row) for who, at in ended.items() for row in await world.rows(_LEFT, who, at)]
