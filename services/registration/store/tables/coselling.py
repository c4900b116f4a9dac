"""Co-selling: agreements and versions are the registrant's rows, each party has a row of its own, each step is its owner's."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registration.store.tables.deals import metadata


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


cosell_agreements = sa.Table(
    "cosell_agreements",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("deal_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("partner_id", sa.Uuid, nullable=False, comment="who registered the deal"),
    sa.Column("revision", sa.Integer, nullable=False),
)

cosell_versions = sa.Table(
    "cosell_versions",
    metadata,
    sa.Column("agreement_id", sa.Uuid, sa.ForeignKey("cosell_agreements.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("partner_id", sa.Uuid, nullable=False, comment="who registered the deal"),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("vendor_signs", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    _instant("proposed_at"),
    _instant("respond_by"),
    sa.Column("vendor_signed_by", sa.Text),
    _instant("vendor_signed_at", nullable=True),
    _instant("in_force_from", nullable=True),
    _instant("ended_at", nullable=True),
    sa.Index("ix_cosell_versions_one_in_force", "agreement_id", unique=True, postgresql_where=sa.text("state = 'in_force'")),
    sa.Index("ix_cosell_versions_open", "respond_by", postgresql_where=sa.text("state = 'proposed'")),
)

cosell_parties = sa.Table(
    "cosell_parties",
    metadata,
    sa.Column("agreement_id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("deal_id", sa.Uuid, nullable=False),
    sa.Column("place", sa.Integer, nullable=False, comment="in the document"),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("share", sa.Text, nullable=False),
    sa.Column("overlay", sa.Boolean, nullable=False),
    sa.Column("document", sa.Text, nullable=False, comment="a copy: a party reads nobody else's row"),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, comment="of the version"),
    _instant("respond_by"),
    sa.Column("about", pg.JSONB, nullable=False, comment="what the invitation says of the deal"),
    sa.Column("signed_by", sa.Text),
    _instant("signed_at", nullable=True),
    sa.Index(None, "partner_id", "agreement_id"),
    sa.Index(None, "deal_id"),
)

cosell_steps = sa.Table(
    "cosell_steps",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("agreement_id", sa.Uuid, sa.ForeignKey("cosell_agreements.id"), nullable=False, index=True),
    sa.Column("partner_id", sa.Uuid, nullable=False, comment="who owns it"),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("notes", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("overdue_told", sa.Boolean, nullable=False),
    sa.Index("ix_cosell_steps_due", "due_on", postgresql_where=sa.text("state in ('planned', 'under_way') and not overdue_told")),
    sa.CheckConstraint("state in ('planned', 'under_way', 'done', 'dropped')", name="state"),
)
