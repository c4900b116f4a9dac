"""Issued statements, which the database itself keeps from ever changing, and what the next one opens with."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.commission.store.tables import metadata

# One row for each number of a partner. Nobody may update, delete or truncate it: no role has the right, and triggers refuse.
statements = sa.Table(
    "statements",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, comment="from 1, without gaps", autoincrement=False),
    sa.Column("id", sa.Uuid, nullable=False, unique=True),
    sa.Column("period_from", sa.Date, nullable=False, comment="day of the programme calendar"),
    sa.Column("period_until", sa.Date, nullable=False, comment="exclusive"),
    sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
    sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_fact", sa.BigInteger, nullable=False, comment="number of the last journaled fact in it"),
    sa.Column("last_entry", sa.BigInteger, nullable=False, comment="entries.seq of the last entry in it or before it"),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("former_hash", sa.Text, comment="null: the first one"),
    sa.Column("document", sa.Text, nullable=False, comment="canonical JSON, as it was hashed"),
    sa.UniqueConstraint("partner_id", "period_from"),
    sa.CheckConstraint("number > 0 and period_until > period_from", name="in_order"),
    sa.CheckConstraint("(number = 1) = (former_hash is null)", name="chained"),
)

# How long a period is: versions that are never edited. Without one it is a month.
statement_rules = sa.Table(
    "statement_rules",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

# The partner's side of each deal as the last statement that touched it left it: where the next one goes on.
stated_deals = sa.Table(
    "stated_deals",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("deal_id", sa.Uuid, primary_key=True),
    sa.Column("deal", pg.JSONB, nullable=False),
)

# Partners whose next statement does not come out like the ledger; gone once it is issued.
statements_held_back = sa.Table(
    "statements_held_back",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False, comment="where it differs from the ledger"),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
)
