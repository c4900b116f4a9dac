"""Invoices and payments, and under which names sales systems know deals."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "cash",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False, comment="invoice | payment"),
        sa.Column("reference", sa.Text, nullable=False, comment="its number in the books it comes from"),
        sa.Column("partner_id", sa.Uuid, comment="null: its deal is not known yet"),
        sa.Column("deal_id", sa.Uuid),
        sa.Column("source", sa.Text, comment="the sales system that knows the deal by `external_id`"),
        sa.Column("external_id", sa.Text),
        sa.Column("close_number", sa.Integer),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body_hash", sa.LargeBinary, nullable=False, comment="of what was sent: the same again changes nothing"),
        sa.Column("state", sa.Text, nullable=False, comment="waiting | sent | booked | refused"),
        sa.Column("reason", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("event_id", sa.Text, unique=True, comment="null: not told yet"),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("kind", "reference"),
        sa.Index(None, "deal_id"),
    )
    op.create_index("ix_cash_untold", "cash", ["seq"], postgresql_where=sa.text("event_id is null"))
    op.create_table(
        "deal_origins",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("external_id", sa.Text, primary_key=True),
        sa.Column("deal_id", sa.Uuid, nullable=False),
    )
    ddl.isolate(op, "cash")
    ddl.share(op, "deal_origins", api="select")
