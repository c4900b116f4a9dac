"""Sums that limits and bonuses are decided by, commission by month, exchange rates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0009"
down_revision = "0008"

# Replay builds the sums anew too: the function of the revision before, with one table more.
_OPEN = """
create or replace function replay_open(name text) returns void language plpgsql security definer set search_path = pg_catalog, public as $$
declare kept text; copied text[];
begin
    if name !~ '^replay_[a-z0-9_]{1,40}$' then raise exception 'not a name for a replay: %', name; end if;
    execute format('create schema %I', name);
    foreach kept in array array['deals', 'positions', 'tallies'] loop
        execute format('create unlogged table %I.%I (like public.%I including indexes)', name, kept, kept);
    end loop;
    execute format('create unlogged table %I.entries as select id, partner_id, deal_id, close_number, fact_id, kind, amount_minor,
        revenue_minor, currency, plan_version, rule, month, closed_at, release_at, reason, reverses, derivation
        from public.entries with no data', name);
    execute format('create unlogged table %I.transfers as select id, entry_id, partner_id, source, target, amount_minor, currency
        from public.transfers with no data', name);
    execute format('create unlogged table %I.runs (asked text not null, ceiling bigint not null, jobs int not null)', name);
    execute format('create unlogged table %I.checkpoints (shard int primary key, seq bigint not null, facts bigint not null)', name);
    execute format('create unlogged table %I.refused (fact_id text not null, why text not null)', name);
    execute format('create unlogged table %I.scope (partner_id uuid primary key, compared boolean not null)', name);
    execute format('create unlogged table %I.shards (partner_id uuid primary key, shard int not null)', name);
    execute format('create unlogged table %I.todo (seq bigint primary key)', name);
    execute format('grant usage on schema %I to {worker}', name);
    execute format('grant all on all tables in schema %I to {worker}', name);
end $$"""


def upgrade() -> None:
    op.add_column(
        "positions",
        sa.Column("earned_minor", sa.BigInteger, nullable=False, server_default="0", comment="commission on these deals, net"),
    )
    op.execute("""
update positions p set earned_minor = e.total
from (select partner_id, month, sum(amount_minor) as total from entries where kind in ('accrual', 'reversal') group by 1, 2) e
where p.partner_id = e.partner_id and p.month = e.month""")
    op.create_table(
        "tallies",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
    )
    ddl.isolate(op, "tallies")
    op.create_table(
        "fx_rates",
        sa.Column("from_currency", sa.Text, primary_key=True),
        sa.Column("to_currency", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True, comment="of the programme calendar"),
        sa.Column("rate", sa.Text, nullable=False, comment="exact: what one unit of `from` is in `to`"),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    ddl.share(op, "fx_rates", api="select, insert")
    op.execute(_OPEN.replace("{worker}", f'"{op.get_bind().engine.url.database}_worker"'))
