"""Receipts of submissions in one chain, which only grows."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0003"
down_revision = "0002"

# Rights alone would leave the owner free to change a row; a trigger binds every role.
_ONLY_GROWS = """
create function receipts_only_grow() returns trigger language plpgsql as $$
begin
    raise exception 'receipts are only ever added' using errcode = 'integrity_constraint_violation';
end $$"""
_HEAD_GOES_ON = """
create function receipt_head_goes_on() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.sequence > old.sequence and new.received_at >= old.received_at then
        return new;
    end if;
    raise exception 'the head of the receipts only goes on' using errcode = 'integrity_constraint_violation';
end $$"""


def upgrade() -> None:
    _tables()
    database = op.get_bind().engine.url.database
    ddl.share(op, "receipt_links", api="select, insert")
    ddl.share(op, "receipt_head", api="select, update")
    ddl.share(op, "receipt_checks", api="")
    ddl.isolate(op, "receipts")
    op.execute(f'revoke update, delete, truncate, references, trigger on table receipts, receipt_links from "{database}_worker"')
    op.execute(f'revoke update, delete on table receipts from "{database}_api"')
    op.execute(f'revoke insert, delete, truncate, references, trigger on table receipt_head from "{database}_worker"')
    op.execute(_ONLY_GROWS)
    op.execute(_HEAD_GOES_ON)
    for table in ("receipts", "receipt_links"):
        op.execute(f"create trigger never_changed before update or delete on {table} for each row execute function receipts_only_grow()")
        op.execute(f"create trigger never_emptied before truncate on {table} for each statement execute function receipts_only_grow()")
    op.execute("create trigger goes_on before update or delete on receipt_head for each row execute function receipt_head_goes_on()")
    op.execute("create trigger never_emptied before truncate on receipt_head for each statement execute function receipt_head_goes_on()")


def _tables() -> None:
    op.create_table(
        "receipt_links",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1, without gaps"),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("previous_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("key_id", sa.Text),
        sa.Column("signature", sa.LargeBinary, comment="null: the next one signs for it through the chain"),
        sa.CheckConstraint("(key_id is null) = (signature is null)", name="signed"),
    )
    op.create_table(
        "receipts",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False, unique=True, comment="the deal, or the refusal on record"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text, nullable=False, comment="canonical JSON, as it was hashed"),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Index(None, "partner_id", "sequence"),
    )
    op.create_table(
        "receipt_head",
        sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("single", name="single"),
    )
    op.create_table(
        "receipt_checks",
        sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("sequence", sa.BigInteger, nullable=False, comment="up to where this round has come"),
        sa.Column("hash", sa.LargeBinary, comment="null: that link is missing"),
        sa.Column("received_at", sa.DateTime(timezone=True)),
        sa.Column("faults", sa.BigInteger, nullable=False, comment="of this round so far"),
        sa.Column("former_faults", sa.BigInteger, nullable=False, comment="of the round before"),
        sa.Column("found", sa.Text, nullable=False, comment="the first faults, in short"),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("single", name="single"),
    )


def downgrade() -> None:
    for table in ("receipt_checks", "receipt_head", "receipts", "receipt_links"):
        op.drop_table(table)
    op.execute("drop function receipts_only_grow()")
    op.execute("drop function receipt_head_goes_on()")
