"""The line is looked at where an account may have become free, and not for everybody who waits; lists of what is rare read that alone."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0014"
down_revision = "0013"

# By trigger: whatever shortens, moves or drops what is held, or gives a deal to another partner, leaves its mark in the same transaction.
# It only adds rows, and so waits for nobody.
_FREED = """
create function mark_freed_account() returns trigger language plpgsql as $$
begin
    insert into freed_accounts (account_id) values (old.account_id);
    return null;
end $$"""
_UNSEEN = """
create function look_at_place_at_once() returns trigger language plpgsql as $$
begin
    new.look_at := '-infinity';
    return new;
end $$"""
_SHORTER = "not new.during @> old.during or (new.account_id, new.family, new.path) is distinct from (old.account_id, old.family, old.path)"
_MARKS = "for each row {when} execute function mark_freed_account()"
_ELSEWHERE = "(new.account_id, new.families, new.path, new.state) is distinct from (old.account_id, old.families, old.path, old.state)"
_WAITS = sa.text("state = 'waiting'")
_KEPT_BACK = sa.text("state = 'waiting' and kept_back")


def upgrade() -> None:
    _look_where_it_may_be_free()
    op.create_index("ix_conflicts_kind_opened_at_id", "conflicts", ["kind", "opened_at", "id"])


def _look_where_it_may_be_free() -> None:
    op.create_table(
        "freed_accounts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
    )
    ddl.share(op, "freed_accounts", api="insert")
    op.execute(_FREED)
    op.execute(f"create trigger freed after delete on protection_slots {_MARKS.format(when='')}")
    op.execute(f"create trigger shortened after update on protection_slots {_MARKS.format(when=f'when ({_SHORTER})')}")
    other = "when (new.partner_id is distinct from old.partner_id)"
    op.execute(f"create trigger handed_over after update of partner_id on deals {_MARKS.format(when=other)}")
    # With defaults: who waits already, and who is entered by processes of the release before, is looked at once.
    look = sa.Column("look_at", sa.DateTime(timezone=True), nullable=False, server_default="-infinity", comment="when it may be free next")
    op.add_column("waiting_list", look)
    kept_back = sa.Column("kept_back", sa.Boolean, nullable=False, server_default=sa.false(), comment="it was free while no list was kept")
    op.add_column("waiting_list", kept_back)
    op.execute(_UNSEEN)
    op.execute(
        "create trigger waits_elsewhere before update of account_id, families, path, state on waiting_list for each row "
        f"when (new.state = 'waiting' and {_ELSEWHERE}) execute function look_at_place_at_once()"
    )
    op.create_index("ix_waiting_list_look_at", "waiting_list", ["look_at"], postgresql_where=_WAITS)
    op.create_index("ix_waiting_list_kept_back", "waiting_list", ["account_id"], postgresql_where=_KEPT_BACK)


def downgrade() -> None:
    op.drop_index("ix_conflicts_kind_opened_at_id", "conflicts")
    op.drop_index("ix_waiting_list_kept_back", "waiting_list")
    op.drop_index("ix_waiting_list_look_at", "waiting_list")
    op.execute("drop trigger waits_elsewhere on waiting_list")
    op.execute("drop function look_at_place_at_once()")
    op.drop_column("waiting_list", "kept_back")
    op.drop_column("waiting_list", "look_at")
    op.execute("drop trigger handed_over on deals")
    op.execute("drop trigger shortened on protection_slots")
    op.execute("drop trigger freed on protection_slots")
    op.execute("drop function mark_freed_account()")
    op.drop_table("freed_accounts")
