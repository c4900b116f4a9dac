"""Statements that are held back, and why."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "statements_held_back",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False, comment="where it differs from the ledger"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
    )
    ddl.isolate(op, "statements_held_back")
    database = op.get_bind().engine.url.database
    op.execute(f'revoke all on table statements_held_back from "{database}_api"')
    op.execute(f'grant select on table statements_held_back to "{database}_api"')
