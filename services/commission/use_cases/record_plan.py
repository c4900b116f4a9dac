"""Record plan versions that start today or later: they rule deals that close from then on, and nothing on record changes."""

import orjson

from services.commission.domain.refusals import PlanCurrencyFixed, PlanStartsInPast
from services.commission.plan_document import PlanDocument
from services.commission.store import plans
from services.commission.store.plans import Recorded
from shared.chassis.database import UnitOfWork

_LOCK = "commission plans"
_INSERT = """
insert into policies (version, effective_from, body, recorded_by, reason)
select coalesce(max(version), 0) + 1, $1, $2::text::jsonb, $3, $4 from policies"""


async def record_plan(uow: UnitOfWork, document: PlanDocument, *, recorded_by: str, reason: str) -> Recorded:
    """Add the document's versions. Raises PlanInvalid, PlanStartsInPast or PlanCurrencyFixed."""
    document = PlanDocument.read(document.model_dump(mode="json", by_alias=True))
    await uow.lock(_LOCK)
    plan = plans.joined([each.document for each in await plans.recorded(uow)])
    today = plan.calendar.day(uow.now)
    first = min(version.effective_from for version in document.versions)
    if first < today:
        raise PlanStartsInPast(first=first, today=today)
    if (document.currency, document.timezone, document.year_starts) != (plan.currency, plan.calendar.timezone, plan.calendar.year_starts):
        raise PlanCurrencyFixed(currency=plan.currency)
    body = orjson.dumps(document.model_dump(mode="json", by_alias=True)).decode()
    await uow.fetch(_INSERT, uow.now, body, recorded_by, reason)
    return (await plans.recorded(uow))[-1]
