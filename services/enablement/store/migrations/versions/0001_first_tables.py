"""What is known of partners, and what their people learned."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0001"
down_revision = None


def upgrade() -> None:
    ddl.chassis_tables(op)
    op.create_table(
        "known_partners",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Text, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("completed_at >= enrolled_at", name="completed_after_enrolled"),
        sa.Index("uq_enrolments_open", "partner_id", "person_id", "course_id", unique=True, postgresql_where="completed_at is null"),
        sa.Index(None, "partner_id", "person_id", "id"),
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("enrolment_id", sa.Uuid, sa.ForeignKey("enrolments.id"), nullable=False, unique=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Text, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expired", sa.Boolean, nullable=False),
        sa.CheckConstraint("valid_until > passed_at", name="valid_after_passed"),
        sa.Index("ix_certificates_due", "valid_until", postgresql_where="not expired"),
        sa.Index(None, "partner_id", "person_id", "id"),
    )
    ddl.isolate(op, "known_partners", partner_column="id")
    ddl.isolate(op, "enrolments")
    ddl.isolate(op, "certificates")
