"""Take invoices and payments in: each is kept once, and told to the books as soon as its deal is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.commission.domain.cash import CashKind, Document, ReferenceTaken
from services.commission.store import cash
from services.commission.store.cash import Found, Kept
from shared.chassis.database import UnitOfWork
from shared.schemas.base import MoneyAmount
from shared.schemas.cash import CashFact, DealInvoiced, DealPaid

PORTION = 500
_EVENTS: dict[CashKind, type[CashFact]] = {CashKind.INVOICE: DealInvoiced, CashKind.PAYMENT: DealPaid}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A document on record; `fresh` if it was not before. With `refusal` another one has its reference."""

    kept: Kept
    fresh: bool
    refusal: ReferenceTaken | None = None


async def record_cash(uow: UnitOfWork, documents: Sequence[Document], *, by: str) -> list[Recorded]:
    """Keep the documents, and tell those whose deal is known; one result for each, in order."""
    fresh = await cash.keep(uow, documents, by=by)
    await tell(uow, seqs=sorted(fresh))
    on_record = await cash.named(uow, documents)
    results = []
    for document in documents:
        kept = on_record[document.kind, document.reference]
        same = kept.body_hash == cash.hash_of(document)
        refusal = None if same else ReferenceTaken(kind=document.kind.value, reference=document.reference)
        results.append(Recorded(kept, fresh=same and kept.seq in fresh, refusal=refusal))
        fresh.discard(kept.seq)
    return results


async def tell(uow: UnitOfWork, *, seqs: Sequence[int] | None = None) -> int:
    """Tell the documents whose close is known by now; returns how many. A timer asks for all that are left."""
    found = await cash.untold(uow, seqs=seqs, most=PORTION)
    if found:
        await cash.told(uow, [(each, f"/hansa/commission#{uow.emit(_event(each, uow))}") for each in found])
    return len(found)


def _event(found: Found, uow: UnitOfWork) -> CashFact:
    document = found.kept.document
    return _EVENTS[document.kind](
        occurred_at=document.at,
        recorded_at=uow.now,
        deal_id=found.deal_id,
        partner_id=found.partner_id,
        close_number=found.close_number,
        amount=MoneyAmount(amount_minor=document.amount.minor, currency=document.amount.currency),
        reference=document.reference,
        source=document.source,
        external_id=document.external_id,
    )
