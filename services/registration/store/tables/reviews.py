"""The tables of what is decided by people: registrations in review, extensions asked for, drafts, and the line of those who wait."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registration.store.tables.deals import instant, metadata

deal_reviews = sa.Table(
    "deal_reviews",
    metadata,
    sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("reasons", pg.JSONB, nullable=False, comment="why a person has to look, in words for staff"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("asked", sa.Text, comment="what the partner was asked for last"),
    instant("submitted_at"),
    instant("due_at"),
    instant("remind_at"),
    instant("reminded_at", nullable=True),
    instant("escalated_at", nullable=True),
    sa.CheckConstraint("state in ('in_review', 'returned', 'approved', 'rejected', 'withdrawn')", name="state"),
    sa.Index("ix_deal_reviews_queue", "due_at", postgresql_where=sa.text("state in ('in_review', 'returned')")),
    sa.Index(None, "partner_id", "deal_id"),
)

review_steps = sa.Table(
    "review_steps",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), nullable=False, index=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    instant("at"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

extension_requests = sa.Table(
    "extension_requests",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), nullable=False),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("evidence", sa.Text),
    instant("requested_at"),
    instant("regular_end"),
    instant("keeps_until"),
    sa.Column("state", sa.Text, nullable=False),
    instant("decided_at", nullable=True),
    sa.Column("decided_by", sa.Text),
    sa.Column("reason", sa.Text),
    sa.CheckConstraint("state in ('pending', 'granted', 'declined', 'lapsed')", name="state"),
    sa.Index("ix_extension_requests_one_pending", "deal_id", unique=True, postgresql_where=sa.text("state = 'pending'")),
    sa.Index(None, "partner_id", "id"),
)

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("body", pg.JSONB, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    instant("changed_at"),
    sa.Index(None, "partner_id", "id"),
)

vendor_claims = sa.Table(
    "vendor_claims",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("account_name", sa.Text, nullable=False),
    sa.Column("families", pg.ARRAY(sa.Text), nullable=False, comment="none: all of them"),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("assigned_to", sa.Uuid, comment="the one partner who may register it"),
    instant("active_at", nullable=True),
    instant("valid_from"),
    instant("valid_until", nullable=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("recorded_by", sa.Text, nullable=False),
    instant("recorded_at"),
    sa.UniqueConstraint("source", "external_id"),
    sa.CheckConstraint("kind in ('opportunity', 'named_account', 'assignment')", name="kind"),
    sa.CheckConstraint("(kind = 'opportunity') = (active_at is not null)", name="active"),
    sa.CheckConstraint("(kind = 'assignment') = (assigned_to is not null)", name="assigned"),
)

waiting_list = sa.Table(
    "waiting_list",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("account_name", sa.Text, nullable=False),
    sa.Column("country", sa.Text),
    sa.Column("families", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text),
    sa.Column("expected_minor", sa.BigInteger),
    sa.Column("expected_currency", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    instant("joined_at"),
    instant("offered_at", nullable=True),
    instant("offered_until", nullable=True),
    sa.Column("deal_id", sa.Uuid),
    sa.Column("version", sa.Integer, nullable=False, server_default="0", comment="counts what its partner was told of it"),
    sa.CheckConstraint("state in ('waiting', 'offered', 'taken', 'lapsed', 'left')", name="state"),
    sa.Index("ix_waiting_list_in_line", "account_id", "joined_at", "id", postgresql_where=sa.text("state in ('waiting', 'offered')")),
    sa.Index(
        "ix_waiting_list_once",
        "partner_id",
        "account_id",
        "families",
        "path",
        unique=True,
        postgresql_where=sa.text("state in ('waiting', 'offered')"),
    ),
    sa.Index(None, "partner_id", "id"),
)
