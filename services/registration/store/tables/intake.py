"""What the intake from sales systems keeps besides deals: what it refused, and which states never came."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registration.store.tables.deals import metadata


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


intake_errors = sa.Table(
    "intake_errors",
    metadata,
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
    sa.Index(None, "source", "state", "id"),
    sa.Index(None, "source", "external_id"),
    sa.CheckConstraint("state in ('open', 'corrected', 'dropped', 'superseded')", name="state"),
)
sa.Index(
    "uq_intake_errors_open", intake_errors.c.source, intake_errors.c.name, unique=True, postgresql_where=intake_errors.c.state == "open"
)

intake_gaps = sa.Table(
    "intake_gaps",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text, primary_key=True),
    sa.Column("missing", pg.JSONB, nullable=False, comment="[[first, last], …]; empty once it is filled"),
    sa.Column("came", pg.JSONB, nullable=False, comment="newer than what is known, but refused: no hole"),
    sa.Column("filled_by", sa.Text, comment="arrived | read_again"),
    _instant("found_at", nullable=True),
    _instant("filled_at", nullable=True),
    sa.Index("ix_intake_gaps_open", "source", "external_id", postgresql_where=sa.text("missing <> '[]'")),
)
