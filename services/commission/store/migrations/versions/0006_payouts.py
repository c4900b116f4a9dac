"""Payees, payout batches and payouts, how partnerships stand, and the payout rules."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from shared.chassis.database import ddl

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "payees",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False, comment="of the payout"),
        sa.Column("account", sa.LargeBinary, nullable=False),
        sa.Column("account_hint", sa.Text, nullable=False),
        sa.Column("tax_form", sa.Text),
        sa.Column("tax_form_until", sa.Date, comment="the last day on which it is good; null: no end"),
        sa.Column("blocked", sa.Text, comment="why staff keep the money back"),
        sa.Column("details", sa.Integer, nullable=False, comment="counts changes of name, currency or account"),
        sa.Column("version", sa.Integer, nullable=False, comment="counts all changes"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
    )
    op.create_table(
        "partner_standings",
        sa.Column("partner_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
    )
    op.create_table(
        "payout_batches",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("currency", sa.Text, nullable=False, comment="in which is paid"),
        sa.Column("execute_on", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.Text, nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.Text),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("started_by", sa.Text),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.Column("cancelled_by", sa.Text),
        sa.Column("exported_at", sa.DateTime(timezone=True), comment="the last time"),
        sa.Column("exported_by", sa.Text),
    )
    op.create_table(
        "payouts",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False, unique=True),
        sa.Column("batch_id", sa.Uuid, nullable=False, index=True),
        sa.Column("partner_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False, comment="of the balance"),
        sa.Column("amount_minor", sa.BigInteger, nullable=False, comment="that leaves the balance; of a skipped one what is payable"),
        sa.Column("pays_currency", sa.Text, nullable=False),
        sa.Column("pays_minor", sa.BigInteger, nullable=False, comment="that arrives"),
        sa.Column("rate", sa.Text, comment="exact; null in the books' own currency"),
        sa.Column("rate_day", sa.Date),
        sa.Column("rate_source", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, comment="why it is skipped or failed"),
        sa.Column("details", sa.Integer, comment="of the payee"),
        sa.Column("name", sa.Text),
        sa.Column("account", sa.LargeBinary),
        sa.Column("account_hint", sa.Text),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("failed_at", sa.DateTime(timezone=True)),
        sa.Column("reference", sa.Text, comment="the bank's"),
        sa.Index(None, "partner_id", "seq"),
    )
    drafted = sa.text("state = 'drafted'")
    op.create_index("ix_payouts_drafted", "payouts", ["partner_id", "currency"], unique=True, postgresql_where=drafted)
    op.create_table(
        "payout_rules",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    for table in ("payees", "partner_standings", "payouts"):
        ddl.isolate(op, table)
    ddl.share(op, "payout_batches", api="select, insert, update")
    ddl.share(op, "payout_rules", api="select, insert")
