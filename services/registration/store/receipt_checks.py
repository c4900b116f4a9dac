"""What the self-check of the receipts reads, a stretch of the record at a time, and where it has come."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.domain.receipts.links import Place, Stored
from services.registration.domain.receipts.receipt import Link
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row

# One statement, so that one snapshot: what is committed meanwhile is neither half seen nor missing.
_ENDS = """
select h.sequence, h.hash, greatest((select max(sequence) from receipt_links), (select max(sequence) from receipts), 0)
from (values (1)) one left join receipt_head h on true"""
_STORED = """
select coalesce(l.sequence, r.sequence) as sequence, l.content_hash, l.previous_hash, l.hash, l.key_id, l.signature,
       r.partner_id, r.subject_id, r.received_at, r.content, r.salt
from (select * from receipt_links where sequence > $1 and sequence <= $2) l
full join (select * from receipts where sequence > $1 and sequence <= $2) r on r.sequence = l.sequence"""
_LOAD = "select sequence, hash, received_at, faults, former_faults, found from receipt_checks"
_SAVE = """
insert into receipt_checks as c (sequence, hash, received_at, faults, former_faults, found, checked_at) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (single) do update
set sequence = $1, hash = $2, received_at = $3, faults = $4, former_faults = $5, found = $6, checked_at = $7"""


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the head says that the chain ends (None: it has no row), and the highest sequence that is stored."""

    sequence: int | None
    hash: bytes | None
    stored: int


@dataclass(frozen=True, slots=True)
class Round:
    """How far a round of the self-check has come and what it found; then it begins anew."""

    place: Place
    faults: int
    former_faults: int
    found: str


async def ends(uow: UnitOfWork) -> Ends:
    """The end of the chain by its head and by its rows."""
    sequence, digest, stored = (await uow.fetch(_ENDS))[0]
    return Ends(sequence, bytes(digest) if digest is not None else None, stored)


async def stored(uow: UnitOfWork, after: int, until: int) -> list[Stored]:
    """What is stored of the sequences after `after` up to `until`."""
    return [_read(row) for row in await uow.fetch(_STORED, after, until)]


async def load(uow: UnitOfWork) -> Round:
    """The round under way."""
    rows: Sequence[Row] = await uow.fetch(_LOAD)
    if not rows:
        return Round(Place(), 0, 0, "")
    row = rows[0]
    place = Place(row.sequence, bytes(row.hash) if row.hash is not None else None, row.received_at)
    return Round(place, row.faults, row.former_faults, row.found)


async def save(uow: UnitOfWork, state: Round) -> None:
    """Remember the round under way."""
    place = state.place
    await uow.fetch(_SAVE, place.sequence, place.hash, place.received_at, state.faults, state.former_faults, state.found, uow.now)


def _read(row: Row) -> Stored:
    link = None
    if row.hash is not None:
        link = Link(row.sequence, bytes(row.content_hash), bytes(row.previous_hash), bytes(row.hash))
    return Stored(
        sequence=row.sequence,
        link=link,
        key_id=row.key_id,
        signature=bytes(row.signature) if row.signature is not None else None,
        partner_id=row.partner_id,
        subject_id=row.subject_id,
        received_at=row.received_at,
        content=row.content,
        salt=bytes(row.salt) if row.salt is not None else b"",
    )
