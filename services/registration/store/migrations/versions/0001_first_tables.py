"""Accounts, deals, the slots that protect them, and who may register."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0001"
down_revision = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    ddl.chassis_tables(op)
    _accounts()
    _deals()
    _slots()
    _partners()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("country", sa.Text),
        _instant("created_at"),
    )
    op.create_table(
        "account_identifiers",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    )
    op.create_table(
        "account_reviews",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("account_name", sa.Text, nullable=False),
        sa.Column("identifiers", pg.JSONB, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        _instant("raised_at"),
        sa.Index(None, "partner_id", "id"),
    )
    ddl.share(op, "accounts", api="select, insert, update, delete")
    ddl.share(op, "account_identifiers", api="select, insert, delete")
    ddl.isolate(op, "account_reviews")


def _deals() -> None:
    op.create_table(
        "deals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, index=True),
        sa.Column("account_name", sa.Text, nullable=False),
        sa.Column("families", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False, comment="the territory's place in the tree when it was registered"),
        sa.Column("country", sa.Text),
        _instant("registered_at"),
        _instant("recorded_at"),
        sa.Column("granted", sa.Boolean, nullable=False),
        _instant("protected_from"),
        _instant("protected_until"),
        _instant("protection_ended_at", nullable=True),
        sa.Column("expired", sa.Boolean, nullable=False),
        sa.Column("extensions", sa.Integer, nullable=False),
        sa.Column("conflict", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("close_number", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        _instant("closed_at", nullable=True),
        sa.Column("currency", sa.Text),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("terms", pg.JSONB, comment="lines, credits, overlays and attributes of the last close"),
        sa.Column("refunds", pg.JSONB, nullable=False, comment="of the last close"),
        sa.Column("expected_minor", sa.BigInteger),
        sa.Column("expected_currency", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("external_id", sa.Text),
        _instant("source_changed_at", nullable=True),
        sa.UniqueConstraint("source", "external_id"),
        sa.Index(None, "partner_id", "id"),
        sa.CheckConstraint("state in ('open', 'won', 'lost', 'withdrawn')", name="state"),
        sa.CheckConstraint("(state in ('won', 'lost')) = (terms is not null)", name="terms"),
        sa.CheckConstraint("(source is null) = (external_id is null)", name="origin"),
    )
    op.create_index(
        "ix_deals_expiring",
        "deals",
        ["protected_until"],
        postgresql_where=sa.text("state = 'open' and granted and not expired and protection_ended_at is null"),
    )
    ddl.isolate(op, "deals")


def _slots() -> None:
    # Ranges over text and over instants can share one GiST index without an extension; plain equality on uuid could not.
    op.execute('create type textrange as range (subtype = text, collation = "C")')
    op.create_table(
        "protection_slots",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("deal_id", sa.Uuid, nullable=False, index=True),
        sa.Column("account_id", sa.Uuid, nullable=False, index=True),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("during", pg.TSTZRANGE, nullable=False),
        sa.CheckConstraint("not isempty(during)", name="during"),
    )
    # '0' follows '/': ["/EMEA/", "/EMEA0") holds every path below EMEA, so two territories overlap if one lies within the other.
    op.execute(
        """
        alter table protection_slots add constraint ex_protection_slots_one_holder exclude using gist (
            textrange(account_id::text, account_id::text, '[]') with &&,
            textrange(family, family, '[]') with &&,
            textrange(path || '/', path || '0') with &&,
            during with &&
        )"""
    )
    ddl.share(op, "protection_slots", api="select, insert, update, delete")


def _partners() -> None:
    op.create_table(
        "known_partners",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("state", sa.Text, nullable=False, comment="active | suspended | terminated"),
        sa.Column("kind", sa.Text),
        sa.Column("sequence", sa.BigInteger, nullable=False, comment="of the newest fact taken in"),
    )
    op.create_table(
        "registration_quotas",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("open_deals", sa.Integer, nullable=False),
        sa.CheckConstraint("open_deals >= 0", name="open_deals"),
    )
    ddl.share(op, "known_partners", api="select")
    ddl.isolate(op, "registration_quotas")
