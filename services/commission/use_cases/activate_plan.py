"""Make a draft a version of the plan, from a day on: it rules deals that close from then on, and nothing on record changes."""

from datetime import date
from uuid import UUID

from services.commission.domain.drafting import ONE_VERSION
from services.commission.domain.refusals import PlanInvalid
from services.commission.plan_document import PlanDocument
from services.commission.store import drafts
from services.commission.store.plans import Recorded
from services.commission.use_cases.check_plan import dated
from services.commission.use_cases.draft_plan import Expects, locked
from services.commission.use_cases.record_plan import record_plan
from shared.chassis.database import UnitOfWork


async def activate_plan(uow: UnitOfWork, draft_id: UUID, *, start: date, reason: str, by: str, expects: Expects) -> Recorded:
    """The draft as the plan's next version. Raises NotFound, DraftActivated, VersionMismatch and whatever `record_plan` raises.

    The draft is locked first and the plan second, so that of two people who activate it at once one finds it activated.
    """
    draft = await locked(uow, draft_id, expects=expects)
    document = PlanDocument.read(dated(draft.document, start=start, otherwise=start))
    if len(document.versions) > 1:
        raise PlanInvalid.of([ONE_VERSION])
    recorded = await record_plan(uow, document, recorded_by=by, reason=reason)
    await drafts.became(uow, draft_id, recorded.first, by=by)
    return recorded
