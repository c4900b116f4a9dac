"""Disputes and the rules they follow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False, unique=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("deal_id", sa.Uuid),
        sa.Column("close_number", sa.Integer),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, comment="open | answered | adjusted | declined | withdrawn"),
        sa.Column("hold", sa.Text, nullable=False, comment="entry | amount | nothing"),
        sa.Column("held_minor", sa.BigInteger, nullable=False, comment="at its opening"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="of the vendor's next word"),
        sa.Column("overdue_at", sa.DateTime(timezone=True), comment="null: nothing is late"),
        sa.Column("answer", sa.Text),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.Text),
        sa.Column("decision", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True), comment="null: not settled"),
        sa.Column("decided_by", sa.Text),
        sa.Column("adjustment_minor", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False, comment="counts what was said"),
        sa.Index(None, "partner_id", "seq"),
        sa.CheckConstraint("(state in ('open', 'answered')) = (decided_at is null)", name="settled"),
        sa.CheckConstraint("(state = 'adjusted') = (adjustment_minor is not null)", name="adjusted"),
        sa.CheckConstraint("held_minor >= 0", name="held"),
    )
    op.create_index("ix_disputes_one", "disputes", ["entry_id"], unique=True, postgresql_where=sa.text("decided_at is null"))
    late = sa.text("decided_at is null and overdue_at is null")
    op.create_index("ix_disputes_due_at", "disputes", ["due_at"], postgresql_where=late)
    op.create_table(
        "dispute_rules",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    ddl.isolate(op, "disputes")
    ddl.share(op, "dispute_rules", api="select, insert")
