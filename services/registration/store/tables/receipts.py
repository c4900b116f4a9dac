"""The record of receipts: the chain, which knows no partner, and behind each link what was submitted; both only ever grow."""

import sqlalchemy as sa

from services.registration.store.tables.deals import metadata

receipt_links = sa.Table(
    "receipt_links",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1, without gaps"),
    sa.Column("content_hash", sa.LargeBinary, nullable=False),
    sa.Column("previous_hash", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("key_id", sa.Text),
    sa.Column("signature", sa.LargeBinary, comment="null: the next one signs for it through the chain"),
    sa.CheckConstraint("(key_id is null) = (signature is null)", name="signed"),
)

receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("subject_id", sa.Uuid, nullable=False, unique=True, comment="the deal, or the refusal on record"),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("content", sa.Text, nullable=False, comment="canonical JSON, as it was hashed"),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Index(None, "partner_id", "sequence"),
)

receipt_head = sa.Table(
    "receipt_head",
    metadata,
    sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("single", name="single"),
)

receipt_checks = sa.Table(
    "receipt_checks",
    metadata,
    sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("sequence", sa.BigInteger, nullable=False, comment="up to where this round has come"),
    sa.Column("hash", sa.LargeBinary, comment="null: that link is missing"),
    sa.Column("received_at", sa.DateTime(timezone=True)),
    sa.Column("faults", sa.BigInteger, nullable=False, comment="of this round so far"),
    sa.Column("former_faults", sa.BigInteger, nullable=False, comment="of the round before"),
    sa.Column("found", sa.Text, nullable=False, comment="the first faults, in short"),
    sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("single", name="single"),
)
