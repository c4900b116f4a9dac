"""Endpoints, the feed, deliveries and attempts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0001"
down_revision = None


def upgrade() -> None:
    ddl.chassis_tables(op)
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("partner_id", sa.Uuid, index=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("event_types", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state in ('enabled', 'disabled')", name="state"),
    )
    op.create_table(
        "endpoint_secrets",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("endpoint_id", sa.Uuid, sa.ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("partner_id", sa.Uuid),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "feed_extent",
        sa.Column("single", sa.Boolean, primary_key=True),
        sa.Column("head", sa.BigInteger, nullable=False),
        sa.Column("pruned_to", sa.BigInteger, nullable=False),
        sa.CheckConstraint("single", name="single_row"),
    )
    op.create_table(
        "feed_entries",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("partner_id", sa.Uuid),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index(None, "partner_id", "position"),
        sa.Index(None, "appended_at"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("endpoint_id", sa.Uuid, sa.ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False),
        sa.Column("partner_id", sa.Uuid),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger),
        sa.Column("payload", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("lease", sa.Uuid),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("earlier_attempts", sa.Integer, nullable=False),
        sa.Column("traceparent", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state in ('pending', 'sending', 'delivered', 'failed')", name="state"),
        sa.CheckConstraint("(due_at is not null) = (state in ('pending', 'sending'))", name="due_while_open"),
        sa.Index(None, "endpoint_id", "number"),
        sa.Index(None, "created_at"),
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.Uuid, sa.ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("partner_id", sa.Uuid),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("fault", sa.Text),
        sa.Column("excerpt", sa.Text, nullable=False),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["endpoint_id", "due_at"], postgresql_where="state in ('pending', 'sending')")
    ddl.share(op, "feed_extent", api="select")
    for table in ("endpoints", "endpoint_secrets", "feed_entries", "deliveries", "attempts"):
        ddl.isolate(op, table)
