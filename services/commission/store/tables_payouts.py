"""The tables of payouts: whom money goes to, batches, one payout for each partner in them, and the rules in force."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.commission.store.tables import metadata

# Whom a partner's money goes to. `account` is sealed; `account_hint` is what people are shown of it.
payees = sa.Table(
    "payees",
    metadata,
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
    sa.Column("details_by", sa.Text, nullable=False, server_default="", comment="who set name, currency or account last"),
)

# The latest standing of each partner, as the service `partners` told it.
partner_standings = sa.Table(
    "partner_standings",
    metadata,
    sa.Column("partner_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("standing", sa.Text, nullable=False),
)

payout_batches = sa.Table(
    "payout_batches",
    metadata,
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

# One payment to one partner, or why it is not made. Name and account are those at the draft, so that what was approved is paid.
payouts = sa.Table(
    "payouts",
    metadata,
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
# A balance stands in one draft at a time: two drafts at once would promise it twice.
sa.Index("ix_payouts_drafted", payouts.c.partner_id, payouts.c.currency, unique=True, postgresql_where=payouts.c.state == "drafted")

# The payout rules with who, when and why; the latest holds. Until there is one, those of the programme do.
payout_rules = sa.Table(
    "payout_rules",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", pg.JSONB, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
