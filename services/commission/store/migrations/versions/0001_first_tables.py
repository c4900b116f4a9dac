"""Journal, ledger, balances and positions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0001"
down_revision = None


def upgrade() -> None:
    ddl.chassis_tables(op)
    op.create_table(
        "streams",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("posted", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("partner_id", sa.Uuid, comment="null: a version of the plan"),
        sa.Column("number", sa.BigInteger, nullable=False, comment="posting order within the stream"),
        sa.Column("lead", sa.Boolean, nullable=False),
        sa.Column("fact_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("plan_known", sa.Integer, nullable=False, comment="the highest plan version at the time"),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index(None, "partner_id", "number", unique=True, postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "deals",
        sa.Column("deal_id", sa.Uuid, primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("close_number", sa.Integer, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sale", pg.JSONB, comment="while the deal stands won"),
    )
    op.create_table(
        "entries",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False, unique=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("deal_id", sa.Uuid, nullable=False, index=True),
        sa.Column("close_number", sa.Integer, nullable=False),
        sa.Column("fact_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("revenue_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("plan_version", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("month", sa.Date, nullable=False, comment="programme month of the close"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reverses", sa.Uuid),
        sa.Column("derivation", pg.JSONB, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), comment="set while something is held"),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Index(None, "partner_id", "seq"),
    )
    op.create_table(
        "transfers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("entry_id", sa.Uuid, nullable=False, index=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("source <> target", name="two_sides"),
    )
    op.create_table(
        "positions",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("revenue_minor", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "balances",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("currency", sa.Text, primary_key=True),
        sa.Column("held_minor", sa.BigInteger, nullable=False),
        sa.Column("payable_minor", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_entries_due_at", "entries", ["due_at"], postgresql_where=sa.text("due_at is not null"))
    for table in ("streams", "journal", "deals", "entries", "transfers", "positions", "balances"):
        ddl.isolate(op, table)
