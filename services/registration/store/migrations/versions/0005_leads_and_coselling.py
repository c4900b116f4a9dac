"""Leads with the contact details that came with them; co-selling agreements, their parties and their plans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0005"
down_revision = "0004"


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("deals", sa.Column("lead_id", sa.Uuid, comment="the lead that it was converted from"))
    _leads()
    _coselling()


def downgrade() -> None:
    for table in ("cosell_steps", "cosell_parties", "cosell_versions", "cosell_agreements", "lead_contacts", "leads"):
        op.drop_table(table)
    op.drop_column("deals", "lead_id")


def _leads() -> None:
    op.create_table(
        "leads",
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
        sa.CheckConstraint("direction in ('to_partner', 'to_vendor')", name="direction"),
        sa.CheckConstraint("state in ('shared', 'accepted', 'declined', 'withdrawn', 'aged', 'converted', 'lost')", name="state"),
        sa.CheckConstraint("(state = 'converted') = (deal_id is not null)", name="deal"),
    )
    op.create_index("ix_leads_unanswered", "leads", ["remind_at"], postgresql_where=sa.text("state = 'shared'"))
    op.create_index("ix_leads_unconverted", "leads", ["convert_by"], postgresql_where=sa.text("state = 'accepted' and not overdue"))
    op.create_table(
        "lead_contacts",
        sa.Column("lead_id", sa.Uuid, sa.ForeignKey("leads.id"), primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("phone", sa.Text),
    )
    ddl.isolate(op, "leads")
    ddl.isolate(op, "lead_contacts")


def _coselling() -> None:
    op.create_table(
        "cosell_agreements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("deal_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("partner_id", sa.Uuid, nullable=False, comment="who registered the deal"),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "cosell_versions",
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
    )
    one = sa.text("state = 'in_force'")
    op.create_index("ix_cosell_versions_one_in_force", "cosell_versions", ["agreement_id"], unique=True, postgresql_where=one)
    op.create_index("ix_cosell_versions_open", "cosell_versions", ["respond_by"], postgresql_where=sa.text("state = 'proposed'"))
    _parties()
    for table in ("cosell_agreements", "cosell_versions", "cosell_parties", "cosell_steps"):
        ddl.isolate(op, table)


def _parties() -> None:
    op.create_table(
        "cosell_parties",
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
    )
    op.create_table(
        "cosell_steps",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agreement_id", sa.Uuid, sa.ForeignKey("cosell_agreements.id"), nullable=False, index=True),
        sa.Column("partner_id", sa.Uuid, nullable=False, comment="who owns it"),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("notes", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("overdue_told", sa.Boolean, nullable=False),
        sa.CheckConstraint("state in ('planned', 'under_way', 'done', 'dropped')", name="state"),
    )
    due = sa.text("state in ('planned', 'under_way') and not overdue_told")
    op.create_index("ix_cosell_steps_due", "cosell_steps", ["due_on"], postgresql_where=due)
