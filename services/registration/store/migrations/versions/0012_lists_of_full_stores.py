"""Lists and timers that read what they show, and not all that is over and done with before it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_HOLDING = "state = 'open' and granted and not expired and protection_ended_at is null"


def upgrade() -> None:
    # Not of what is won or lost: that is most of a full store, so a list of it need not be led there, and each import would pay for it.
    op.create_index("ix_deals_state_id", "deals", ["state", "id"], postgresql_where=sa.text("state not in ('won', 'lost')"))
    op.create_index("ix_deals_conflict", "deals", ["id"], postgresql_where=sa.text("conflict"))
    op.create_index("ix_deals_unwarned", "deals", ["protected_until"], postgresql_where=sa.text(f"{_HOLDING} and warned is not true"))
    op.create_index("ix_deal_reviews_due_at_deal_id", "deal_reviews", ["due_at", "deal_id"])
    op.create_index("ix_deal_reviews_owner_due_at_deal_id", "deal_reviews", ["owner", "due_at", "deal_id"])
    op.create_index("ix_extension_requests_deal_id_id", "extension_requests", ["deal_id", "id"])
    op.create_index("ix_extension_requests_state_id", "extension_requests", ["state", "id"])
    op.create_index("ix_waiting_list_offered", "waiting_list", ["offered_until"], postgresql_where=sa.text("state = 'offered'"))
    op.create_index("ix_leads_state_id", "leads", ["state", "id"])
    op.create_index("ix_leads_direction_id", "leads", ["direction", "id"])
    op.create_index("ix_leads_aging", "leads", ["answer_by"], postgresql_where=sa.text("state = 'shared'"))
    op.create_index("ix_leads_unreminded", "leads", ["remind_at"], postgresql_where=sa.text("state = 'shared' and not reminded"))
    op.drop_index("ix_leads_unanswered", "leads")
    op.create_index("ix_cosell_parties_deal_id", "cosell_parties", ["deal_id"])
    op.create_index("ix_intake_errors_source_state_id", "intake_errors", ["source", "state", "id"])
    op.drop_index("ix_intake_errors_source_id", "intake_errors")
    op.create_index("ix_intake_errors_source_external_id", "intake_errors", ["source", "external_id"])
    op.create_index("ix_intake_gaps_open", "intake_gaps", ["source", "external_id"], postgresql_where=sa.text("missing <> '[]'"))


def downgrade() -> None:
    op.drop_index("ix_intake_gaps_open", "intake_gaps")
    op.drop_index("ix_intake_errors_source_external_id", "intake_errors")
    op.create_index("ix_intake_errors_source_id", "intake_errors", ["source", "id"])
    op.drop_index("ix_intake_errors_source_state_id", "intake_errors")
    op.drop_index("ix_cosell_parties_deal_id", "cosell_parties")
    op.create_index("ix_leads_unanswered", "leads", ["remind_at"], postgresql_where=sa.text("state = 'shared'"))
    op.drop_index("ix_leads_unreminded", "leads")
    op.drop_index("ix_leads_aging", "leads")
    op.drop_index("ix_leads_direction_id", "leads")
    op.drop_index("ix_leads_state_id", "leads")
    op.drop_index("ix_waiting_list_offered", "waiting_list")
    op.drop_index("ix_extension_requests_state_id", "extension_requests")
    op.drop_index("ix_extension_requests_deal_id_id", "extension_requests")
    op.drop_index("ix_deal_reviews_owner_due_at_deal_id", "deal_reviews")
    op.drop_index("ix_deal_reviews_due_at_deal_id", "deal_reviews")
    op.drop_index("ix_deals_unwarned", "deals")
    op.drop_index("ix_deals_conflict", "deals")
    op.drop_index("ix_deals_state_id", "deals")
