"""Registrations in review, extensions asked for, sales stages, drafts, the vendor's own claims, and the waiting list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0002"
down_revision = "0001"

_STATES = "'in_review', 'returned', 'open', 'won', 'lost', 'withdrawn', 'rejected'"


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _deals()
    _reviews()
    _extensions()
    _drafts()
    _claims()
    _waiting()
    op.create_table(
        "known_tiers",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, comment="of the newest fact taken in"),
    )
    ddl.share(op, "known_tiers", api="select")


def _deals() -> None:
    # All of them may be absent: processes of the release before write whole rows, with nothing in columns that they do not know.
    op.add_column("deals", sa.Column("evidence", sa.Text))
    op.add_column("deals", sa.Column("stage", sa.Text))
    op.add_column("deals", _instant("stage_at", nullable=True))
    op.add_column("deals", sa.Column("submissions", sa.Integer))
    op.add_column("deals", sa.Column("warned", sa.Boolean))
    op.drop_constraint("state", "deals", type_="check")
    op.create_check_constraint("state", "deals", f"state in ({_STATES})")
    op.create_index(
        "ix_deals_silent",
        "deals",
        [sa.text("coalesce(stage_at, registered_at)")],
        postgresql_where=sa.text("state = 'open' and granted and not expired and protection_ended_at is null"),
    )


def _reviews() -> None:
    op.create_table(
        "deal_reviews",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("reasons", pg.JSONB, nullable=False, comment="why a person has to look, in words for staff"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("asked", sa.Text, comment="what the partner was asked for last"),
        _instant("submitted_at"),
        _instant("due_at"),
        _instant("remind_at"),
        _instant("reminded_at", nullable=True),
        _instant("escalated_at", nullable=True),
        sa.CheckConstraint("state in ('in_review', 'returned', 'approved', 'rejected', 'withdrawn')", name="state"),
        sa.Index("ix_deal_reviews_queue", "due_at", postgresql_where=sa.text("state in ('in_review', 'returned')")),
        sa.Index(None, "partner_id", "deal_id"),
    )
    op.create_table(
        "review_steps",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), nullable=False, index=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        _instant("at"),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    ddl.isolate(op, "deal_reviews")
    ddl.isolate(op, "review_steps")


def _extensions() -> None:
    op.create_table(
        "extension_requests",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), nullable=False),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("evidence", sa.Text),
        _instant("requested_at"),
        _instant("regular_end"),
        _instant("keeps_until"),
        sa.Column("state", sa.Text, nullable=False),
        _instant("decided_at", nullable=True),
        sa.Column("decided_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint("state in ('pending', 'granted', 'declined', 'lapsed')", name="state"),
        sa.Index("ix_extension_requests_one_pending", "deal_id", unique=True, postgresql_where=sa.text("state = 'pending'")),
        sa.Index(None, "partner_id", "id"),
    )
    ddl.isolate(op, "extension_requests")


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        _instant("changed_at"),
        sa.Index(None, "partner_id", "id"),
    )
    ddl.isolate(op, "drafts")


def _claims() -> None:
    op.create_table(
        "vendor_claims",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, index=True),
        sa.Column("account_name", sa.Text, nullable=False),
        sa.Column("families", pg.ARRAY(sa.Text), nullable=False, comment="none: all of them"),
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("assigned_to", sa.Uuid, comment="the one partner who may register it"),
        _instant("active_at", nullable=True),
        _instant("valid_from"),
        _instant("valid_until", nullable=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("recorded_by", sa.Text, nullable=False),
        _instant("recorded_at"),
        sa.UniqueConstraint("source", "external_id"),
        sa.CheckConstraint("kind in ('opportunity', 'named_account', 'assignment')", name="kind"),
        sa.CheckConstraint("(kind = 'opportunity') = (active_at is not null)", name="active"),
        sa.CheckConstraint("(kind = 'assignment') = (assigned_to is not null)", name="assigned"),
    )
    ddl.share(op, "vendor_claims", api="select, insert, update, delete")


def _waiting() -> None:
    op.create_table(
        "waiting_list",
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
        _instant("joined_at"),
        _instant("offered_at", nullable=True),
        _instant("offered_until", nullable=True),
        sa.Column("deal_id", sa.Uuid),
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
    ddl.isolate(op, "waiting_list")
