"""Enrolments and completions over HTTP."""

from typing import Annotated
from uuid import UUID

from services.enablement.api.caller import InForce, partner_of
from services.enablement.api.models import EnrolmentView, NewCompletion, NewEnrolment
from services.enablement.domain.record import PersonId
from services.enablement.store import records
from services.enablement.use_cases.complete import complete
from services.enablement.use_cases.enrol import enrol
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, requires

enrolments = Router(prefix="/v1/enrolments", tags=["enrolments"])
completions = Router(prefix="/v1/completions", tags=["completions"])


@enrolments.post("", status_code=201)
async def start(
    body: NewEnrolment, uow: Uow, programme: InForce, actor: Annotated[Principal, requires("enrolments:write")]
) -> EnrolmentView:
    """Enrol a person in a course; its prerequisites must be completed."""
    person_id, partner_id = PersonId(body.person_id), partner_of(actor, body)
    at = body.enrolled_at or uow.now
    return EnrolmentView.of(await enrol(uow, programme, person_id=person_id, partner_id=partner_id, course_id=body.course_id, at=at))


@enrolments.get("")
async def list_enrolments(
    uow: Uow, actor: Annotated[Principal, requires("enrolments:read")], paging: PageQuery, person_id: UUID | None = None
) -> Page[EnrolmentView]:
    """Enrolments, open and completed, in the order in which they were written down."""
    return await _page(uow, paging, actor, person_id=person_id, completed=None)


@completions.post("", status_code=201)
async def finish(
    body: NewCompletion, uow: Uow, programme: InForce, actor: Annotated[Principal, requires("completions:write")]
) -> EnrolmentView:
    """Note that a person has completed the course that it is enrolled in."""
    person_id, partner_id = PersonId(body.person_id), partner_of(actor, body)
    at = body.completed_at or uow.now
    return EnrolmentView.of(await complete(uow, programme, person_id=person_id, partner_id=partner_id, course_id=body.course_id, at=at))


@completions.get("")
async def list_completions(
    uow: Uow, actor: Annotated[Principal, requires("completions:read")], paging: PageQuery, person_id: UUID | None = None
) -> Page[EnrolmentView]:
    """Completed enrolments in the order in which they were begun."""
    return await _page(uow, paging, actor, person_id=person_id, completed=True)


async def _page(uow: Uow, paging: PageQuery, actor: Principal, *, person_id: UUID | None, completed: bool | None) -> Page[EnrolmentView]:
    after = paging.after(UUID)
    rows = await records.page_enrolments(
        uow,
        after=after[0] if after else None,
        limit=paging.limit + 1,
        partner_id=actor.partner_id,
        person_id=person_id,
        completed=completed,
    )
    return paging.page(rows, view=EnrolmentView.of, key=lambda enrolment: (enrolment.id,))
