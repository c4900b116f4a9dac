"""Conflicts over deals, and which entries they hold."""

import sqlalchemy as sa
from alembic import op

from shared.chassis.database import ddl

revision = "0018"
down_revision = "0017"


_KEEP_MARKS = """
create table kept_contested as select id, recorded_at, contested_at from entries where contested_at is not null"""
_RESTORE_MARKS = """
update entries e set contested_at = k.contested_at from kept_contested k where e.id = k.id and e.recorded_at = k.recorded_at"""


def upgrade() -> None:
    was_here = sa.inspect(op.get_bind()).has_table("kept_conflicts")
    if was_here:
        op.rename_table("kept_conflicts", "deal_conflicts")
    else:
        _create()
    held = sa.Column("contested_at", sa.DateTime(timezone=True), comment="set while conflicts over its deal hold something of it")
    op.add_column("entries", held)
    if was_here:
        op.execute(_RESTORE_MARKS)
        op.drop_table("kept_contested")


def _create() -> None:
    op.create_table(
        "deal_conflicts",
        sa.Column("deal_id", sa.Uuid, primary_key=True),
        sa.Column("conflict_id", sa.Uuid, primary_key=True),
        sa.Column("partner_id", sa.Uuid, nullable=False, index=True, comment="whose deal it was when it was told"),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), comment="null: it is open"),
    )
    ddl.isolate(op, "deal_conflicts")


def downgrade() -> None:
    """What was heard is set aside: nobody tells of an open conflict again, and what it holds is in books that stay."""
    op.execute(_KEEP_MARKS)
    op.drop_column("entries", "contested_at")
    op.rename_table("deal_conflicts", "kept_conflicts")
