"""Drafts of plan versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "plan_drafts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("document", pg.JSONB, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_version", sa.Integer, comment="null: it is a draft still"),
    )
    ddl.share(op, "plan_drafts", api="select, insert, update, delete")
