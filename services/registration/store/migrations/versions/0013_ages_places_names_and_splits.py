"""A partner's conflicts by their age; a place in line however long its families; names with invisible signs named anew; splits counted."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_IN_LINE = sa.text("state in ('waiting', 'offered')")
# As of this day: what the rules call invisible later is looked at by a sweep of its own.
_INVISIBLE = (
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def upgrade() -> None:
    # With a default: processes of the release before enter accounts without it.
    counted = sa.Column("splits", sa.Integer, nullable=False, server_default="0", comment="how often names of it left for another")
    op.add_column("accounts", counted)
    op.create_index("ix_conflict_sides_partner_id_opened_on_id", "conflict_sides", ["partner_id", "opened_on", "id"])
    op.create_index("ix_conflict_sides_partner_id_state_opened_on_id", "conflict_sides", ["partner_id", "state", "opened_on", "id"])
    op.drop_index("ix_conflict_sides_partner_id_id", "conflict_sides")
    _replace_once(sa.text("hash_array_extended(families, 0)"))  # the families themselves may be longer than an entry of an index
    op.execute(f"update accounts set swept = false where swept and name ~ '{_INVISIBLE}'")  # noqa: S608 - our own text


def downgrade() -> None:
    _replace_once("families")
    op.create_index("ix_conflict_sides_partner_id_id", "conflict_sides", ["partner_id", "id"])
    op.drop_index("ix_conflict_sides_partner_id_state_opened_on_id", "conflict_sides")
    op.drop_index("ix_conflict_sides_partner_id_opened_on_id", "conflict_sides")
    op.drop_column("accounts", "splits")


def _replace_once(families: "str | sa.TextClause") -> None:
    """Nobody stands in line twice for the same."""
    op.drop_index("ix_waiting_list_once", "waiting_list")
    columns = ["partner_id", "account_id", families, "path"]
    op.create_index("ix_waiting_list_once", "waiting_list", columns, unique=True, postgresql_where=_IN_LINE)
