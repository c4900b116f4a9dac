"""Conflicts over deals, and which entries they hold."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "deal_conflicts",
        sa.Column("deal_id", sa.Uuid, primary_key=True),
        sa.Column("conflict_id", sa.Uuid, primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False, index=True, comment="whose deal it was when it was told"),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), comment="null: it is open"),
    )
    ddl.isolate(op, "deal_conflicts")
    held = sa.Column("contested_at", sa.DateTime(timezone=True), comment="set while conflicts over its deal hold something of it")
    op.add_column("entries", held)


def downgrade() -> None:
    op.drop_column("entries", "contested_at")
    op.drop_table("deal_conflicts")
