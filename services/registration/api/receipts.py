"""Receipts over HTTP: one's own, the head and the links that everyone may watch, and the public keys."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from services.registration.api import receipt_models as m
from services.registration.domain.receipts.keys import text_of
from services.registration.domain.receipts.receipt import HEAD_FORMAT, LINKS_FORMAT, instant, signed_head
from services.registration.store import receipts
from services.registration.store.receipts import Receipt
from services.registration.use_cases.receipts.hand_out import signature_of
from services.registration.use_cases.receipts.signing import Signer
from shared.chassis.errors import NotFound
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, public, requires

Reader = Annotated[Principal, requires("deals:read")]
Sequence = Annotated[int, Query(ge=1, le=2**63 - 1)]
MOST_LINKS = 1_000


def routers(signer: Signer) -> tuple[Router, Router]:
    """The routes of receipts, and that of a deal's receipt."""
    router = Router(prefix="/v1/receipts", tags=["receipts"])
    _add_watching(router, signer)
    _add_reading(router, signer)
    return router, _of_deals(signer)


def _add_watching(router: Router, signer: Signer) -> None:
    @router.get("/head")
    async def read_head(uow: Uow, _: Reader) -> m.HeadOut:
        """Where the chain ends now, signed. Keep heads from time to time: the chain between two of them can be checked."""
        head = await receipts.head(uow)
        at = instant(uow.now)
        signature = signer.keys.sign(signed_head(head.sequence, head.hash, signed_at=at))
        return m.HeadOut(
            format=HEAD_FORMAT,
            sequence=head.sequence,
            hash=head.hash.hex(),
            signed_at=at,
            key_id=signer.keys.key_id,
            signature=text_of(signature),
        )

    @router.get("/links")
    async def list_links(uow: Uow, _: Reader, first: Annotated[Sequence, Query(alias="from")], to: Sequence | None = None) -> m.LinksOut:
        """The chain from one place to another, at most 1,000 links a time: hashes alone, whoever they are of."""
        last = min(to or 2**63 - 1, 2**63 - 1)
        found = await receipts.links(uow, first, last, limit=MOST_LINKS)
        more = found[-1].sequence + 1 if len(found) == MOST_LINKS and found[-1].sequence < last else None
        return m.LinksOut(format=LINKS_FORMAT, links=[m.ReceiptLinkOut.of(link) for link in found], next=more)

    @router.get("/keys")
    @public
    async def read_keys() -> m.KeysOut:
        """The keys that verify receipts and heads, as a JSON Web Key Set. Without a token: whoever is shown a receipt may check it."""
        return m.KeysOut.model_validate(signer.public.jwks())


def _add_reading(router: Router, signer: Signer) -> None:
    @router.get("")
    async def list_receipts(uow: Uow, caller: Reader, paging: PageQuery, partner_id: UUID | None = None) -> Page[m.ListedReceipt]:
        """Receipts in their order; a partner sees its own."""
        after = paging.after(int)
        whose = partner_id or caller.partner_id
        found = await receipts.listed(uow, partner_id=whose, after=after[0] if after else 0, limit=paging.limit + 1)
        return paging.page(found, view=m.ListedReceipt.of, key=lambda receipt: (receipt.link.sequence,))

    @router.get("/{sequence}", response_model_exclude_unset=True)
    async def read_receipt(
        sequence: Annotated[str, Path(max_length=40, description="a whole number from 1")], uow: Uow, _: Reader
    ) -> m.ReceiptOut:
        """One receipt, as a file to keep: `hansa receipt verify` checks it without the service."""
        return await _shown(uow, await receipts.one(uow, _number(sequence)), signer)


def _of_deals(signer: Signer) -> Router:
    router = Router(prefix="/v1/deals", tags=["receipts"])

    @router.get("/{deal_id}/receipt", response_model_exclude_unset=True)
    async def read_receipt_of_deal(deal_id: UUID, uow: Uow, _: Reader) -> m.ReceiptOut:
        """The receipt of the submission that a deal came from."""
        return await _shown(uow, await receipts.of_subject(uow, deal_id), signer)

    return router


async def _shown(uow: Uow, receipt: Receipt, signer: Signer) -> m.ReceiptOut:
    return m.receipt_out(receipt, await signature_of(uow, receipt, signer))


def _number(text: str) -> int:
    """The sequence in a path. What is none is not there: an answer that told the two apart would help nobody."""
    if not (text.isascii() and text.isdigit()) or int(text) >= 2**63:
        raise NotFound(what="receipt")
    return int(text)
