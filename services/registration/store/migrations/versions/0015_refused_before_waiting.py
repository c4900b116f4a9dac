"""What a partner was told of its place in line begins with its refusal, which names the place: the count of each is one higher."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    # Processes of the release before enter places without it.
    op.alter_column("waiting_list", "version", server_default="1")
    op.execute("update waiting_list set version = version + 1")


def downgrade() -> None:
    op.execute("update waiting_list set version = version - 1 where version > 0")
    op.alter_column("waiting_list", "version", server_default="0")
