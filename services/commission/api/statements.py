"""Statements over HTTP: listed, read as they were issued, and printed."""

import asyncio
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from services.commission.domain.calendar import PeriodKind
from services.commission.statement_pdf import render
from services.commission.store import held_back
from services.commission.store.held_back import HeldBack
from services.commission.store.statements import Issued, Rules, add_rules, get, page, rules
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, etag, requires

statements = Router(prefix="/v1/statements", tags=["statements"])

statement_rules = Router(prefix="/v1/statement-rules", tags=["statements"])

held_back_statements = Router(prefix="/v1/held-back-statements", tags=["statements"])

Reader = Annotated[Principal, requires("statements:read")]
Keeper = Annotated[Principal, requires("statements:admin")]
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "The printed statement", "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}
_JSON: dict[int | str, dict[str, Any]] = {
    200: {"description": "The statement", "content": {"application/json": {"schema": {"type": "object"}}}}
}


class StatementView(BaseModel):
    """An issued statement in short. Days are of the programme calendar; `period_until` is the first day after it."""

    id: UUID
    partner_id: UUID
    number: int = Field(description="from 1, without gaps for each partner")
    period_from: date
    period_until: date
    issued_at: datetime
    hash: str = Field(description="SHA-256 of the document's canonical JSON without its `hash`")
    former_hash: str | None = Field(description="that of the statement before it")

    @classmethod
    def of(cls, issued: Issued) -> Self:
        return cls(**{name: getattr(issued, name) for name in cls.model_fields})


class HeldBackView(BaseModel):
    """A partner whose next statement differs from the ledger: it is tried again every hour."""

    partner_id: UUID
    reason: str = Field(description="which facts give something else")
    since: datetime
    tried_at: datetime

    @classmethod
    def of(cls, held: HeldBack) -> Self:
        return cls(**{name: getattr(held, name) for name in cls.model_fields})


class NewStatementRules(BaseModel):
    """How long a statement's period is from now on, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Literal[PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR]
    reason: str = Field(min_length=1, max_length=500)


class StatementRulesView(BaseModel):
    """A version of the rules: who decided it, when and why. The last one is in force; without one, a period is a month."""

    version: int
    period: PeriodKind
    recorded_at: datetime
    recorded_by: str
    reason: str

    @classmethod
    def of(cls, recorded: Rules) -> Self:
        return cls(**{name: getattr(recorded, name) for name in cls.model_fields})


@statement_rules.get("")
async def all_rules(uow: Uow, actor: Keeper) -> list[StatementRulesView]:
    """Every version of the rules, the one in force last."""
    return [StatementRulesView.of(each) for each in await rules(uow)]


@statement_rules.post("", status_code=201)
async def new_rules(body: NewStatementRules, uow: Uow, actor: Keeper) -> StatementRulesView:
    """Decide how long periods are from each partner's next statement on; what was issued stays as it is."""
    return StatementRulesView.of(await add_rules(uow, body.period, by=actor.subject, reason=body.reason))


@held_back_statements.get("")
async def held_back_index(uow: Uow, actor: Keeper, paging: PageQuery) -> Page[HeldBackView]:
    """Statements that are not issued since they differ from the ledger, by partner, with the reason."""
    after = paging.after(UUID)
    rows = await held_back.page(uow, after=after[0] if after else None, limit=paging.limit + 1)
    return paging.page(rows, view=HeldBackView.of, key=lambda held: (held.partner_id,))


@statements.get("")
async def index(uow: Uow, actor: Reader, paging: PageQuery, partner_id: UUID | None = None) -> Page[StatementView]:
    """Statements by partner and number; a partner sees its own."""
    after = paging.after(UUID, int)
    whose = partner_id or actor.partner_id
    rows = await page(uow, after=(after[0], after[1]) if after else None, limit=paging.limit + 1, partner_id=whose)
    return paging.page(rows, view=StatementView.of, key=lambda issued: (issued.partner_id, issued.number))


@statements.get("/{statement_id}", responses=_JSON, response_class=Response)
async def show(statement_id: UUID, uow: Uow, actor: Reader) -> Response:
    """The statement byte for byte as it was issued: what `hansa statement verify` reads."""
    issued = await get(uow, statement_id)
    response = Response(issued.document, media_type="application/json")
    etag(response, issued.hash)
    return response


@statements.get("/{statement_id}/pdf", responses=_PDF, response_class=Response)
async def printed(statement_id: UUID, uow: Uow, actor: Reader) -> Response:
    """The statement for people, on A4."""
    issued = await get(uow, statement_id)
    content = await asyncio.to_thread(render, orjson.loads(issued.document))
    name = f"statement-{issued.number:04d}-{issued.period_from}.pdf"
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})
