"""Enrol a person in a course."""

from datetime import datetime

from services.enablement.domain import record as rules
from services.enablement.domain.record import Enrolment, EnrolmentId, PartnerId, PersonId
from services.enablement.policy import Programme
from services.enablement.store import records
from services.enablement.use_cases.learning import catalogue_at, record_of
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def enrol(
    uow: UnitOfWork, programme: Programme, *, person_id: PersonId, partner_id: PartnerId, course_id: str, at: datetime
) -> Enrolment:
    """Raises PartnerUnknown, PartnerNotActive, CourseUnknown, and what `record.enrol` refuses."""
    course = (await catalogue_at(uow, programme, instant=at)).course(course_id)
    record = await record_of(uow, person_id=person_id, partner_id=partner_id)
    enrolment = rules.enrol(record, enrolment_id=EnrolmentId(new_id()), course=course, at=at, now=uow.now)
    await records.add_enrolment(uow, enrolment)
    return enrolment
