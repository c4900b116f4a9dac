"""Versions of opportunities, what the intake refused, and which states never came."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0007"
down_revision = "0006"


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("deals", sa.Column("source_version", sa.BigInteger, comment="of the newest state taken in, where the source counts them"))
    op.add_column("deals", sa.Column("source_digest", sa.Text, comment="of the content that this version had"))
    _errors()
    _gaps()


def _errors() -> None:
    op.create_table(
        "intake_errors",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("partner_id", sa.Uuid, comment="as the row names it; null where it could not be read"),
        sa.Column("source", sa.Text, nullable=False, comment="'-' where the row names none"),
        sa.Column("name", sa.Text, nullable=False, comment="what a later success closes: the external id, else the row's digest"),
        sa.Column("external_id", sa.Text),
        sa.Column("way", sa.Text, nullable=False, comment="bulk | put | kafka"),
        sa.Column("exclusivity", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("row", sa.Text, comment="as received, as far as the intake knows its fields; JSON"),
        sa.Column("line", sa.Integer, comment="of its request"),
        sa.Column("source_version", sa.BigInteger),
        _instant("changed_at", nullable=True),
        sa.Column("state", sa.Text, nullable=False, comment="open | corrected | dropped | superseded"),
        sa.Column("times", sa.Integer, nullable=False, comment="refused since first_seen"),
        _instant("first_seen"),
        _instant("last_seen"),
        _instant("decided_at", nullable=True),
        sa.Column("decided_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Index(None, "source", "id"),
        sa.CheckConstraint("state in ('open', 'corrected', 'dropped', 'superseded')", name="state"),
    )
    op.create_index("uq_intake_errors_open", "intake_errors", ["source", "name"], unique=True, postgresql_where=sa.text("state = 'open'"))
    ddl.isolate(op, "intake_errors")


def _gaps() -> None:
    op.create_table(
        "intake_gaps",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("external_id", sa.Text, primary_key=True),
        sa.Column("missing", pg.JSONB, nullable=False, comment="[[first, last], …]; empty once it is filled"),
        sa.Column("came", pg.JSONB, nullable=False, comment="newer than what is known, but refused: no hole"),
        sa.Column("filled_by", sa.Text, comment="arrived | read_again"),
        _instant("found_at", nullable=True),
        _instant("filled_at", nullable=True),
    )
    ddl.share(op, "intake_gaps", api="select, insert, update, delete")


def downgrade() -> None:
    op.drop_table("intake_gaps")
    op.drop_table("intake_errors")
    op.drop_column("deals", "source_digest")
    op.drop_column("deals", "source_version")
