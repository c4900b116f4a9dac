"""What this service hears of partners, deals and certificates, and what it makes of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0001"
down_revision = None


def upgrade() -> None:
    ddl.chassis_tables(op)
    _heard()
    _ranked()
    for table in ("partners", "closes", "revenue", "certificates", "results", "standings"):
        ddl.isolate(op, table)
    ddl.share(op, "evaluations", api="select, insert")


def _heard() -> None:
    op.create_table(
        "partners",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "closes",
        sa.Column("deal_id", sa.Uuid, primary_key=True),
        sa.Column("close_number", sa.Integer, primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("shares", pg.JSONB, nullable=False),
        sa.Column("refunded_minor", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("reopened", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "revenue",
        sa.Column("deal_id", sa.Uuid, primary_key=True),
        sa.Column("close_number", sa.Integer, primary_key=True),
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("revenue_minor", sa.BigInteger, nullable=False),
        sa.Index(None, "closed_at"),
        sa.Index(None, "partner_id"),
    )
    op.create_table(
        "certificates",
        sa.Column("certificate_id", sa.Uuid, primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Index(None, "partner_id"),
    )


def _ranked() -> None:
    op.create_table(
        "evaluations",
        sa.Column("evaluation_id", sa.Uuid, primary_key=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Integer, nullable=False),
        sa.Column("applied", sa.Boolean, nullable=False),
        sa.Column("population", sa.Integer, nullable=False),
        sa.Column("earned", pg.JSONB, nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Index(None, "as_of"),
    )
    op.create_table(
        "results",
        sa.Column("evaluation_id", sa.Uuid, sa.ForeignKey("evaluations.evaluation_id"), primary_key=True),
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("score", sa.Numeric, nullable=False),
        sa.Column("revenue_minor", sa.BigInteger, nullable=False),
        sa.Column("certification_points", sa.Numeric, nullable=False),
        sa.Column("certified_people", sa.Integer, nullable=False),
        sa.Column("earned", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.UniqueConstraint("evaluation_id", "rank"),
    )
    op.create_table(
        "standings",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pending_tier", sa.Text),
        sa.Column("pending_due", sa.DateTime(timezone=True)),
        sa.Column("evaluation_id", sa.Uuid, sa.ForeignKey("evaluations.evaluation_id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.CheckConstraint("(pending_tier is null) = (pending_due is null)", name="pending_whole"),
        sa.Index("ix_standings_due", "pending_due", postgresql_where="pending_due is not null"),
    )
