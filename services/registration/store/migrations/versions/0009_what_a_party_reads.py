"""Leads that go back to the vendor; what a party of an agreement in force reads of its deal."""

from alembic import op

revision = "0009"
down_revision = "0008"

_STATES = "'shared', 'accepted', 'declined', 'withdrawn', 'aged', 'converted', 'lost'"
# It reads with its owner's rights, so it holds rows and columns itself: a party's own seat in what is in force, and nothing private.
_VIEW = """
create view cosell_deals with (security_barrier) as
select p.agreement_id, p.partner_id, d.id as deal_id, d.account_name, d.families, d.territory, d.stage, d.expected_minor,
    d.expected_currency, d.state
from cosell_parties p join deals d on d.id = p.deal_id
where p.state = 'in_force' and (p.partner_id = nullif(current_setting('hansa.partner', true), '')::uuid
    or current_setting('hansa.operator', true) = 'on')"""


def upgrade() -> None:
    _allow(f"{_STATES}, 'given_back'")
    op.execute(_VIEW)
    database = op.get_bind().engine.url.database
    for kind in ("api", "worker"):
        op.execute(f'grant select on cosell_deals to "{database}_{kind}"')


def downgrade() -> None:
    op.execute("drop view cosell_deals")
    op.execute("update leads set state = 'withdrawn' where state = 'given_back'")
    _allow(_STATES)


def _allow(states: str) -> None:
    op.execute("alter table leads drop constraint ck_leads_state")
    op.execute(f"alter table leads add constraint ck_leads_state check (state in ({states}))")
