"""Banks' reports on batches, each once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "bank_reports",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("message_id", sa.Text, nullable=False, unique=True),
        sa.Column("body_hash", sa.LargeBinary, nullable=False),
        sa.Column("batch_id", sa.Uuid, comment="null: about no batch that was sent"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text, nullable=False),
        sa.Column("outcomes", pg.JSONB, nullable=False, comment="what became of each line"),
    )
    ddl.share(op, "bank_reports", api="select, insert")


def downgrade() -> None:
    op.drop_table("bank_reports")
