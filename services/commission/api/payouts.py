"""Payouts over HTTP: payees and rules, batches from draft to settled, their files, and each partner's own payouts."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Request, Response

from services.commission.api.payout_models import (
    BatchView,
    BlockBody,
    Confirmation,
    Failures,
    NewBatch,
    NewPayoutRules,
    PayeeBody,
    PayeeView,
    PayoutRulesView,
    PayoutView,
    TaxFormBody,
)
from services.commission.domain.payouts import PayoutState
from services.commission.payout_files import pain001, table
from services.commission.store import payees, payout_batches, payouts
from services.commission.store.payees import Kept
from services.commission.store.plans import Plans
from services.commission.store.rule_book import PAYOUT_RULES
from services.commission.use_cases.payouts.decide_batch import approve_batch, cancel_batch, start_batch
from services.commission.use_cases.payouts.draft_batch import draft_batch
from services.commission.use_cases.payouts.export_batch import debtor_of, export_batch
from services.commission.use_cases.payouts.set_payee import set_block, set_payee, set_tax_form
from services.commission.use_cases.payouts.settle_payouts import confirm_payouts, fail_payouts
from services.commission.use_cases.record_rules import record_rules
from shared.chassis.errors import NotFound
from shared.chassis.http import IfMatch, InvalidRequest, Page, PageQuery, Principal, Router, Uow, etag, requires
from shared.chassis.vault import Vault

own_payees = Router(prefix="/v1/payees", tags=["payees"])
rules = Router(prefix="/v1/payout-rules", tags=["payouts"])
batches = Router(prefix="/v1/payout-batches", tags=["payouts"])
own_payouts = Router(prefix="/v1/payouts", tags=["payouts"])
ROUTERS = (own_payees, rules, batches, own_payouts)

PayeeReader = Annotated[Principal, requires("payees:read")]
PayeeOwner = Annotated[Principal, requires("payees:write")]
Finance = Annotated[Principal, requires("payouts:admin")]
PayoutReader = Annotated[Principal, requires("payouts:read")]
_INTERNAL = (PayoutState.DRAFTED, PayoutState.CANCELLED)  # what is only planned is no news for a partner


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes take from the application besides the transaction."""

    plans: Plans
    vault: Vault


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.payout_desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


@own_payees.get("")
async def all_payees(uow: Uow, actor: PayeeReader, paging: PageQuery) -> Page[PayeeView]:
    """Payees by partner; a partner sees its own."""
    after = paging.after(UUID)
    rows = await payees.page(uow, after=after[0] if after else None, limit=paging.limit + 1, partner_id=actor.partner_id)
    return paging.page(rows, view=PayeeView.of, key=lambda kept: (kept.payee.partner_id,))


@own_payees.get("/{partner_id}")
async def show_payee(partner_id: UUID, uow: Uow, actor: PayeeReader, response: Response) -> PayeeView:
    """Where a partner's money goes."""
    kept = await payees.find(uow, partner_id)
    if kept is None:
        raise NotFound(what="payee")
    return _payee(kept, response)


@own_payees.put("/{partner_id}")
async def change_payee(
    partner_id: UUID, body: PayeeBody, uow: Uow, actor: PayeeOwner, desk: AtDesk, if_match: IfMatch, response: Response
) -> PayeeView:
    """Say where the money goes; to change it, send the ETag that you read as `If-Match`. Drafted payouts to another account are skipped."""
    if actor.partner_id not in (None, partner_id):
        raise NotFound(what="payee")
    expects = partial(if_match.expects, required=True)
    return _payee(await set_payee(uow, partner_id, body.wish(), vault=desk.vault, by=actor.subject, expects=expects), response)


@own_payees.put("/{partner_id}/tax-form")
async def change_tax_form(partner_id: UUID, body: TaxFormBody, uow: Uow, actor: Finance, desk: AtDesk, response: Response) -> PayeeView:
    """Record the tax form that staff have seen."""
    return _payee(await set_tax_form(uow, partner_id, body.form, until=body.until, by=actor.subject, plans=desk.plans), response)


@own_payees.put("/{partner_id}/block")
async def change_block(partner_id: UUID, body: BlockBody, uow: Uow, actor: Finance, response: Response) -> PayeeView:
    """Keep a partner's money back, or no longer."""
    return _payee(await set_block(uow, partner_id, body.reason, by=actor.subject), response)


@rules.get("")
async def show_rules(uow: Uow, actor: Finance) -> PayoutRulesView:
    """The payout rules in force."""
    return PayoutRulesView.of(await PAYOUT_RULES.current(uow))


@rules.post("", status_code=201)
async def add_rules(body: NewPayoutRules, uow: Uow, actor: Finance) -> PayoutRulesView:
    """Record rules that hold from now on; a batch is drafted and started by the rules of that moment."""
    return PayoutRulesView.of(await record_rules(uow, PAYOUT_RULES, body.rules, by=actor.subject, reason=body.reason))


@batches.post("", status_code=201)
async def draft(body: NewBatch, uow: Uow, actor: Finance, desk: AtDesk) -> BatchView:
    """Draft a batch of all that is payable in a currency. Balances that are not paid are in it too, each with its reason."""
    batch_id = await draft_batch(uow, body.currency, execute_on=body.execute_on, by=actor.subject, plans=desk.plans)
    return await _batch(uow, batch_id)


@batches.get("")
async def all_batches(uow: Uow, actor: Finance, paging: PageQuery) -> Page[BatchView]:
    """Batches, the newest first."""
    before = paging.after(int)
    rows = await payout_batches.page(uow, before=before[0] if before else None, limit=paging.limit + 1)
    return paging.page(rows, view=BatchView.of, key=lambda shown: (shown.number,))


@batches.get("/{batch_id}")
async def show_batch(batch_id: UUID, uow: Uow, actor: Finance) -> BatchView:
    """One batch. Its payouts: `GET /v1/payouts?batch_id=`."""
    return await _batch(uow, batch_id)


@batches.post("/{batch_id}/approve")
async def approve(batch_id: UUID, uow: Uow, actor: Finance) -> BatchView:
    """Approve a draft; who drafted it cannot."""
    await approve_batch(uow, batch_id, by=actor.subject)
    return await _batch(uow, batch_id)


@batches.post("/{batch_id}/start")
async def start(batch_id: UUID, uow: Uow, actor: Finance, desk: AtDesk) -> BatchView:
    """Move the money from payable to in payout. What changed since the draft for the worse is skipped with its reason."""
    await start_batch(uow, batch_id, by=actor.subject, plans=desk.plans)
    return await _batch(uow, batch_id)


@batches.post("/{batch_id}/cancel")
async def cancel(batch_id: UUID, uow: Uow, actor: Finance) -> BatchView:
    """Give a batch up before it is started."""
    await cancel_batch(uow, batch_id, by=actor.subject)
    return await _batch(uow, batch_id)


@batches.get("/{batch_id}/export", response_class=Response)
async def export(batch_id: UUID, uow: Uow, actor: Finance, desk: AtDesk, format: Literal["csv", "pain.001"] = "pain.001") -> Response:  # noqa: A002
    """The file for the bank: ISO 20022 pain.001.001.09, or CSV. A batch gives the same bytes each time."""
    order = await export_batch(uow, batch_id, vault=desk.vault, by=actor.subject)
    if format == "csv":
        return _file(table.render(order), f"payout-batch-{order.number}.csv", "text/csv; charset=utf-8")
    content = pain001.render(order, await debtor_of(uow, order.currency))
    return _file(content, f"payout-batch-{order.number}.xml", "application/xml")


@batches.post("/{batch_id}/confirm")
async def confirm(batch_id: UUID, body: Confirmation, uow: Uow, actor: Finance, desk: AtDesk) -> BatchView:
    """The bank paid these payouts, or all that are under way."""
    at = body.paid_at or uow.now
    if at > uow.now:
        raise InvalidRequest(reason="paid_at lies in the future.")
    await confirm_payouts(uow, batch_id, body.payouts, at=at, reference=body.reference, plans=desk.plans)
    return await _batch(uow, batch_id)


@batches.post("/{batch_id}/fail")
async def fail(batch_id: UUID, body: Failures, uow: Uow, actor: Finance, desk: AtDesk) -> BatchView:
    """These payouts came back, each for its reason: their money is payable again."""
    reasons = {failure.payout_id: failure.reason for failure in body.payouts}
    await fail_payouts(uow, batch_id, reasons, plans=desk.plans)
    return await _batch(uow, batch_id)


@own_payouts.get("")
async def all_payouts(
    uow: Uow,
    actor: PayoutReader,
    paging: PageQuery,
    batch_id: UUID | None = None,
    partner_id: UUID | None = None,
    state: PayoutState | None = None,
) -> Page[PayoutView]:
    """Payouts in the order of their drafts; a partner sees its own once they are more than a plan."""
    after = paging.after(int)
    filters = {"batch_id": batch_id, "partner_id": partner_id or actor.partner_id, "state": state}
    hidden = _INTERNAL if actor.partner_id else ()
    rows = await payouts.page(uow, after=after[0] if after else 0, limit=paging.limit + 1, filters=filters, hidden=hidden)
    return paging.page(rows, view=PayoutView.of, key=lambda shown: (shown.seq,))


@own_payouts.get("/{payout_id}")
async def show_payout(payout_id: UUID, uow: Uow, actor: PayoutReader) -> PayoutView:
    """One payout."""
    shown = await payouts.get(uow, payout_id)
    if actor.partner_id and shown.payout.state in _INTERNAL:
        raise NotFound(what="payout")
    return PayoutView.of(shown)


async def _batch(uow: Uow, batch_id: UUID) -> BatchView:
    return BatchView.of(await payout_batches.get(uow, batch_id))


def _payee(kept: Kept, response: Response) -> PayeeView:
    etag(response, kept.version)
    return PayeeView.of(kept)


def _file(content: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
