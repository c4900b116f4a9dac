"""The tables of this service: the journal, the ledger that follows from it, and what the next decision needs."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import NAMING

metadata = sa.MetaData(naming_convention=NAMING)
SHARED_TABLES: frozenset[str] = frozenset(
    {
        "bank_reports",
        "deal_origins",
        "dispute_rules",
        "fx_rates",
        "payout_batches",
        "payout_rules",
        "plan_drafts",
        "self_checks",
        "statement_rules",
    }
)

# A partner's journal: how many facts it holds. Its row is the partner's lock.
streams = sa.Table(
    "streams",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("posted", sa.BigInteger, nullable=False),
)

# Journal, entries and transfers stand in parts of a month each (`make_months`), so their keys hold the time of recording too; that
# nothing stands there twice is held by the inbox and by the partner's lock.

# Every accepted fact, once in the stream of each partner that it touches; `lead` marks the row that replay reads.
journal = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("partner_id", sa.Uuid, comment="null: a version of the plan"),
    sa.Column("number", sa.BigInteger, nullable=False, comment="posting order within the stream"),
    sa.Column("lead", sa.Boolean, nullable=False),
    sa.Column("fact_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("plan_known", sa.Integer, nullable=False, comment="the highest plan version at the time"),
    sa.Column("body", pg.JSONB, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), primary_key=True),
    sa.Index(None, "partner_id", "number", "recorded_at", unique=True, postgresql_nulls_not_distinct=True),
    postgresql_partition_by="range (recorded_at)",
)

# The standing of each deal and what is left of its accruals.
deals = sa.Table(
    "deals",
    metadata,
    sa.Column("deal_id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("close_number", sa.Integer, nullable=False),
    sa.Column("standing", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("sale", pg.JSONB, comment="while the deal stands won"),
)

# Entries of every kind. Amounts never change; `due_at`, `released_at` and `contested_at` say where an accrual's hold stands.
entries = sa.Table(
    "entries",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("deal_id", sa.Uuid, index=True, comment="null: of no deal"),
    sa.Column("close_number", sa.Integer),
    sa.Column("fact_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("revenue_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("plan_version", sa.Integer, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("month", sa.Date, nullable=False, comment="programme month of the close"),
    sa.Column("closed_at", sa.DateTime(timezone=True)),
    sa.Column("release_at", sa.DateTime(timezone=True)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("reverses", sa.Uuid),
    sa.Column("derivation", pg.JSONB, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("due_at", sa.DateTime(timezone=True), comment="set while something is held"),
    sa.Column("released_at", sa.DateTime(timezone=True)),
    sa.Column("contested_at", sa.DateTime(timezone=True), comment="set while conflicts over its deal hold something of it"),
    sa.Index(None, "partner_id", "seq"),
    sa.UniqueConstraint("id", "recorded_at"),
    postgresql_partition_by="range (recorded_at)",
)

# Money moved between two accounts; nothing else changes a balance.
transfers = sa.Table(
    "transfers",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("entry_id", sa.Uuid, index=True, comment="null: what many entries left"),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), primary_key=True),
    sa.CheckConstraint("amount_minor > 0", name="positive"),
    sa.CheckConstraint("source <> target", name="two_sides"),
    postgresql_partition_by="range (recorded_at)",
)

# Counted net revenue of each partner by programme month.
positions = sa.Table(
    "positions",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("revenue_minor", sa.BigInteger, nullable=False),
    sa.Column("earned_minor", sa.BigInteger, nullable=False, server_default="0", comment="commission on these deals, net"),
)

# Sums that limits and bonuses are decided by; the programme's own stand under the partner of zeros.
tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
)

# One exchange rate for a pair and day; entries stand on it, so it never changes. `body` is the fact.
fx_rates = sa.Table(
    "fx_rates",
    metadata,
    sa.Column("from_currency", sa.Text, primary_key=True),
    sa.Column("to_currency", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True, comment="of the programme calendar"),
    sa.Column("rate", sa.Text, nullable=False, comment="exact: what one unit of `from` is in `to`"),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("body", pg.JSONB, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)

# What each partner's accounts hold: the sums of its transfers.
balances = sa.Table(
    "balances",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("currency", sa.Text, primary_key=True),
    sa.Column("held_minor", sa.BigInteger, nullable=False),
    sa.Column("payable_minor", sa.BigInteger, nullable=False),
    sa.Column("in_payout_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("paid_minor", sa.BigInteger, nullable=False, server_default="0"),
)
sa.Index("ix_entries_due_at", entries.c.due_at, postgresql_where=entries.c.due_at.is_not(None))
