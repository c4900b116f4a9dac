"""Instants in deals' documents as replay writes them now and compares byte for byte: `…Z`, not `…+00:00`."""

from alembic import op

revision = "0014"
down_revision = "0013"

REWRITE = r"""
update deals set sale = regexp_replace(sale::text, '(T\d\d:\d\d:\d\d(\.\d+)?)\+00:00"', '\1Z"', 'g')::jsonb
where sale::text like '%+00:00"%'"""


def upgrade() -> None:
    op.execute(REWRITE)
