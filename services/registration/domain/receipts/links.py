"""The chain of links walked: from any known place on, with what is stored behind each link if that is at hand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from services.registration.domain.receipts.document import Fault
from services.registration.domain.receipts.keys import PublicKeys
from services.registration.domain.receipts.receipt import GENESIS, Link, instant, link_hash, seal, signed_text


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a chain was walked. `hash` None: that link is missing, so nothing can be said of the next one's predecessor."""

    sequence: int = 0
    hash: bytes | None = GENESIS
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One row of the record: the link and the receipt of one sequence, each None if it is missing."""

    sequence: int
    link: Link | None
    key_id: str | None = None
    signature: bytes | None = None
    partner_id: UUID | None = None
    subject_id: UUID | None = None
    received_at: datetime | None = None
    content: str | None = None
    salt: bytes = b""


def check_links(links: Iterable[Link], *, start: Place | None = None) -> Iterator[Fault]:
    """Whether each link follows from the one before it. Without `start` the first one is taken as it stands."""
    place = start
    for link in links:
        yield from _follows(link, place)
        place = Place(link.sequence, link.hash)


def _follows(link: Link, place: Place | None) -> Iterator[Fault]:
    if link_hash(link.sequence, link.content_hash, link.previous_hash) != link.hash:
        yield Fault("link_changed", "The link is not the one that was made.", link.sequence)
    if place is None:
        return
    if link.sequence != place.sequence + 1:
        yield Fault("link_missing", f"The chain goes on from {place.sequence} with {link.sequence}.", link.sequence)
    elif place.hash is not None and link.previous_hash != place.hash:
        yield Fault("link_changed", "The link does not name the one before it.", link.sequence)


def walk(place: Place, rows: Iterable[Stored], keys: PublicKeys, *, until: int) -> tuple[Place, list[Fault]]:
    """Check the record from `place` to the sequence `until`; returns where the walk ended and all that is wrong."""
    stored = {row.sequence: row for row in rows}
    faults: list[Fault] = []
    for sequence in range(place.sequence + 1, until + 1):
        row = stored.get(sequence)
        if row is None or row.link is None:
            faults.append(Fault("link_missing", "There is no link of this sequence.", sequence))
            place = Place(sequence, None, place.received_at)
            continue
        faults += _follows(row.link, place)
        faults += _signed(row, row.link, keys)
        faults += _kept(row, row.link, place)
        place = Place(sequence, row.link.hash, row.received_at or place.received_at)
    return place, faults


def _signed(row: Stored, link: Link, keys: PublicKeys) -> Iterator[Fault]:
    if row.signature is None:
        return  # the next signature covers it through the chain
    if row.key_id not in keys:
        yield Fault("key_unknown", "The link is signed with a key that is not among the service's own.", link.sequence)
    elif not keys.verify(row.key_id or "", row.signature, signed_text(link.hash)):
        yield Fault("signature_wrong", "The signature is not the service's.", link.sequence)


def _kept(row: Stored, link: Link, place: Place) -> Iterator[Fault]:
    """What stands behind the link: the same content, of the same partner and subject, received no earlier than the one before."""
    if row.content is None or row.received_at is None:
        yield Fault("receipt_missing", "The link has no receipt.", link.sequence)
        return
    if not _is_content(row, link):
        yield Fault("content_changed", "What is kept of the submission is not what was received.", link.sequence)
    if place.received_at is not None and row.received_at < place.received_at:
        yield Fault("time_went_back", "It was received before the one before it.", link.sequence)


def _is_content(row: Stored, link: Link) -> bool:
    try:
        content = orjson.loads(row.content or "")
        whose = (content["partner_id"], content["subject_id"])
        sealed = seal(content, received_at=instant(row.received_at) if row.received_at else "", salt=row.salt.hex())
    except (ValueError, TypeError, KeyError):
        return False
    return sealed == link.content_hash and whose == (str(row.partner_id), str(row.subject_id))
