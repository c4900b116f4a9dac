"""A partner's conflicts listed by their age, all of them or those in one state."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index("ix_conflict_sides_partner_id_opened_on_id", "conflict_sides", ["partner_id", "opened_on", "id"])
    op.create_index("ix_conflict_sides_partner_id_state_opened_on_id", "conflict_sides", ["partner_id", "state", "opened_on", "id"])
    op.drop_index("ix_conflict_sides_partner_id_id", "conflict_sides")


def downgrade() -> None:
    op.create_index("ix_conflict_sides_partner_id_id", "conflict_sides", ["partner_id", "id"])
    op.drop_index("ix_conflict_sides_partner_id_state_opened_on_id", "conflict_sides")
    op.drop_index("ix_conflict_sides_partner_id_opened_on_id", "conflict_sides")
