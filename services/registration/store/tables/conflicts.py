"""Conflicts and rule-change proposals. What holds more than one side is for staff alone; a side has rows of its own."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registration.store.tables.deals import metadata


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


conflicts = sa.Table(
    "conflicts",
    metadata,
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
sa.Index("ix_conflicts_one", conflicts.c.fingerprint, unique=True, postgresql_where=conflicts.c.state != "closed")
sa.Index("ix_conflicts_opened_at", conflicts.c.opened_at, conflicts.c.id)
sa.Index(None, conflicts.c.kind, conflicts.c.opened_at, conflicts.c.id)
_late = sa.and_(conflicts.c.state != "closed", conflicts.c.escalated_at.is_(None))
sa.Index("ix_conflicts_due", conflicts.c.step_due_at, postgresql_where=_late)

# What a partner sees of a conflict is its own row here: of the conflict itself it holds copies, of other sides nothing.
conflict_sides = sa.Table(
    "conflict_sides",
    metadata,
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
    sa.Index(None, "partner_id", "opened_on", "id"),
    sa.Index(None, "partner_id", "state", "opened_on", "id"),
)

conflict_steps = sa.Table(
    "conflict_steps",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("conflict_id", sa.Uuid, nullable=False, index=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    _instant("at"),
    sa.Column("by", sa.Text, nullable=False),
    sa.UniqueConstraint("conflict_id", "step"),
)

conflict_evidence = sa.Table(
    "conflict_evidence",
    metadata,
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

conflict_letters = sa.Table(
    "conflict_letters",
    metadata,
    sa.Column("side_id", sa.Uuid, primary_key=True),
    sa.Column("conflict_id", sa.Uuid, nullable=False, index=True),
    sa.Column("partner_id", sa.Uuid, index=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    _instant("written_at"),
)

rule_proposals = sa.Table(
    "rule_proposals",
    metadata,
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
