"""What a waiting fact is about, as its row says it: written with each fact, and found out for rows of a release that did not note it."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from shared.chassis.events.envelope import Undecodable, decode, unpack_headers
from shared.chassis.events.incoming import Raw

if TYPE_CHECKING:
    from alembic.operations import Operations

PORTION = 1_000
_MOST = 500  # characters: an entry of an index holds about 2,700 bytes
_PORTION_OF = """
select id, topic, partition, "offset", key, value, headers from waiting_facts
where subject is null and id > :last order by id limit :most"""


def indexed(subject: str) -> str:
    """A subject as the column has it: at most so long, and without what PostgreSQL's text cannot hold."""
    return subject.replace("\x00", "")[:_MOST]


def subject_of_waiting_facts(op: "Operations") -> None:
    """Add the column and its index where they are missing, and fill them for facts that wait already, in portions.

    Workers of the release before leave it empty until they are replaced.
    """
    op.execute("alter table waiting_facts add column if not exists subject text")
    op.execute("create index if not exists ix_waiting_facts_subject on waiting_facts (subject)")
    connection, last = op.get_bind(), 0
    while rows := connection.execute(sa.text(_PORTION_OF), {"last": last, "most": PORTION}).all():
        last = rows[-1][0]
        known = [
            {"id": row[0], "subject": subject}
            for row in rows
            if (subject := _subject(Raw(row[1], row[2], row[3], row[4], row[5], unpack_headers(row[6])))) is not None
        ]
        if known:
            connection.execute(sa.text("update waiting_facts set subject = :subject where id = :id"), known)


def no_subject_of_waiting_facts(op: "Operations") -> None:
    """Take the column away again."""
    op.execute("alter table waiting_facts drop column if exists subject")


def _subject(raw: Raw) -> str | None:
    """None for one that cannot be read (any more): it is taken up like any of which nothing is known."""
    try:
        return indexed(decode(raw).event.subject)
    except Undecodable:
        return None
