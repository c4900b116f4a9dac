"""Journal, entries and transfers in parts of a month each, so that the indexes that are written to stay as small as a month."""

from alembic import op

from shared.chassis.database import ddl

revision = "0011"
down_revision = "0010"

# The worker may not create anything: this does it with the migrator's rights, for these tables alone. A month that has rows in
# the default part already stays there. Returns how many parts were made.
_MAKE = """
create function make_months(first date, last date) returns int language plpgsql security definer set search_path = pg_catalog, public as $$
declare parent text; part text; month date; filled boolean; made int := 0;
begin
    foreach parent in array array['journal', 'entries', 'transfers'] loop
        month := date_trunc('month', first);
        while month <= last loop
            part := parent || to_char(month, '_YYYY_MM');
            if to_regclass('public.' || part) is null then
                execute format('select exists (select 1 from public.%I where recorded_at >= %L and recorded_at < %L)',
                    parent || '_other', month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC') into filled;
                if not filled then
                    execute format('create table public.%I partition of public.%I for values from (%L) to (%L)',
                        part, parent, month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
                    made := made + 1;
                end if;
            end if;
            month := (month + interval '1 month')::date;
        end loop;
    end loop;
    return made;
end $$"""
# Uniqueness reaches no further than a part; that a fact is taken in once is held by the inbox and by the partner's lock.
_KEYS = {
    "journal": (
        "add constraint pk_journal primary key (seq, recorded_at)",
        "create unique index ix_journal_partner_id_number_recorded_at on journal (partner_id, number, recorded_at) nulls not distinct",
    ),
    "entries": (
        "add constraint pk_entries primary key (seq, recorded_at)",
        "alter table entries add constraint uq_entries_id_recorded_at unique (id, recorded_at)",
        "create index ix_entries_deal_id on entries (deal_id)",
        "create index ix_entries_partner_id_seq on entries (partner_id, seq)",
        "create index ix_entries_due_at on entries (due_at) where due_at is not null",
    ),
    "transfers": (
        "add constraint pk_transfers primary key (id, recorded_at)",
        "create index ix_transfers_entry_id on transfers (entry_id)",
    ),
}


def upgrade() -> None:
    worker = f'"{op.get_bind().engine.url.database}_worker"'
    for table in _KEYS:
        op.execute(f"alter table {table} rename to {table}_whole")
        kept = "including defaults including constraints including comments including identity"
        op.execute(f"create table {table} (like {table}_whole {kept}) partition by range (recorded_at)")
        op.execute(f"create table {table}_other partition of {table} default")
    op.execute(_MAKE)
    op.execute("revoke all on function make_months(date, date) from public")
    op.execute(f"grant execute on function make_months(date, date) to {worker}")
    op.execute("select make_months(least(current_date, (select min(recorded_at)::date from journal_whole)), current_date + 90)")
    for table, (key, *indexes) in _KEYS.items():
        op.execute(f"insert into {table} overriding system value select * from {table}_whole")  # noqa: S608 - names of our own
        op.execute(f"drop table {table}_whole")
        op.execute(f"alter table {table} {key}")
        for index in indexes:
            op.execute(index)
        ddl.isolate(op, table)
    for table in ("journal", "entries"):
        highest = f"coalesce((select max(seq) from {table}), 0)"  # noqa: S608 - names of our own
        op.execute(f"select setval(pg_get_serial_sequence('{table}', 'seq'), {highest} + 1, false)")
