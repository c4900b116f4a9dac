"""The catalogue of courses over HTTP."""

from typing import Annotated

from services.enablement.api.caller import InForce
from services.enablement.api.models import CourseView
from services.enablement.use_cases.learning import catalogue_at
from shared.chassis.http import Page, Principal, Router, Uow, requires

router = Router(prefix="/v1/courses", tags=["courses"])
Reader = Annotated[Principal, requires("courses:read")]


@router.get("")
async def index(uow: Uow, actor: Reader, programme: InForce) -> Page[CourseView]:
    """The courses in force now, each below its prerequisites; all on one page."""
    catalogue = await catalogue_at(uow, programme, instant=uow.now)
    return Page(items=[CourseView.of(course, catalogue=catalogue) for course in catalogue.courses], next=None)
