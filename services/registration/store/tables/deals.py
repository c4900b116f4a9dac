"""The tables of this service. Deals and quotas are isolated by partner; accounts and slots know no partner."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import NAMING

metadata = sa.MetaData(naming_convention=NAMING)
SHARED_TABLES: frozenset[str] = frozenset(
    {
        *("accounts", "account_identifiers", "protection_slots", "known_partners", "known_tiers", "vendor_claims", "intake_gaps"),
        *("account_keys", "account_links", "account_distinctions", "account_likenesses", "account_changes"),
        *("receipt_links", "receipt_head", "receipt_checks", "freed_accounts"),
    }
)


def instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("country", sa.Text),
    instant("created_at"),
    sa.Column("version", sa.Integer, nullable=False, server_default="1", comment="counts what was changed of it, from 1"),
    sa.Column("merged_into", sa.Uuid, sa.ForeignKey("accounts.id"), index=True, comment="who carries on for an account that was merged"),
    sa.Column("splits", sa.Integer, nullable=False, server_default="0", comment="how often names of it left for another"),
    sa.Column("swept", sa.Boolean, nullable=False, server_default=sa.false(), comment="its names were looked at for likenesses"),
    sa.Index("ix_accounts_created_at_id", "created_at", "id"),
    sa.Index("ix_accounts_unswept", "id", postgresql_where=sa.text("not swept and merged_into is null")),
)

account_identifiers = sa.Table(
    "account_identifiers",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, index=True),
)

deals = sa.Table(
    "deals",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("account_name", sa.Text, nullable=False),
    sa.Column("families", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False, comment="the territory's place in the tree when it was registered"),
    sa.Column("country", sa.Text),
    instant("registered_at"),
    instant("recorded_at"),
    sa.Column("granted", sa.Boolean, nullable=False),
    instant("protected_from"),
    instant("protected_until"),
    instant("protection_ended_at", nullable=True),
    sa.Column("expired", sa.Boolean, nullable=False),
    sa.Column("extensions", sa.Integer, nullable=False),
    sa.Column("conflict", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("close_number", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    instant("closed_at", nullable=True),
    sa.Column("currency", sa.Text),
    sa.Column("amount_minor", sa.BigInteger),
    sa.Column("terms", pg.JSONB, comment="lines, credits, overlays and attributes of the last close"),
    sa.Column("refunds", pg.JSONB, nullable=False, comment="of the last close"),
    sa.Column("expected_minor", sa.BigInteger),
    sa.Column("expected_currency", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("external_id", sa.Text),
    instant("source_changed_at", nullable=True),
    sa.Column("evidence", sa.Text),
    sa.Column("stage", sa.Text, comment="of the sale, as the partner told it last"),
    instant("stage_at", nullable=True),
    sa.Column("submissions", sa.Integer, comment="how often it was put up for review; absent: once"),
    sa.Column("warned", sa.Boolean, comment="whether the end of its protection was announced"),
    sa.Column("reassigned_from", sa.Uuid, comment="the partner who had it before a decision"),
    sa.Column("credits_fixed", pg.JSONB, comment="the credit that was decided for it"),
    sa.Column("source_version", sa.BigInteger, comment="of the newest state taken in, where the source counts them"),
    sa.Column("source_digest", sa.Text, comment="of the content that this version had"),
    sa.Column("lead_id", sa.Uuid, comment="the lead that it was converted from"),
    sa.UniqueConstraint("source", "external_id"),
    sa.Index(None, "partner_id", "id"),
    sa.Index(
        "ix_deals_expiring",
        "protected_until",
        postgresql_where=sa.text("state = 'open' and granted and not expired and protection_ended_at is null"),
    ),
    sa.Index("ix_deals_state_id", "state", "id", postgresql_where=sa.text("state not in ('won', 'lost')")),
    sa.Index("ix_deals_conflict", "id", postgresql_where=sa.text("conflict")),
    sa.Index(
        "ix_deals_unwarned",
        "protected_until",
        postgresql_where=sa.text("state = 'open' and granted and not expired and protection_ended_at is null and warned is not true"),
    ),
    sa.Index(
        "ix_deals_silent",
        sa.text("coalesce(stage_at, registered_at)"),
        postgresql_where=sa.text("state = 'open' and granted and not expired and protection_ended_at is null"),
    ),
    sa.CheckConstraint("state in ('in_review', 'returned', 'open', 'won', 'lost', 'withdrawn', 'rejected')", name="state"),
    sa.CheckConstraint("(state in ('won', 'lost')) = (terms is not null)", name="terms"),
    sa.CheckConstraint("(source is null) = (external_id is null)", name="origin"),
)

protection_slots = sa.Table(
    "protection_slots",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("deal_id", sa.Uuid, nullable=False, index=True),
    sa.Column("account_id", sa.Uuid, nullable=False, index=True),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("during", pg.TSTZRANGE, nullable=False),
    sa.CheckConstraint("not isempty(during)", name="during"),
)

freed_accounts = sa.Table(
    "freed_accounts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("account_id", sa.Uuid, nullable=False),
)

known_partners = sa.Table(
    "known_partners",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("state", sa.Text, nullable=False, comment="active | suspended | terminated"),
    sa.Column("kind", sa.Text),
    sa.Column("sequence", sa.BigInteger, nullable=False, comment="of the newest fact taken in"),
)

known_tiers = sa.Table(
    "known_tiers",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False, comment="of the newest fact taken in"),
)

registration_quotas = sa.Table(
    "registration_quotas",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("open_deals", sa.Integer, nullable=False),
    sa.CheckConstraint("open_deals >= 0", name="open_deals"),
)

account_reviews = sa.Table(
    "account_reviews",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("account_name", sa.Text, nullable=False),
    sa.Column("identifiers", pg.JSONB, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    instant("raised_at"),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), index=True, comment="null: it matched more than one account exactly"),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("decided_by", sa.Text),
    instant("decided_at", nullable=True),
    sa.Column("decided_because", sa.Text),
    sa.Index(None, "partner_id", "id"),
    sa.Index(None, "state", "id"),
    sa.CheckConstraint("state in ('open', 'same', 'different')", name="state"),
    sa.CheckConstraint("(state = 'open') = (decided_at is null)", name="decided"),
)
