"""Note that a person has completed a course."""

from datetime import datetime

from services.enablement.domain import record as rules
from services.enablement.domain.record import Enrolment, PartnerId, PersonId
from services.enablement.mapping import COMPLETED, training_completed
from services.enablement.policy import Programme
from services.enablement.store import records
from services.enablement.use_cases.learning import catalogue_at, record_of
from shared.chassis.database import UnitOfWork


async def complete(
    uow: UnitOfWork, programme: Programme, *, person_id: PersonId, partner_id: PartnerId, course_id: str, at: datetime
) -> Enrolment:
    """Raises PartnerUnknown, PartnerNotActive, CourseUnknown, and what `record.complete` refuses."""
    course = (await catalogue_at(uow, programme, instant=at)).course(course_id)
    record = await record_of(uow, person_id=person_id, partner_id=partner_id)
    completion = rules.complete(record, course=course, at=at, now=uow.now)
    await records.save_completion(uow, completion)
    uow.emit(training_completed(completion, recorded_at=uow.now), sequence=COMPLETED)
    return completion
