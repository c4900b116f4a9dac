"""Documents of deals as replay writes them now and compares byte for byte: instants end in `Z`, and `rerated` stands in each detail."""

from alembic import op

revision = "0014"
down_revision = "0013"

REWRITE = r"""
update deals set sale = replace(
    regexp_replace(sale::text, '(T\d\d:\d\d:\d\d(\.\d+)?)\+00:00"', '\1Z"', 'g'), '"bracketed": ', '"rerated": null, "bracketed": ')::jsonb
where sale::text like '%+00:00"%'"""


def upgrade() -> None:
    op.execute(REWRITE)
