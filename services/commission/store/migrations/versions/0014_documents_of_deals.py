"""Documents of deals as replay writes them now: instants end in `Z`, and `rerated` stands in each detail.

Both texts read the same, also when replay compares them: workers of the release before may go on writing the former one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

PORTION = 5_000
# Row after row stays locked until the migration's end, for writers of that deal alone; nobody who reads waits.
REWRITE = r"""
update deals set sale = replace(
    regexp_replace(sale::text, '(T\d\d:\d\d:\d\d(\.\d+)?)\+00:00"', '\1Z"', 'g'), '"bracketed": ', '"rerated": null, "bracketed": ')::jsonb
where sale::text like '%+00:00"%' and deal_id > :after and deal_id <= :upto"""
_UPTO = """
select deal_id from (select deal_id from deals where deal_id > :after order by deal_id limit :most) portion
order by deal_id desc limit 1"""
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


def rewrite(connection: sa.Connection, *, most: int = PORTION) -> int:
    """Portion after portion, each by a range of the key, so that no statement holds more than that; how many there were."""
    portions, after = 0, _BEFORE_ALL
    while (upto := connection.execute(sa.text(_UPTO), {"after": after, "most": most}).scalar()) is not None:
        connection.execute(sa.text(REWRITE), {"after": after, "upto": upto})
        portions, after = portions + 1, upto
    return portions


def upgrade() -> None:
    rewrite(op.get_bind())
