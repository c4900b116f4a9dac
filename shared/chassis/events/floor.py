"""Where the relay's look at the outbox begins: below it everything is sent, and no transaction can still bring a row.

Without one the relay reads past every row it has ever marked while an old snapshot keeps them from being cleaned. With one that is
merely the highest id sent, a row that commits late is overtaken by a later one of its key: it stands below the floor, the other above.
"""

from dataclasses import dataclass

import asyncpg

_WRITERS = """
select virtualtransaction from pg_locks
where locktype = 'relation' and relation = 'outbox'::regclass and mode = 'RowExclusiveLock' and granted"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An id, and the transactions that may have drawn a lower one: a writer locks the table before it draws, and until it ends."""

    id: int
    writers: frozenset[str]


class Floor:
    """Rises in three steps: an id that was sent, the end of every transaction that wrote then, and one more look from the old floor."""

    def __init__(self) -> None:
        self.value = 0
        self._candidate: _Candidate | None = None
        self._is_proven = False

    async def consider(self, connection: asyncpg.Connection, sent: int) -> None:
        """Note who writes now, for `sent`, the highest id sent; or see whether those noted earlier have all ended."""
        if self._is_proven or sent <= self.value:
            return
        writers = frozenset(row[0] for row in await connection.fetch(_WRITERS))
        if self._candidate is None:
            self._candidate = _Candidate(sent, writers)
        elif not writers & self._candidate.writers:
            self._is_proven = True

    def settle(self, *, everything_sent_to: float) -> None:
        """After a look that began when the proof stood, and what it found was sent, up to this id: the floor may rise."""
        if self._is_proven and self._candidate is not None and everything_sent_to >= self._candidate.id:
            self.value = self._candidate.id
            self._candidate, self._is_proven = None, False
