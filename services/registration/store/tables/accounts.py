"""What is kept beside accounts: keys to find like ones by, links, what was told apart, likenesses found, and what staff changed."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registration.store.tables.deals import metadata


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _account(name: str, *, index: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, index=index)


account_keys = sa.Table(
    "account_keys",
    metadata,
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False, comment="a blocking key: see domain/profile.py"),
    sa.Column("account_id", sa.Uuid, primary_key=True, index=True),
)

account_links = sa.Table(
    "account_links",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _account("parent_id"),
    _account("child_id"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False, comment="where it is known from: a register, a report, staff"),
    _instant("valid_from"),
    _instant("valid_until", nullable=True),
    sa.Column("recorded_by", sa.Text, nullable=False),
    _instant("recorded_at"),
    sa.CheckConstraint("parent_id <> child_id", name="apart"),
    sa.CheckConstraint("kind in ('subsidiary', 'branch', 'brand')", name="kind"),
)

account_distinctions = sa.Table(
    "account_distinctions",
    metadata,
    sa.Column("low_id", sa.Uuid, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("high_id", sa.Uuid, sa.ForeignKey("accounts.id"), primary_key=True, index=True),
    sa.Column("decided_by", sa.Text, nullable=False),
    _instant("decided_at"),
    sa.Column("because", sa.Text, nullable=False),
    sa.CheckConstraint("low_id < high_id", name="ordered"),
)

account_likenesses = sa.Table(
    "account_likenesses",
    metadata,
    sa.Column("review_id", sa.Uuid, sa.ForeignKey("account_reviews.id"), primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), primary_key=True, index=True),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("reasons", pg.JSONB, nullable=False),
)

account_changes = sa.Table(
    "account_changes",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _account("account_id"),
    sa.Column("other_id", sa.Uuid, sa.ForeignKey("accounts.id"), index=True),
    sa.Column("kind", sa.Text, nullable=False),
    _instant("changed_at"),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("details", pg.JSONB, nullable=False, comment="identifiers, deals and links that moved, protections that ended"),
)
