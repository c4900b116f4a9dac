"""How long the period of a statement is."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "statement_rules",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    ddl.share(op, "statement_rules", api="select, insert")
