"""Receipts made without a service: any number of submissions in one chain, as their holders' files and as links."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.receipts.keys import SigningKeys, text_of
from services.registration.domain.receipts.receipt import (
    FORMAT,
    GENESIS,
    HEAD_FORMAT,
    LINKS_FORMAT,
    Head,
    Link,
    Submission,
    chain,
    instant,
    seal,
    signed_head,
    signed_text,
)
from services.registration.domain.values import PartnerId

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = text_of(bytes(range(32)))
OTHER_KEY = text_of(bytes(range(1, 33)))


def submission(number: int, **changed: Any) -> Submission:
    """A submission that differs from that of every other number."""
    given: dict[str, Any] = {
        "subject_id": UUID(int=1000 + number),
        "partner_id": PartnerId(UUID(int=number % 3)),
        "customer": Customer(name=f"Customer {number}"),
        "families": ("GTX",),
    }
    return Submission(**given | changed)


@dataclass
class Chain:
    """Receipts as they would be given out."""

    keys: SigningKeys = field(default_factory=lambda: SigningKeys([KEY]))
    receipts: list[dict[str, Any]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    @classmethod
    def of(cls, *submissions: Submission) -> "Chain":
        made = cls()
        for one in submissions:
            made.add(one)
        return made

    def add(self, one: Submission) -> dict[str, Any]:
        """The next receipt, received a second after the one before."""
        last = self.links[-1] if self.links else None
        number = last.sequence if last else 0
        told, salt = instant(START + timedelta(seconds=number)), bytes([number % 256]) * 32
        content = dict(one.content())
        sealed = seal(content, received_at=told, salt=salt.hex())
        (link,) = chain(Head(number, last.hash if last else GENESIS, START), [sealed])
        self.links.append(link)
        receipt = {
            "format": FORMAT,
            "sequence": link.sequence,
            "received_at": told,
            "content": content,
            "salt": salt.hex(),
            "content_hash": link.content_hash.hex(),
            "previous_hash": link.previous_hash.hex(),
            "hash": link.hash.hex(),
            "key_id": self.keys.key_id,
            "signature": text_of(self.keys.sign(signed_text(link.hash))),
        }
        self.receipts.append(receipt)
        return receipt

    def head(self) -> dict[str, Any]:
        """The signed head."""
        link, at = self.links[-1], instant(START + timedelta(hours=1))
        signature = text_of(self.keys.sign(signed_head(link.sequence, link.hash, signed_at=at)))
        told = {"format": HEAD_FORMAT, "sequence": link.sequence, "hash": link.hash.hex(), "signed_at": at}
        return told | {"key_id": self.keys.key_id, "signature": signature}

    def page(self, first: int = 1) -> dict[str, Any]:
        """The links from `first` on, as they are downloaded."""
        links = [
            {"sequence": s, "content_hash": c.hex(), "previous_hash": p.hex(), "hash": h.hex()} for s, c, p, h in self.links[first - 1 :]
        ]
        return {"format": LINKS_FORMAT, "links": links, "next": None}
