"""Receipts: what was submitted and when, sealed under a salt and linked to the receipt before it (`docs/receipts.md`)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

import orjson

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.values import PartnerId
from shared.chassis.money import Money

FORMAT = "hansa.receipt/1"
HEAD_FORMAT = "hansa.receipt-head/1"
LINKS_FORMAT = "hansa.receipt-links/1"
GENESIS = bytes(32)
"""What the first receipt names as the one before it."""
SALT_BYTES = 32

Content: TypeAlias = Mapping[str, str | Sequence[str] | None]
"""What was submitted, by field; a field that was not given is null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a partner, or the vendor for it, submitted and the service took in. `subject_id`: the deal, or the refusal on record.

    Nothing in it says which of the two it is. A receipt is kept for good, so of `evidence`, which may name people, it holds the hash.
    """

    subject_id: UUID
    partner_id: PartnerId
    customer: Customer
    families: tuple[str, ...]
    territory: str | None = None
    expected: Money | None = None
    registered_at: datetime | None = None
    source: str | None = None
    external_id: str | None = None
    evidence: str | None = None

    def content(self) -> Content:
        """Every field of the format, whatever was given; the hash of the evidence where some was."""
        customer, expected = self.customer, self.expected
        evidence = {"evidence_hash": hashlib.sha256(self.evidence.encode()).hexdigest()} if self.evidence else {}
        return {
            "account_domain": customer.domain,
            "account_name": customer.name,
            "country": customer.country,
            "crm_ids": list(customer.crm_ids),
            "expected_amount": str(expected) if expected else None,
            "expected_currency": expected.currency if expected else None,
            "external_id": self.external_id,
            "families": list(self.families),
            "partner_id": str(self.partner_id),
            "registered_at": instant(self.registered_at) if self.registered_at else None,
            "source": self.source,
            "subject_id": str(self.subject_id),
            "tax_id": customer.tax_id,
            "territory": self.territory,
            **evidence,
        }


class Link(NamedTuple):
    """One place in the chain; it says nothing of what was submitted, by whom or when."""

    sequence: int
    content_hash: bytes
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: its last receipt, and when that was received."""

    sequence: int
    hash: bytes
    received_at: datetime


def instant(moment: datetime) -> str:
    """UTC to the microsecond, always six digits and a Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def canonical(value: object) -> bytes:
    """The one way to write a value: UTF-8 JSON without spaces, names sorted (RFC 8785 for text, whole numbers, null and lists)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def seal(content: Content, *, received_at: str, salt: str) -> bytes:
    """The hash that commits to content and time; without the salt nobody can try out what was submitted."""
    return seal_written(canonical(content), received_at=received_at, salt=salt)


def seal_written(content: bytes, *, received_at: str, salt: str) -> bytes:
    """`seal` for content that is canonical JSON already."""
    rest = canonical({"received_at": received_at, "salt": salt})  # both names come after "content"
    return hashlib.sha256(b'{"content":' + content + b"," + rest[1:]).digest()


def link_hash(sequence: int, content_hash: bytes, previous_hash: bytes) -> bytes:
    """The hash of a receipt: over its place, its content's hash and the receipt before it."""
    link = {"content_hash": content_hash.hex(), "format": FORMAT, "previous_hash": previous_hash.hex(), "sequence": sequence}
    return hashlib.sha256(canonical(link)).digest()


def chain(head: Head, content_hashes: Sequence[bytes]) -> list[Link]:
    """The links that follow `head`, in order."""
    links: list[Link] = []
    sequence, previous = head.sequence, head.hash
    for content_hash in content_hashes:
        sequence += 1
        found = Link(sequence, content_hash, previous, link_hash(sequence, content_hash, previous))
        links.append(found)
        previous = found.hash
    return links


def signed_text(receipt_hash: bytes) -> bytes:
    """What the signature of a receipt covers: its hash, and through it everything else."""
    return f"{FORMAT}:{receipt_hash.hex()}".encode()


def signed_head(sequence: int, head_hash: bytes, *, signed_at: str) -> bytes:
    """What the signature of a head covers: at that moment the chain ended there."""
    return canonical({"format": HEAD_FORMAT, "hash": head_hash.hex(), "sequence": sequence, "signed_at": signed_at})
