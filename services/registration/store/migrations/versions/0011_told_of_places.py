"""What a partner was told of its place in line is counted: an offer is not the last that it hears."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # With a default: processes of the release before enter places without it.
    counted = sa.Column("version", sa.Integer, nullable=False, server_default="0", comment="counts what its partner was told of it")
    op.add_column("waiting_list", counted)
    op.execute("update waiting_list set version = 1 where offered_at is not null")


def downgrade() -> None:
    op.drop_column("waiting_list", "version")
