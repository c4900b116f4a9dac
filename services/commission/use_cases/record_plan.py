"""Record plan versions that start today or later: they rule deals that close from then on, and nothing on record changes."""

from services.commission.domain.refusals import PlanCurrencyFixed, PlanInvalid, PlanStartsInPast
from services.commission.plan_document import PlanDocument
from services.commission.store import plans
from services.commission.store.plans import Recorded
from services.commission.use_cases.check_plan import strangers
from shared.chassis.database import UnitOfWork

_LOCK = "commission plans"


async def record_plan(uow: UnitOfWork, document: PlanDocument, *, recorded_by: str, reason: str) -> Recorded:
    """Add the document's versions. Raises PlanInvalid, PlanStartsInPast or PlanCurrencyFixed."""
    document = PlanDocument.read(document.model_dump(mode="json", by_alias=True))
    if nobody := list(strangers(document)):
        raise PlanInvalid.of(nobody)
    await uow.lock(_LOCK)
    plan = await plans.on_record(uow)
    today = plan.calendar.day(uow.now)
    first = min(version.effective_from for version in document.versions)
    if first < today:
        raise PlanStartsInPast(first=first, today=today)
    if (document.currency, document.timezone, document.year_starts) != (plan.currency, plan.calendar.timezone, plan.calendar.year_starts):
        raise PlanCurrencyFixed(currency=plan.currency)
    return await plans.add(uow, document, by=recorded_by, reason=reason)
