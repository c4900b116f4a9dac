"""Accounts listed by their age: their ids tell nothing of it any more, since a partner reads them."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("ix_accounts_created_at_id", "accounts", ["created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_accounts_created_at_id", "accounts")
