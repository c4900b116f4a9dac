"""Receipts over HTTP: the file that a holder keeps, the chain that anybody watches, the keys that verify."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registration.domain.receipts.keys import text_of
from services.registration.domain.receipts.receipt import FORMAT, Content, Link, instant
from services.registration.store.receipts import Receipt, Signature


class ContentOut(BaseModel):
    """What was submitted, as the service read it; what was not given is null."""

    account_domain: str | None
    account_name: str
    country: str | None
    crm_ids: list[str]
    evidence_hash: str | None = Field(None, description="SHA-256 of the text of the evidence; only where some was given")
    expected_amount: str | None
    expected_currency: str | None
    external_id: str | None
    families: list[str]
    partner_id: str
    registered_at: str | None
    source: str | None
    subject_id: str = Field(description="the deal, or the refusal on record")
    tax_id: str | None
    territory: str | None

    @classmethod
    def of(cls, content: Content) -> "ContentOut":
        return cls.model_validate(content)


class ReceiptOut(BaseModel):
    """A receipt (docs/receipts.md): keep it as it is; `hansa receipt verify` checks it without the service."""

    format: str = Field(examples=[FORMAT])
    sequence: int
    received_at: str = Field(examples=["2026-01-05T10:00:00.000000Z"])
    content: ContentOut
    salt: str
    content_hash: str
    previous_hash: str
    hash: str
    key_id: str
    signature: str


def receipt_out(receipt: Receipt, signed: Signature) -> ReceiptOut:
    """The receipt as its holder's file."""
    link = receipt.link
    return ReceiptOut(
        format=FORMAT,
        sequence=link.sequence,
        received_at=instant(receipt.received_at),
        content=ContentOut.of(receipt.content),
        salt=receipt.salt.hex(),
        content_hash=link.content_hash.hex(),
        previous_hash=link.previous_hash.hex(),
        hash=link.hash.hex(),
        key_id=signed.key_id,
        signature=text_of(signed.signature),
    )


class ListedReceipt(BaseModel):
    """A receipt in a list; ask for it by its sequence to have it whole and signed."""

    sequence: int
    received_at: datetime
    partner_id: UUID
    subject_id: UUID
    account_name: str
    hash: str

    @classmethod
    def of(cls, receipt: Receipt) -> "ListedReceipt":
        return cls(
            sequence=receipt.link.sequence,
            received_at=receipt.received_at,
            partner_id=receipt.partner_id,
            subject_id=receipt.subject_id,
            account_name=str(receipt.content["account_name"]),
            hash=receipt.link.hash.hex(),
        )


class HeadOut(BaseModel):
    """Where the chain ended at `signed_at`, signed: whoever keeps it can show later that the chain was changed."""

    format: str
    sequence: int
    hash: str
    signed_at: str
    key_id: str
    signature: str


class ReceiptLinkOut(BaseModel):
    """One place in the chain. `hash` follows from the other three; no content, partner or time can be told from it."""

    sequence: int
    content_hash: str
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, link: Link) -> "ReceiptLinkOut":
        return cls(
            sequence=link.sequence, content_hash=link.content_hash.hex(), previous_hash=link.previous_hash.hex(), hash=link.hash.hex()
        )


class LinksOut(BaseModel):
    """Links in their order; if there may be more, `next` is where to go on (`from`)."""

    format: str
    links: list[ReceiptLinkOut]
    next: int | None = None


class KeyOut(BaseModel):
    """A public key (RFC 8037); `kid` is its thumbprint (RFC 7638)."""

    kty: str
    crv: str
    use: str
    alg: str
    kid: str
    x: str


class KeysOut(BaseModel):
    """A JSON Web Key Set; the first one signs, the others signed before."""

    keys: list[KeyOut]
