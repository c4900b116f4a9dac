"""The tables of this service. Deals and quotas are isolated by partner; accounts and slots know no partner."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import NAMING

metadata = sa.MetaData(naming_convention=NAMING)
SHARED_TABLES: frozenset[str] = frozenset({"accounts", "account_identifiers", "protection_slots", "known_partners"})


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("country", sa.Text),
    _instant("created_at"),
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
    sa.Column("lead_id", sa.Uuid, comment="the lead that it was converted from"),
    sa.UniqueConstraint("source", "external_id"),
    sa.Index(None, "partner_id", "id"),
    sa.Index(
        "ix_deals_expiring",
        "protected_until",
        postgresql_where=sa.text("state = 'open' and granted and not expired and protection_ended_at is null"),
    ),
    sa.CheckConstraint("state in ('open', 'won', 'lost', 'withdrawn')", name="state"),
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

known_partners = sa.Table(
    "known_partners",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("state", sa.Text, nullable=False, comment="active | suspended | terminated"),
    sa.Column("kind", sa.Text),
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
    _instant("raised_at"),
    sa.Index(None, "partner_id", "id"),
)
