"""What the nightly self-check found, slice by slice of the partners."""

import sqlalchemy as sa

from services.commission.store.tables import metadata

self_checks = sa.Table(
    "self_checks",
    metadata,
    sa.Column("slice", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("slices", sa.Integer, nullable=False),
    sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("facts", sa.BigInteger, nullable=False),
    sa.Column("differences", sa.Integer, nullable=False),
    sa.Column("found", sa.Text, nullable=False, comment="what differs, in short"),
)
