"""Conflicts over deals, as far as the books must know of them."""

import sqlalchemy as sa

from services.commission.store.tables import metadata

# One row for each conflict and deal. What is decided stays: an opening that is heard later changes nothing any more.
deal_conflicts = sa.Table(
    "deal_conflicts",
    metadata,
    sa.Column("deal_id", sa.Uuid, primary_key=True),
    sa.Column("conflict_id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False, index=True, comment="whose deal it was when it was told"),
    sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("decided_at", sa.DateTime(timezone=True), comment="null: it is open"),
)
