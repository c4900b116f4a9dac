"""Tables of the service: endpoints with their sealed secrets, the feed, deliveries and their attempts."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import NAMING

metadata = sa.MetaData(naming_convention=NAMING)
SHARED_TABLES = frozenset({"feed_extent"})

_instant = sa.DateTime(timezone=True)

endpoints = sa.Table(
    "endpoints",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True, comment="order of pages"),
    sa.Column("partner_id", sa.Uuid, index=True, comment="null: the vendor's own"),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("event_types", pg.ARRAY(sa.Text), nullable=False, comment="patterns: a type, deal.*, or *"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("cause", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("updated_at", _instant, nullable=False),
    sa.Column("failing_since", _instant),
    sa.CheckConstraint("state in ('enabled', 'disabled')", name="state"),
)

endpoint_secrets = sa.Table(
    "endpoint_secrets",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("endpoint_id", sa.ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("partner_id", sa.Uuid),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("expires_at", _instant),
)

# One row: its lock is what makes the order of positions the order of commits.
feed_extent = sa.Table(
    "feed_extent",
    metadata,
    sa.Column("single", sa.Boolean, primary_key=True),
    sa.Column("head", sa.BigInteger, nullable=False),
    sa.Column("pruned_to", sa.BigInteger, nullable=False),
    sa.CheckConstraint("single", name="single_row"),
)

feed_entries = sa.Table(
    "feed_entries",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("partner_id", sa.Uuid, comment="whose view it is; null: the vendor's"),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False, comment="the exact webhook body"),
    sa.Column("occurred_at", _instant, nullable=False),
    sa.Column("appended_at", _instant, nullable=False),
    sa.Index(None, "partner_id", "position"),
    sa.Index(None, "appended_at"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False, comment="order of pages"),
    sa.Column("endpoint_id", sa.ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False),
    sa.Column("partner_id", sa.Uuid),
    sa.Column("message_id", sa.Text, nullable=False, comment="webhook-id: the event's id"),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, comment="the feed entry with the payload; null for a test event"),
    sa.Column("payload", sa.Text, comment="of a test event"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", _instant, comment="of the next attempt, or the end of the lease while sending"),
    sa.Column("lease", sa.Uuid, comment="proves which sender may settle the attempt under way"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("earlier_attempts", sa.Integer, nullable=False, comment="made before the last redelivery; the schedule begins after them"),
    sa.Column("traceparent", sa.Text),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("finished_at", _instant),
    sa.CheckConstraint("state in ('pending', 'sending', 'delivered', 'failed')", name="state"),
    sa.CheckConstraint("(due_at is not null) = (state in ('pending', 'sending'))", name="due_while_open"),
    sa.Index(None, "endpoint_id", "number"),
    sa.Index(None, "created_at"),
)
sa.Index("ix_deliveries_due", deliveries.c.endpoint_id, deliveries.c.due_at, postgresql_where=sa.text("state in ('pending', 'sending')"))

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("delivery_id", sa.ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("partner_id", sa.Uuid),
    sa.Column("started_at", _instant, nullable=False),
    sa.Column("duration_ms", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("fault", sa.Text),
    sa.Column("excerpt", sa.Text, nullable=False),
)
