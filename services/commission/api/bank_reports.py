"""Banks' reports on payouts over HTTP: a pain.002 is uploaded once, and each of its lines has a result."""

from fastapi import Request

from services.commission.api.bank_report_models import BankReportView
from services.commission.api.payouts import AtDesk, Finance
from services.commission.payout_files import pain002
from services.commission.store import bank_reports
from services.commission.use_cases.payouts.take_report import take_report
from shared.chassis.http import Page, PageQuery, Router, Uow

reports = Router(prefix="/v1/bank-reports", tags=["payouts"])
_XML = "application/xml"
_BODY = {"required": True, "content": {_XML: {"schema": {"type": "string", "description": "pain.002.001.10 or pain.002.001.03"}}}}


@reports.post("", openapi_extra={"requestBody": _BODY})
async def take(request: Request, uow: Uow, actor: Finance, desk: AtDesk) -> BankReportView:
    """Take a bank's status report in: what arrived is paid, what it refused is payable again. A repeated file does nothing."""
    content = await request.body()
    reported = await take_report(uow, pain002.read(content), content, by=actor.subject, plans=desk.plans)
    return BankReportView.of(reported.taken, repeated=reported.repeated)


@reports.get("")
async def index(uow: Uow, actor: Finance, paging: PageQuery) -> Page[BankReportView]:
    """Reports, the newest first."""
    before = paging.after(int)
    rows = await bank_reports.page(uow, before=before[0] if before else None, limit=paging.limit + 1)
    return paging.page(rows, view=BankReportView.of, key=lambda taken: (taken.seq,))
