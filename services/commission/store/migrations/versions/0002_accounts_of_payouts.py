"""Accounts of payouts, and entries that belong to no deal."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for column, kind in (("deal_id", sa.Uuid), ("close_number", sa.Integer)):
        op.alter_column("entries", column, existing_type=kind(), nullable=True)
    op.alter_column("entries", "deal_id", existing_type=sa.Uuid(), comment="null: of no deal")
    for column in ("closed_at", "release_at"):
        op.alter_column("entries", column, existing_type=sa.DateTime(timezone=True), nullable=True)
    op.alter_column("transfers", "entry_id", existing_type=sa.Uuid(), nullable=True, comment="null: what many entries left")
    for column in ("in_payout_minor", "paid_minor"):
        op.add_column("balances", sa.Column(column, sa.BigInteger, nullable=False, server_default="0"))
