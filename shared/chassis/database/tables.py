"""The chassis's own tables, which stand in every service's database."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

chassis_metadata = sa.MetaData(naming_convention=NAMING)
_now = sa.text("clock_timestamp()")


def _instant(name: str, **options: object) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), **options)  # type: ignore[arg-type]


# The columns aggregatetype, aggregateid, type and payload are those that Debezium's outbox router reads.
outbox = sa.Table(
    "outbox",
    chassis_metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("event_id", sa.Uuid, nullable=False),
    sa.Column("aggregatetype", sa.Text, nullable=False, comment="the topic"),
    sa.Column("aggregateid", sa.Text, nullable=False, comment="the record key"),
    sa.Column("type", sa.Text, nullable=False, comment="the CloudEvents type"),
    sa.Column("payload", sa.Text, comment="JSON; null is a tombstone"),
    sa.Column("headers", sa.Text, nullable=False, comment="JSON object of the record's headers"),
    _instant("created_at", nullable=False, server_default=_now),
    _instant("published_at"),
)
sa.Index("ix_outbox_unpublished", outbox.c.id, postgresql_where=outbox.c.published_at.is_(None))
sa.Index("ix_outbox_published_at", outbox.c.published_at, postgresql_where=outbox.c.published_at.is_not(None))

inbox = sa.Table(
    "inbox",
    chassis_metadata,
    sa.Column("event_id", sa.Text, primary_key=True, comment="ce_source and ce_id"),
    sa.Column("body_hash", sa.LargeBinary, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    _instant("claimed_at", nullable=False, server_default=_now),
)

waiting_facts = sa.Table(
    "waiting_facts",
    chassis_metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("predecessor", sa.Text, nullable=False, index=True),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("key", sa.LargeBinary),
    sa.Column("value", sa.LargeBinary),
    sa.Column("headers", sa.LargeBinary, nullable=False),
    _instant("waiting_since", nullable=False, server_default=_now),
    sa.Column("subject", sa.Text, index=True, comment="what it is about; null: written by a release that did not note it"),
)

refusals = sa.Table(
    "refusals",
    chassis_metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    _instant("refused_at", nullable=False, server_default=_now),
    sa.UniqueConstraint("event_id", "code"),
)

parked_streams = sa.Table(
    "parked_streams",
    chassis_metadata,
    sa.Column("order_key", sa.Text, primary_key=True),
    _instant("parked_since", nullable=False, server_default=_now),
)

dead_letters = sa.Table(
    "dead_letters",
    chassis_metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("order_key", sa.Text, nullable=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("key", sa.LargeBinary),
    sa.Column("value", sa.LargeBinary),
    sa.Column("headers", sa.LargeBinary, nullable=False),
    sa.Column("error", sa.Text, nullable=False, comment="class of the fault, or parked_behind"),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("trace", sa.Text, nullable=False, server_default=""),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1"),
    sa.Column("state", sa.Text, nullable=False, server_default="parked", comment="parked | ready | discarded | done"),
    sa.Column("decided_by", sa.Text),
    _instant("parked_at", nullable=False, server_default=_now),
    _instant("settled_at"),
    sa.UniqueConstraint("topic", "partition", "offset"),
)
# The head of a stream is looked for once a letter: with thousands behind it, it must be found without reading them.
_open = sa.text("state in ('parked', 'ready')")
sa.Index("ix_dead_letters_first", dead_letters.c.order_key, dead_letters.c.id, postgresql_where=_open)
sa.Index(
    "ix_dead_letters_oldest",
    dead_letters.c.order_key,
    dead_letters.c.topic,
    dead_letters.c.partition,
    dead_letters.c.offset,
    postgresql_where=_open,
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    chassis_metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request_hash", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", pg.JSONB, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    _instant("created_at", nullable=False, server_default=_now),
)

policies = sa.Table(
    "policies",
    chassis_metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    _instant("effective_from", nullable=False),
    sa.Column("body", pg.JSONB, nullable=False),
    _instant("recorded_at", nullable=False, server_default=_now),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

# None of these holds rows of one partner that another could read over a route; the API role's rights are the least it needs.
API_RIGHTS: dict[str, str] = {
    "outbox": "insert",
    "inbox": "",
    "waiting_facts": "select",
    "refusals": "select",
    "parked_streams": "select",
    "dead_letters": "select, update",
    "idempotency_keys": "select, insert",
    "policies": "select, insert",
}
SHARED_TABLES = frozenset(API_RIGHTS)
