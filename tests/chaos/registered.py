"""The audit of what was registered: nothing lost, nothing twice, one unbroken chain of receipts, and the first to come is protected."""

import json
from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import UUID

import httpx2

from hansa.cli.receipt_audit import run
from services.registration.domain.receipts.keys import PublicKeys
from tests.chaos.registrations import SOURCE

if TYPE_CHECKING:
    from tests.chaos.arena import Arena

_RECEIPTS = """
select r.sequence, r.subject_id, r.content, encode(l.hash, 'hex') as hash, d.id is not null as is_deal, d.granted
from receipts r join receipt_links l using (sequence) left join deals d on d.id = r.subject_id order by r.sequence"""
_DEALS = "select id, account_id, account_name, external_id, source, granted from deals"
_REREADS = "select count(*) from outbox where aggregatetype = 'crm.reread_requested'"


async def is_taken_in(arena: "Arena") -> bool:
    """Whether every opportunity that was told has its deal, and every state was read."""
    told = arena.registrations
    deals = await arena.rows("registration", f"select count(*) from deals where source = '{SOURCE}'")
    inbox = await arena.rows("registration", "select count(*) from inbox")
    waiting = await arena.rows("registration", "select count(*) from waiting_facts")
    return (deals[0][0], inbox[0][0], waiting[0][0]) == (len(told.opportunities), told.records, 0)


async def audit(arena: "Arena", note: str) -> None:
    """Each finding is an AssertionError that names the seed."""
    await _audit_submissions(arena, note)
    await _audit_chain(arena, note)
    await _audit_protection(arena, note)
    holes = await arena.rows("registration", _REREADS)
    assert holes[0][0] == arena.registrations.holes, note


async def _audit_submissions(arena: "Arena", note: str) -> None:
    """Every deal is one that a client was answered or a sales system told; each submission has one receipt, the one that was named."""
    told = arena.registrations
    receipts = {row["sequence"]: row for row in await arena.rows("registration", _RECEIPTS)}
    deals = await arena.rows("registration", _DEALS)
    answered = [answer.deal_id for answer in told.answers if answer.deal_id]
    followed = [row["id"] for row in deals if row["source"] == SOURCE]
    assert {row["id"] for row in deals if row["source"] is None} == set(answered), note
    assert sorted(row["external_id"] for row in deals if row["source"] == SOURCE) == sorted(told.opportunities), note
    registered = [row["subject_id"] for row in receipts.values() if row["is_deal"]]
    assert sorted(registered) == sorted([*answered, *followed]), note
    assert len(receipts) == len(told.answers) + len(followed), note
    for answer in told.answers:
        row = receipts[answer.sequence]
        assert (row["hash"], row["subject_id"] if row["is_deal"] else None) == (answer.hash, answer.deal_id), note


async def _audit_chain(arena: "Arena", note: str) -> None:
    """As `hansa receipt audit` does it, with the keys that the service publishes."""
    async with httpx2.AsyncClient(base_url=arena.registrations.api) as client:
        keys = PublicKeys.of_jwks((await client.get("/v1/receipts/keys")).json())
    audited = await run(arena.roles["registration"].worker_url, keys)
    sequences = [row["sequence"] for row in await arena.rows("registration", _RECEIPTS)]
    assert (audited.faults, sequences) == ([], list(range(1, audited.receipts + 1))), note


async def _audit_protection(arena: "Arena", note: str) -> None:
    """Of each account one deal is protected, and its receipt is the first."""
    accounts: defaultdict[UUID, list[bool]] = defaultdict(list)
    for row in await arena.rows("registration", _DEALS):
        accounts[row["account_id"]].append(row["granted"])
    assert {sum(granted) for granted in accounts.values()} == {1}, note
    first: dict[str, bool | None] = {}
    for row in await arena.rows("registration", _RECEIPTS):
        first.setdefault(json.loads(row["content"])["account_name"], row["granted"])
    assert (len(first), set(first.values())) == (len(accounts), {True}), note
