"""The ledger over HTTP: entries, balances, what waits, and the audit."""

from typing import Annotated
from uuid import UUID

from services.commission.api.models import AuditView, BalanceView, EntryView, WaitingView
from services.commission.store import reading
from services.commission.use_cases.audit import audit
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, requires

entries = Router(prefix="/v1/entries", tags=["entries"])
balances = Router(prefix="/v1/balances", tags=["balances"])
books = Router(prefix="/v1", tags=["books"])

Reader = Annotated[Principal, requires("entries:read")]
BalanceReader = Annotated[Principal, requires("balances:read")]
Auditor = Annotated[Principal, requires("books:admin")]


@entries.get("")
async def index(uow: Uow, actor: Reader, paging: PageQuery, partner_id: UUID | None = None, deal_id: UUID | None = None) -> Page[EntryView]:
    """Entries in posting order; a partner sees its own."""
    after = paging.after(int)
    whose = partner_id or actor.partner_id
    rows = await reading.page(uow, after=after[0] if after else 0, limit=paging.limit + 1, partner_id=whose, deal_id=deal_id)
    return paging.page(rows, view=EntryView.of, key=lambda shown: (shown.seq,))


@entries.get("/{entry_id}")
async def show(entry_id: UUID, uow: Uow, actor: Reader) -> EntryView:
    """One entry."""
    return EntryView.of(await reading.get(uow, entry_id))


@balances.get("")
async def all_balances(uow: Uow, actor: BalanceReader, paging: PageQuery, partner_id: UUID | None = None) -> Page[BalanceView]:
    """What is held, payable, in payout and paid, by partner and currency."""
    after = paging.after(UUID, str)
    whose = partner_id or actor.partner_id
    rows = await reading.balances_page(uow, after=(after[0], after[1]) if after else None, limit=paging.limit + 1, partner_id=whose)
    return paging.page(rows, view=BalanceView.of, key=lambda balance: (balance.partner_id, balance.currency))


@books.get("/waiting")
async def waiting(uow: Uow, actor: Auditor, paging: PageQuery) -> Page[WaitingView]:
    """Facts that wait, oldest first, each with its reason."""
    after = paging.after(int)
    rows = await reading.waiting(uow, after=after[0] if after else 0, limit=paging.limit + 1)
    return paging.page(rows, view=WaitingView.of, key=lambda waits: (waits.id,))


@books.get("/audit")
async def audited(uow: Uow, actor: Auditor) -> AuditView:
    """Books balanced, and the ledger is what its journal gives. Reads everything: for operators, not for dashboards."""
    return AuditView.of(await audit(uow))
