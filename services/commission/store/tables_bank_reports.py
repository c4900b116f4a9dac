"""What banks reported of batches. It names payouts, never a partner; only staff read it."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.commission.store.tables import metadata

# One row for each report, under its message id: a file that comes again is known by it, and applied no second time.
bank_reports = sa.Table(
    "bank_reports",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    sa.Column("body_hash", sa.LargeBinary, nullable=False),
    sa.Column("batch_id", sa.Uuid, comment="null: about no batch that was sent"),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("received_by", sa.Text, nullable=False),
    sa.Column("outcomes", pg.JSONB, nullable=False, comment="what became of each line"),
)
