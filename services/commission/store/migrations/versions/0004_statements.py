"""Statements, which never change once issued."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0004"
down_revision = "0003"

# Rights alone would leave the owner free to change a row; a trigger binds every role.
_REFUSE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'a statement never changes once it is issued' using errcode = 'integrity_constraint_violation';
end $$"""


def upgrade() -> None:
    op.create_table(
        "statements",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, comment="from 1, without gaps", autoincrement=False),
        sa.Column("id", sa.Uuid, nullable=False, unique=True),
        sa.Column("period_from", sa.Date, nullable=False, comment="day of the programme calendar"),
        sa.Column("period_until", sa.Date, nullable=False, comment="exclusive"),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_fact", sa.BigInteger, nullable=False, comment="number of the last journaled fact in it"),
        sa.Column("last_entry", sa.BigInteger, nullable=False, comment="entries.seq of the last entry in it or before it"),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("former_hash", sa.Text, comment="null: the first one"),
        sa.Column("document", sa.Text, nullable=False, comment="canonical JSON, as it was hashed"),
        sa.UniqueConstraint("partner_id", "period_from"),
        sa.CheckConstraint("number > 0 and period_until > period_from", name="in_order"),
        sa.CheckConstraint("(number = 1) = (former_hash is null)", name="chained"),
    )
    op.create_table(
        "stated_deals",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("deal_id", sa.Uuid, primary_key=True),
        sa.Column("deal", pg.JSONB, nullable=False),
    )
    for table in ("statements", "stated_deals"):
        ddl.isolate(op, table)
    database = op.get_bind().engine.url.database
    op.execute(_REFUSE)
    op.execute("create trigger never_changed before update or delete on statements for each row execute function refuse_change()")
    op.execute("create trigger never_emptied before truncate on statements for each statement execute function refuse_change()")
    op.execute(f'revoke all on table statements, stated_deals from "{database}_api"')
    op.execute(f'grant select on table statements, stated_deals to "{database}_api"')
    op.execute(f'revoke update, delete, truncate, references, trigger on table statements from "{database}_worker"')
