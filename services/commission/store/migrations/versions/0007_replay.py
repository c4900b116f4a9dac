"""Schemas in which replay builds the ledger anew, and what the nightly self-check found."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0007"
down_revision = "0006"

# The worker may not create anything. These two do it with the migrator's rights, for names of one form alone. The tables are
# unlogged, like the checkpoints beside them: after a crash of the server all of them are empty, and the replay begins anew.
_OPEN = """
create function replay_open(name text) returns void language plpgsql security definer set search_path = pg_catalog, public as $$
declare kept text; copied text[];
begin
    if name !~ '^replay_[a-z0-9_]{1,40}$' then raise exception 'not a name for a replay: %', name; end if;
    execute format('create schema %I', name);
    foreach kept in array array['deals', 'positions'] loop
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
_CLOSE = """
create function replay_close(name text) returns void language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    if name !~ '^replay_[a-z0-9_]{1,40}$' then raise exception 'not a name for a replay: %', name; end if;
    execute format('drop schema if exists %I cascade', name);
end $$"""


def upgrade() -> None:
    worker = f'"{op.get_bind().engine.url.database}_worker"'
    op.execute(_OPEN.replace("{worker}", worker))
    op.execute(_CLOSE)
    for function in ("replay_open(text)", "replay_close(text)"):
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to {worker}")
    op.create_table(
        "self_checks",
        sa.Column("slice", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("slices", sa.Integer, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.BigInteger, nullable=False),
        sa.Column("differences", sa.Integer, nullable=False),
        sa.Column("found", sa.Text, nullable=False, comment="what differs, in short"),
    )
    ddl.share(op, "self_checks", api="select")
