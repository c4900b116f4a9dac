"""Invoices and payments over HTTP: one at a time or many, and what became of each."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from services.commission.api.cash_models import CashResult, CashRow, CashView, NewDocument
from services.commission.domain.cash import CashKind, Document, VendorOnly
from services.commission.store import cash
from services.commission.use_cases.record_cash import Recorded, record_cash
from shared.chassis.errors import Refused
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, lines, requires

MAX_ROWS = 500
_Refusal = tuple[str, str]

CashReader = Annotated[Principal, requires("cash:read")]
CashKeeper = Annotated[Principal, requires("cash:write")]
Standing = Literal["waiting", "sent", "booked", "refused"]
Reference = Annotated[str | None, Query(min_length=1, max_length=200)]

imports = Router(prefix="/v1/cash", tags=["cash"])


def _vendor(actor: Principal) -> str:
    if actor.partner_id is not None:
        raise VendorOnly
    return actor.subject


def _routes(kind: CashKind, *, path: str) -> Router:
    router = Router(prefix=f"/v1/{path}", tags=["cash"])

    @router.get("", name=f"list_{path}")
    async def index(
        uow: Uow,
        actor: CashReader,
        paging: PageQuery,
        deal_id: UUID | None = None,
        state: Standing | None = None,
        reference: Reference = None,
    ) -> Page[CashView]:
        """As they came in, each with what became of it; a partner sees those of its deals."""
        after = paging.after(int)
        filters = {"partner_id": actor.partner_id, "deal_id": deal_id, "state": state, "reference": reference}
        rows = await cash.page(uow, kind, after=after[0] if after else 0, limit=paging.limit + 1, filters=filters)
        return paging.page(rows, view=CashView.of, key=lambda kept: (kept.seq,))

    @router.post("", status_code=201, name=f"record_{kind}")
    async def record(body: NewDocument, uow: Uow, actor: CashKeeper, response: Response) -> CashView:
        """Bring one in. The same document again is answered with 200 and counts once; its deal may still be unknown."""
        (recorded,) = await record_cash(uow, [body.document(kind)], by=_vendor(actor))
        if recorded.refusal:
            raise recorded.refusal
        if not recorded.fresh:
            response.status_code = 200
        return CashView.of(recorded.kept)

    return router


invoices = _routes(CashKind.INVOICE, path="invoices")
payments = _routes(CashKind.PAYMENT, path="payments")


@imports.post("/imports", **lines.documented(CashRow, CashResult, limit=MAX_ROWS))
async def import_cash(request: Request, uow: Uow, actor: CashKeeper) -> Response:
    """Bring many in, invoices and payments mixed; sending them twice changes nothing."""
    rows = [(line, *_read(text)) for line, text in lines.split(await request.body(), limit=MAX_ROWS)]
    await uow.plan_for_arrays()
    documents = [told for _, _, told in rows if isinstance(told, Document)]
    recorded = await record_cash(uow, documents, by=_vendor(actor))
    return lines.answered(_results(rows, recorded))


def _read(text: bytes) -> tuple[str | None, Document | _Refusal]:
    """The reference and the document of a line, or why it is none."""
    told = lines.read(CashRow, text)
    if isinstance(told, tuple):
        return None, told
    try:
        return told.reference, told.document(told.kind)
    except Refused as refusal:
        return told.reference, (refusal.code, refusal.message)


def _results(rows: Sequence[tuple[int, str | None, Document | _Refusal]], recorded: Sequence[Recorded]) -> Iterator[CashResult]:
    decided = iter(recorded)
    for line, reference, told in rows:
        if isinstance(told, tuple):
            yield CashResult(line=line, reference=reference, result="refused", code=told[0], message=told[1])
        else:
            yield _result(line, next(decided))


def _result(line: int, recorded: Recorded) -> CashResult:
    refusal, reference = recorded.refusal, recorded.kept.document.reference
    if refusal:
        return CashResult(line=line, reference=reference, result="refused", code=refusal.code, message=refusal.message)
    return CashResult(line=line, reference=reference, result="recorded" if recorded.fresh else "unchanged", state=recorded.kept.state)
