"""Leads that go back to the vendor when their partner may not work any more."""

from alembic import op

revision = "0009"
down_revision = "0008"

_STATES = "'shared', 'accepted', 'declined', 'withdrawn', 'aged', 'converted', 'lost'"


def upgrade() -> None:
    _allow(f"{_STATES}, 'given_back'")


def downgrade() -> None:
    op.execute("update leads set state = 'withdrawn' where state = 'given_back'")
    _allow(_STATES)


def _allow(states: str) -> None:
    op.execute("alter table leads drop constraint ck_leads_state")
    op.execute(f"alter table leads add constraint ck_leads_state check (state in ({states}))")
