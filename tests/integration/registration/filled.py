"""A registration store as years of use leave it: many rows in each table, nearly all of them over and done with, nothing due."""

from collections.abc import Iterable

import asyncpg
import orjson

from shared.chassis.leadership import plain_dsn
from tests.integration.registration.world import World

PARTNERS = 100
_ID = "lpad(to_hex({tag} * 4294967296 + n), 32, '0')::uuid"
_RULING = {"outcome": "uphold", "policy_version": 1, "clause": "x", "reason": "x", "at": "2026-01-01T00:00:00Z", "by": "x"}
_RULING |= {"deal_id": None, "to": None, "credits": []}
_ROWS = "from generate_series(1, {rows}) n"
# Of each ten deals eight are over, and two keep others out for up to thirty days; each five-hundredth is in review.
_FILL = (
    "insert into known_partners (id, state, sequence) select {partner}, 'active', 1 from generate_series(2, {partners} - 1) n",
    """
insert into accounts (id, name, country, created_at, swept)
select {account}, 'Company ' || n, 'DE', {past}, true {from_rows}""",
    """
insert into account_identifiers (kind, value, account_id) select 'name', 'company ' || n || '|DE', {account} {from_rows}""",
    """
insert into deals (id, partner_id, account_id, account_name, families, territory, path, registered_at, recorded_at, granted,
    protected_from, protected_until, expired, extensions, conflict, state, version, close_number, revision, closed_at,
    amount_minor, currency, terms,
    refunds, source, external_id, warned, stage_at)
select {deal}, {partner}, {account}, 'Company ' || n, '{{GTX}}', 'DE', '/EMEA/DE', {past}, {past}, true, {past}, {ends}, not {live}, 0,
    n % 2000 = 0, {state}, 2, 1, 1, {past}, 100, 'USD', case when {state} in ('won', 'lost') then {terms} end, '[]', {source}, 'O' || n,
    {ends} < {now} + interval '8 days', {now} - (n * 7919 % 500000) * interval '1 second'
{from_rows}""",
    """
insert into protection_slots (deal_id, account_id, family, path, during)
select {deal}, {account}, 'GTX', '/EMEA/DE', tstzrange({past} - interval '31 days', {ends}) {from_rows}""",
    """
insert into deal_reviews (deal_id, partner_id, reasons, state, owner, submitted_at, due_at, remind_at, reminded_at, escalated_at)
select {deal}, {partner}, '[]', case when {queued} then 'in_review' else 'approved' end, 'owner ' || n % 500, {past},
    case when {queued} then {now} + interval '1 day' else {past} end, {past}, {past}, null {from_rows}""",
    """
insert into extension_requests (id, deal_id, partner_id, requested_at, regular_end, keeps_until, state)
select {id}, {deal}, {partner}, {past}, {past}, {past}, case when n % 1000 = 0 then 'pending' else 'declined' end {from_rows}""",
    """
insert into drafts (id, partner_id, body, version, changed_at) select {id}, {partner}, '{{}}', 1, {past} {from_rows}""",
    """
insert into vendor_claims (id, kind, account_id, account_name, families, territory, path, valid_from, valid_until, source, external_id,
    recorded_by, recorded_at)
select {id}, 'named_account', {account}, 'Company ' || n, '{{}}', 'DE', '/EMEA/DE', {past}, {past}, 'crm', 'O' || n, 'x', {past}
{from_rows}""",
    """
insert into waiting_list (id, partner_id, account_id, account_name, families, territory, path, state, joined_at, offered_until,
    look_at)
select {id}, {other}, {account}, 'Company ' || n, '{{GTX}}', 'DE', '/EMEA/DE',
    case when {live} and n % 1000 = 8 then 'offered' when {live} then 'waiting' else 'left' end, {past}, {now} + interval '1 day',
    {ends} {from_rows}""",
    """
insert into leads (id, partner_id, direction, state, version, name, families, shared_at, remind_at, answer_by, convert_by, reminded,
    overdue, deal_id)
select {id}, {partner}, 'to_partner', s, 3, 'Company ' || n, '{{GTX}}', {past}, {past}, {now} + interval '1 day',
    case when s = 'accepted' then {now} + interval '1 day' end, true, n % 2 = 0, case when s = 'converted' then {deal} end
from (select n, case when n % 100 < 2 then 'shared' when n % 100 < 10 then 'accepted' when n % 100 < 60 then 'converted' else 'declined' end
    as s {from_rows}) _""",
    """
insert into conflicts (id, fingerprint, kind, account_id, by_rule, note, opened_at, opened_by, step, step_due_at, owner, escalated_at,
    state, ruling, version)
select {id}, {id}, {kind}, {account}, true, 'x', {past}, 'rule', 'prevent', {past}, 'x', {past},
    case when n % 1000 = 0 then 'open' else 'closed' end, case when n % 1000 <> 0 then {ruling} end, 2 {from_rows}""",
    """
insert into conflict_sides (id, conflict_id, partner_id, deal_ids, account_name, version, kind, opened_on, step, step_due_on, state)
select {id}, {id}, {partner}, array[{deal}], 'Company ' || n, 1, 'overlap', {past}::date, 'identify', {past}::date,
    case when n % 1000 = 0 then 'open' else 'closed' end {from_rows}""",
    """
insert into conflict_evidence (id, conflict_id, side_id, partner_id, kind, reference, note, by_side, given_at, given_by)
select {id}, {id}, {id}, {partner}, 'document', 'x', 'x', true, {past}, 'x' {from_rows}""",
    """
insert into cosell_agreements (id, deal_id, partner_id, revision) select {id}, {deal}, {partner}, 1 {from_rows}""",
    """
insert into cosell_versions (agreement_id, number, partner_id, document, hash, vendor_signs, state, proposed_at, respond_by)
select {id}, 1, {partner}, '{{}}', 'x', false, case when n % 10 = 0 then 'proposed' else 'void' end, {past}, {now} + interval '1 day'
{from_rows}""",
    """
insert into cosell_parties (agreement_id, number, partner_id, deal_id, place, role, share, overlay, document, hash, state, respond_by,
    about)
select {id}, 1, p, {deal}, 0, 'x', '1/2', false, '{{}}', 'x', 'void', {past}, '{{"families": [], "territory": "", "message": ""}}'
from generate_series(1, {rows}) n, lateral (values ({partner}), ({other})) parties(p)""",
    """
insert into cosell_steps (id, agreement_id, partner_id, title, due_on, state, version, overdue_told)
select {id}, {id}, {partner}, 'x', {past}::date, case when n % 10 = 0 then 'planned' else 'done' end, 1, true {from_rows}""",
    """
insert into account_reviews (id, partner_id, account_name, identifiers, reason, raised_at, account_id, state, decided_at)
select {id}, {partner}, 'x', '[]', 'account_probable', {past}, {account}, case when n % 1000 = 0 then 'open' else 'same' end,
    case when n % 1000 <> 0 then {past} end {from_rows}""",
    """
insert into intake_errors (id, source, name, external_id, way, exclusivity, code, message, state, times, first_seen, last_seen)
select {id}, 'crm', 'O' || n, 'O' || n, 'bulk', 'record', 'code_' || n % 50, 'x',
    case when n > {rows} - 100 then 'open' else 'corrected' end, 1, {past}, {past} {from_rows}""",
    """
insert into intake_gaps (source, external_id, missing, came, found_at)
select 'crm', 'O' || n, case when n % 1000 = 0 then '[[1, 2]]'::jsonb else '[]' end, '[]', {past} {from_rows}""",
    """
insert into receipt_links (sequence, content_hash, previous_hash, hash) select n, 'x', 'x', 'x' {from_rows}""",
    """
insert into receipts (sequence, partner_id, subject_id, received_at, content, salt)
select n, {partner}, {deal}, {past}, '{{"account_name": "x"}}', 'x' {from_rows}""",
)


_GROW = (
    *_FILL[1:4],
    """
insert into idempotency_keys (subject, key, request_hash, status, headers, body)
select 'x', 'key ' || n, 'x', 201, '[]', 'x' {from_rows}""",
)


async def fill(world: World, rows: int) -> None:
    """So many rows in each table, counted for the planner; partner 0 is the world's partner, 1 its rival."""
    await _run(world, rows, (*_FILL, "analyze"))


async def grow(world: World, rows: int) -> None:
    """So many accounts, deals and idempotency keys more, of partners that nobody has heard of, and nobody has counted them."""
    await _run(world, rows, _GROW)


async def _run(world: World, rows: int, statements: Iterable[str]) -> None:
    mine, other = (f"'{each}'::uuid" for each in (world.partner_id, world.rival_id))
    now = f"'{world.stage.clock.now().isoformat()}'::timestamptz"
    words = {
        "rows": rows,
        "partners": PARTNERS,
        "now": now,
        "past": f"({now} - interval '60 days' + n * interval '1 second')",
        "live": "(n % 10 > 7)",
        "source": "(case n % 5000 when 0 then 'erp' else 'crm' end)",
        "kind": "(case n % 5000 when 0 then 'direct_sales' else 'overlap' end)",
        "queued": "(n % 500 = 0)",
        "terms": """'{"lines": [], "credits": [], "overlays": [], "attributes": {}}'::jsonb""",
        "ruling": f"""'{orjson.dumps(_RULING).decode()}'::jsonb""",
        "id": _ID.format(tag=1),
        "deal": _ID.format(tag=2),
        "account": _ID.format(tag=3),
        "from_rows": _ROWS.format(rows=rows),
    }
    words["partner"], words["other"] = (_partner(number, mine, other) for number in ("n", "(n + 1)"))
    words["ends"] = f"(case when {words['live']} then {now} + interval '1 day' + (n % 28) * interval '1 day' else {words['past']} end)"
    words["state"] = (
        f"(case when {words['queued']} then 'in_review' when {words['live']} then 'open' when n % 10 < 5 then 'won' else 'lost' end)"
    )
    connection = await asyncpg.connect(plain_dsn(world.service.platform.settings.migrator_url))
    try:
        for statement in statements:
            await connection.execute(statement.format(**words), timeout=120)
    finally:
        await connection.close()


def _partner(number: str, mine: str, other: str) -> str:
    rest = _ID.format(tag=4).replace(" n)", f" {number} % {PARTNERS})")
    return f"case {number} % {PARTNERS} when 0 then {mine} when 1 then {other} else {rest} end"
