"""What comes in besides deals: drafts of plans."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.commission.store.tables import metadata


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


# A plan version that is being written; `version` counts its changes, and `plan_version` is the one it became.
plan_drafts = sa.Table(
    "plan_drafts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("document", pg.JSONB, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    _instant("created_at"),
    sa.Column("changed_by", sa.Text, nullable=False),
    _instant("changed_at"),
    sa.Column("plan_version", sa.Integer, comment="null: it is a draft still"),
)
