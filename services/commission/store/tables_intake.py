"""What comes in besides deals: drafts of plans, invoices and payments, and where deals came from."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.commission.store.tables import metadata


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


# A plan version that is being written; `version` counts its changes, and `plan_version` is the one it became.
plan_drafts = sa.Table(
    "plan_drafts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("document", pg.JSONB, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    _instant("created_at"),
    sa.Column("changed_by", sa.Text, nullable=False),
    _instant("changed_at"),
    sa.Column("plan_version", sa.Integer, comment="null: it is a draft still"),
)

# Invoices and payments as they came in, and what became of each.
cash = sa.Table(
    "cash",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False, comment="invoice | payment"),
    sa.Column("reference", sa.Text, nullable=False, comment="its number in the books it comes from"),
    sa.Column("partner_id", sa.Uuid, comment="null: its deal is not known yet"),
    sa.Column("deal_id", sa.Uuid),
    sa.Column("source", sa.Text, comment="the sales system that knows the deal by `external_id`"),
    sa.Column("external_id", sa.Text),
    sa.Column("close_number", sa.Integer),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    _instant("at"),
    sa.Column("body_hash", sa.LargeBinary, nullable=False, comment="of what was sent: the same again changes nothing"),
    sa.Column("state", sa.Text, nullable=False, comment="waiting | sent | booked | refused"),
    sa.Column("reason", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("event_id", sa.Text, unique=True, comment="null: not told yet"),
    sa.Column("recorded_by", sa.Text, nullable=False),
    _instant("recorded_at"),
    sa.UniqueConstraint("kind", "reference"),
    sa.Index(None, "deal_id"),
    sa.Index(None, "partner_id", "kind", "seq"),
)
sa.Index("ix_cash_untold", cash.c.seq, postgresql_where=cash.c.event_id.is_(None))

# Under which name a sales system knows a deal.
deal_origins = sa.Table(
    "deal_origins",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text, primary_key=True),
    sa.Column("deal_id", sa.Uuid, nullable=False),
)
