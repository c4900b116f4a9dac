"""Accounts that are like others: keys, links, likenesses under review, decisions; merged accounts stand as signposts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0004"
down_revision = "0003"


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _account(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Uuid, sa.ForeignKey("accounts.id"), **more)


def upgrade() -> None:
    _extend_accounts()
    _extend_reviews()
    _keys()
    _links()
    _decisions()


def _extend_accounts() -> None:
    # Accounts that are there already are not swept: the worker gives them their keys and their names' second form, in portions.
    op.add_column(
        "accounts", sa.Column("version", sa.Integer, nullable=False, server_default="1", comment="counts what staff changed of it, from 1")
    )
    op.add_column("accounts", _account("merged_into", comment="who carries on for an account that was merged"))
    op.create_index(op.f("ix_accounts_merged_into"), "accounts", ["merged_into"])
    op.add_column(
        "accounts",
        sa.Column("swept", sa.Boolean, nullable=False, server_default=sa.false(), comment="its names were looked at for likenesses"),
    )
    ddl.share(op, "account_identifiers", api="update")  # a merge moves them
    op.create_index("ix_accounts_unswept", "accounts", ["id"], postgresql_where=sa.text("not swept and merged_into is null"))


def _extend_reviews() -> None:
    op.add_column("account_reviews", _account("account_id", comment="null: it matched more than one account exactly"))
    op.create_index(op.f("ix_account_reviews_account_id"), "account_reviews", ["account_id"])
    op.add_column("account_reviews", sa.Column("state", sa.Text, nullable=False, server_default="open"))
    op.add_column("account_reviews", sa.Column("decided_by", sa.Text))
    op.add_column("account_reviews", _instant("decided_at", nullable=True))
    op.add_column("account_reviews", sa.Column("decided_because", sa.Text))
    op.create_index(op.f("ix_account_reviews_state_id"), "account_reviews", ["state", "id"])
    op.create_check_constraint("state", "account_reviews", "state in ('open', 'same', 'different')")
    op.create_check_constraint("decided", "account_reviews", "(state = 'open') = (decided_at is null)")


def _keys() -> None:
    op.create_table(
        "account_keys",
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False, comment="a blocking key: see domain/profile.py"),
        sa.Column("account_id", sa.Uuid, primary_key=True, index=True),
    )
    ddl.share(op, "account_keys", api="select, insert, delete")


def _links() -> None:
    op.create_table(
        "account_links",
        sa.Column("id", sa.Uuid, primary_key=True),
        _account("parent_id", nullable=False, index=True),
        _account("child_id", nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False, comment="where it is known from: a register, a report, staff"),
        _instant("valid_from"),
        _instant("valid_until", nullable=True),
        sa.Column("recorded_by", sa.Text, nullable=False),
        _instant("recorded_at"),
        sa.CheckConstraint("parent_id <> child_id", name="apart"),
        sa.CheckConstraint("kind in ('subsidiary', 'branch', 'brand')", name="kind"),
    )
    op.create_table(
        "account_distinctions",
        _account("low_id", primary_key=True),
        _account("high_id", primary_key=True, index=True),
        sa.Column("decided_by", sa.Text, nullable=False),
        _instant("decided_at"),
        sa.Column("because", sa.Text, nullable=False),
        sa.CheckConstraint("low_id < high_id", name="ordered"),
    )
    ddl.share(op, "account_links", api="select, insert, update, delete")
    ddl.share(op, "account_distinctions", api="select, insert, update, delete")


def _decisions() -> None:
    op.create_table(
        "account_likenesses",
        sa.Column("review_id", sa.Uuid, sa.ForeignKey("account_reviews.id"), primary_key=True),
        _account("account_id", primary_key=True, index=True),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("reasons", pg.JSONB, nullable=False),
    )
    op.create_table(
        "account_changes",
        sa.Column("id", sa.Uuid, primary_key=True),
        _account("account_id", nullable=False, index=True),
        _account("other_id", index=True),
        sa.Column("kind", sa.Text, nullable=False),
        _instant("changed_at"),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("details", pg.JSONB, nullable=False, comment="identifiers, deals and links that moved, protections that ended"),
    )
    # A partner's registration writes down whom its customer resembles, and cannot read it.
    ddl.keep_for_staff(op, "account_likenesses", api="select, insert", anyone_writes=True)
    ddl.keep_for_staff(op, "account_changes", api="select, insert")


def downgrade() -> None:
    for table in ("account_changes", "account_likenesses", "account_distinctions", "account_links", "account_keys"):
        op.drop_table(table)
    for name in ("decided", "state"):
        op.drop_constraint(op.f(f"ck_account_reviews_{name}"), "account_reviews")
    op.drop_index(op.f("ix_account_reviews_state_id"), "account_reviews")
    for column in ("decided_because", "decided_at", "decided_by", "state", "account_id"):
        op.drop_column("account_reviews", column)
    op.execute(f'revoke update on account_identifiers from "{op.get_bind().engine.url.database}_api"')
    for column in ("swept", "merged_into", "version"):
        op.drop_column("accounts", column)
