"""Where an entry comes from and what became of it: as data, and as a page of plain sentences."""

import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self
from uuid import UUID

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import BaseModel, Field

from services.commission.api.models import EntryView
from services.commission.domain.entries import Account
from services.commission.domain.explaining import explain as explained
from services.commission.domain.explaining import money
from services.commission.domain.plan import Plan
from services.commission.domain.ruling import rule_text
from services.commission.store import plans, reading
from services.commission.store.reading import Shown
from services.commission.store.tracing import Movement, PaidBy, Trace, trace
from shared.chassis.database import UnitOfWork
from shared.chassis.http import Principal, Router, Uow, requires
from shared.chassis.money import Money

explanations = Router(prefix="/v1/entries", tags=["entries"])
Reader = Annotated[Principal, requires("entries:read")]
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
)
_PLACES = {
    Account.EXPENSE: "the programme's expense",
    Account.HELD: "held",
    Account.PAYABLE: "payable",
    Account.IN_PAYOUT: "in payout",
    Account.PAID: "paid",
}


class ExplainedStep(BaseModel):
    """One step of a figure; `amount` is exact, in major units."""

    what: str
    amount: str


class MovementView(BaseModel):
    """Money of the entry that moved from one account to another."""

    at: datetime
    source: Account
    target: Account
    amount: str
    what: str


class RelatedView(BaseModel):
    """An entry of the same deal; the amounts of all of them add up to what stands of it."""

    id: UUID
    kind: str
    amount: str
    reason: str
    event_id: str
    recorded_at: datetime


class PayoutLineView(BaseModel):
    """The payout that took the balance along in which the entry's money stood; it pays balances, not single entries."""

    id: UUID
    state: str
    started_at: datetime
    amount: str
    pays: str
    rate: str | None
    rate_source: str | None
    reference: str | None


class ExplanationView(BaseModel):
    """How an entry came about: the amounts of `steps` add up to `total` exactly, those of `deal` to `stands`."""

    entry: EntryView
    steps: list[ExplainedStep]
    total: str
    rule_text: list[str] = Field(description="what the plan version says that the entry follows")
    movements: list[MovementView]
    deal: list[RelatedView] = Field(description="the partner's entries of the same deal, this one among them")
    stands: str
    payout: PayoutLineView | None
    sentences: list[str]

    @classmethod
    def of(cls, found: Shown, plan: Plan, traced: Trace) -> Self:
        entry, told = found.entry, explained(found.entry)
        rules = rule_text(entry, plan)
        return cls(
            entry=EntryView.of(found),
            steps=[ExplainedStep(what=step.what, amount=step.amount) for step in told.steps],
            total=_major(entry.amount, entry.currency),
            rule_text=list(rules),
            movements=[_movement(each, entry.currency) for each in traced.movements],
            deal=[_related(each) for each in traced.related],
            stands=_major(sum(each.entry.amount for each in traced.related), entry.currency),
            payout=None if traced.paid_by is None else _payout(traced.paid_by, entry.currency),
            sentences=[_event(found), *told.sentences, *_became(found, traced)],
        )


@explanations.get("/{entry_id}/explain")
async def explain(entry_id: UUID, uow: Uow, actor: Reader) -> ExplanationView:
    """Every step of an entry's figure, with amounts that add up; the event, rule and money's way; and the same in plain sentences."""
    return await _explanation(uow, entry_id)


@explanations.get("/{entry_id}/page", response_class=HTMLResponse)
async def page(entry_id: UUID, uow: Uow, actor: Reader) -> Response:
    """The explanation as a page for people; it loads nothing and runs nothing."""
    nonce = secrets.token_urlsafe(12)
    html = _templates.get_template("explanation.html").render(told=await _explanation(uow, entry_id), nonce=nonce)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'"
    return HTMLResponse(html, headers={"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"})


async def _explanation(uow: UnitOfWork, entry_id: UUID) -> ExplanationView:
    found = await reading.get(uow, entry_id)
    return ExplanationView.of(found, await plans.on_record(uow), await trace(uow, found))


def _event(found: Shown) -> str:
    entry = found.entry
    of_deal = f" of close {entry.close_number} of deal {entry.deal_id}" if entry.deal_id and entry.close_number else ""
    return f"Event {entry.fact_id} made this entry{of_deal}; it was recorded on {found.recorded_at:%Y-%m-%d %H:%M} UTC."


def _became(found: Shown, traced: Trace) -> Iterator[str]:
    """The money's way since."""
    entry = found.entry
    for moved in traced.movements:
        if Account.EXPENSE not in (moved.source, moved.target):
            yield _moved(moved, entry.currency)
    if found.disputed:
        yield "A dispute about it is to be settled; its money is held meanwhile."
    if found.contested_at is not None:
        since = f"{found.contested_at:%Y-%m-%d %H:%M} UTC"
        yield f"A conflict over its deal is open; since {since} its money is held, and goes on by itself once that is decided."
    if len(traced.related) > 1:
        stands = sum(each.entry.amount for each in traced.related)
        yield f"All {len(traced.related)} entries of this partner on the deal together: {money(stands, entry.currency)} stands."
    if (paid := traced.paid_by) is not None:
        arrives = f", which arrive as {money(paid.pays_minor, paid.pays_currency)}" if paid.pays_currency != entry.currency else ""
        rate = f" at {paid.rate} by {paid.rate_source}" if paid.rate else ""
        balance, day = money(paid.amount, entry.currency), f"{paid.started_at:%Y-%m-%d}"
        yield f"Payout {paid.id}, started on {day}, took it along in a balance of {balance}{arrives}{rate}: {paid.state}."


def _moved(moved: Movement, currency: str) -> str:
    amount, day = money(moved.amount, currency), f"{moved.at:%Y-%m-%d %H:%M} UTC"
    if (moved.source, moved.target) == (Account.HELD, Account.PAYABLE):
        return f"Its hold ended on {day}: {amount} became payable."
    if (moved.source, moved.target) == (Account.PAYABLE, Account.HELD):
        return f"It was frozen on {day}, as in a dispute or a conflict: {amount} went back to held."
    return f"On {day} {amount} went from {_PLACES[moved.source]} to {_PLACES[moved.target]}."


def _movement(moved: Movement, currency: str) -> MovementView:
    what = f"from {_PLACES[moved.source]} to {_PLACES[moved.target]}"
    return MovementView(at=moved.at, source=moved.source, target=moved.target, amount=_major(moved.amount, currency), what=what)


def _related(found: Shown) -> RelatedView:
    entry = found.entry
    amount = _major(entry.amount, entry.currency)
    return RelatedView(
        id=entry.id, kind=entry.kind, amount=amount, reason=entry.reason, event_id=entry.fact_id, recorded_at=found.recorded_at
    )


def _payout(paid: PaidBy, currency: str) -> PayoutLineView:
    pays = f"{_major(paid.pays_minor, paid.pays_currency)} {paid.pays_currency}"
    return PayoutLineView(
        id=paid.id,
        state=paid.state,
        started_at=paid.started_at,
        amount=_major(paid.amount, currency),
        pays=pays,
        rate=paid.rate,
        rate_source=paid.rate_source,
        reference=paid.reference,
    )


def _major(minor: int, currency: str) -> str:
    return str(Money(minor, currency))
