"""Who set a payee's name, currency or account last: that person does not approve a batch that pays it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    # The default is for processes of the release before, which write payees until they are replaced.
    column = sa.Column("details_by", sa.Text, nullable=False, server_default="", comment="who set name, currency or account last")
    op.add_column("payees", column)
    # Who changed anything last is the best that is known of what was set before.
    op.execute("update payees set details_by = changed_by")
