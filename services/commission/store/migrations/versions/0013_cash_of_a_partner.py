"""A partner's invoices and payments are found by an index: without it, its lists read everybody's."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index("ix_cash_partner_id_kind_seq", "cash", ["partner_id", "kind", "seq"])
