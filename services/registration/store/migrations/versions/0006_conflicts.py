"""Conflicts with their sides, steps, evidence and letters; proposed rule changes; what was decided about a deal."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0006"
down_revision = "0005"

_TABLES = ("rule_proposals", "conflict_letters", "conflict_evidence", "conflict_steps", "conflict_sides", "conflicts")


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("deals", sa.Column("reassigned_from", sa.Uuid, comment="the partner who had it before a decision"))
    op.add_column("deals", sa.Column("credits_fixed", pg.JSONB, comment="the credit that was decided for it"))
    _conflicts()
    _sides()
    _steps()
    _evidence()
    _proposals()


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    op.drop_column("deals", "credits_fixed")
    op.drop_column("deals", "reassigned_from")


def _conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("fingerprint", sa.Uuid, nullable=False, comment="of its kind and deals: one that is not closed at a time"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("by_rule", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False, comment="why it was opened"),
        _instant("opened_at"),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False, comment="the one to be done next"),
        _instant("step_due_at"),
        sa.Column("owner", sa.Text, nullable=False),
        _instant("escalated_at", nullable=True),
        sa.Column("state", sa.Text, nullable=False, comment="open | decided | closed"),
        sa.Column("ruling", pg.JSONB, comment="the decision"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("state in ('open', 'decided', 'closed')", name="state"),
        sa.CheckConstraint("(state = 'open') = (ruling is null)", name="ruling"),
    )
    op.create_index("ix_conflicts_one", "conflicts", ["fingerprint"], unique=True, postgresql_where=sa.text("state <> 'closed'"))
    op.create_index("ix_conflicts_opened_at", "conflicts", ["opened_at", "id"])
    late = sa.text("state <> 'closed' and escalated_at is null")
    op.create_index("ix_conflicts_due", "conflicts", ["step_due_at"], postgresql_where=late)
    ddl.keep_for_staff(op, "conflicts", api="select, insert, update")


def _sides() -> None:
    op.create_table(
        "conflict_sides",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("conflict_id", sa.Uuid, nullable=False, index=True),
        sa.Column("partner_id", sa.Uuid, comment="null: the vendor's own sales"),
        sa.Column("deal_ids", pg.ARRAY(sa.Uuid), nullable=False),
        sa.Column("account_name", sa.Text, nullable=False, comment="as this side gave it"),
        sa.Column("effect", sa.Text),
        sa.Column("share", sa.Text),
        sa.Column("version", sa.Integer, nullable=False, comment="counts what it was told"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False, comment="no instants here: they would tell when somebody else came"),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("step_due_on", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Index(None, "partner_id", "id"),
    )
    ddl.isolate(op, "conflict_sides")


def _steps() -> None:
    op.create_table(
        "conflict_steps",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("conflict_id", sa.Uuid, nullable=False, index=True),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        _instant("at"),
        sa.Column("by", sa.Text, nullable=False),
        sa.UniqueConstraint("conflict_id", "step"),
    )
    ddl.keep_for_staff(op, "conflict_steps", api="select, insert")


def _evidence() -> None:
    op.create_table(
        "conflict_evidence",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("conflict_id", sa.Uuid, nullable=False, index=True),
        sa.Column("side_id", sa.Uuid, comment="whose it is, or with whom it is shared; null: with nobody"),
        sa.Column("partner_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False, comment="event | receipt | document"),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by_side", sa.Boolean, nullable=False, comment="false: staff gave it"),
        _instant("given_at"),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Index(None, "partner_id", "id"),
    )
    op.create_table(
        "conflict_letters",
        sa.Column("side_id", sa.Uuid, primary_key=True),
        sa.Column("conflict_id", sa.Uuid, nullable=False, index=True),
        sa.Column("partner_id", sa.Uuid, index=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        _instant("written_at"),
    )
    ddl.isolate(op, "conflict_evidence")
    ddl.isolate(op, "conflict_letters")


def _proposals() -> None:
    op.create_table(
        "rule_proposals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("conflict_id", sa.Uuid, index=True),
        sa.Column("patch", pg.JSONB, nullable=False, comment="a JSON merge patch of the policy"),
        sa.Column("reason", sa.Text, nullable=False),
        _instant("proposed_at"),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, comment="proposed | switched_on | declined"),
        sa.Column("settled_reason", sa.Text),
        _instant("settled_at", nullable=True),
        sa.Column("settled_by", sa.Text),
        sa.Column("policy_version", sa.Integer),
        _instant("effective_from", nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("(state = 'proposed') = (settled_at is null)", name="settled"),
        sa.CheckConstraint("(state = 'switched_on') = (policy_version is not null)", name="switched_on"),
    )
    ddl.keep_for_staff(op, "rule_proposals", api="select, insert, update")
