"""Leads, and apart from them the contact details that came with them. Both are isolated by partner."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registration.store.tables.deals import metadata


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


leads = sa.Table(
    "leads",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False, comment="the customer's"),
    sa.Column("domain", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("families", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("territory", sa.Text),
    sa.Column("expected_minor", sa.BigInteger),
    sa.Column("expected_currency", sa.Text),
    sa.Column("summary", sa.Text),
    sa.Column("source", sa.Text),
    _instant("shared_at"),
    _instant("remind_at"),
    _instant("answer_by"),
    _instant("answered_at", nullable=True),
    _instant("convert_by", nullable=True),
    sa.Column("reminded", sa.Boolean, nullable=False),
    sa.Column("overdue", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("deal_id", sa.Uuid),
    sa.Index(None, "partner_id", "id"),
    sa.Index(None, "state", "id"),
    sa.Index(None, "direction", "id"),
    sa.Index("ix_leads_aging", "answer_by", postgresql_where=sa.text("state = 'shared'")),
    sa.Index("ix_leads_unreminded", "remind_at", postgresql_where=sa.text("state = 'shared' and not reminded")),
    sa.Index("ix_leads_unconverted", "convert_by", postgresql_where=sa.text("state = 'accepted' and not overdue")),
    sa.CheckConstraint("direction in ('to_partner', 'to_vendor')", name="direction"),
    sa.CheckConstraint("state in ('shared', 'accepted', 'declined', 'withdrawn', 'aged', 'converted', 'lost', 'given_back')", name="state"),
    sa.CheckConstraint("(state = 'converted') = (deal_id is not null)", name="deal"),
)

lead_contacts = sa.Table(
    "lead_contacts",
    metadata,
    sa.Column("lead_id", sa.Uuid, sa.ForeignKey("leads.id"), primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
    sa.Column("phone", sa.Text),
)
