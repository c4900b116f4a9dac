"""Certify a person who passed."""

from datetime import datetime

from services.enablement.domain import record as rules
from services.enablement.domain.record import Certificate, CertificateId, PartnerId, PersonId
from services.enablement.mapping import PASSED, certification_passed
from services.enablement.policy import Programme
from services.enablement.store import records
from services.enablement.use_cases.learning import catalogue_at, record_of
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def certify(
    uow: UnitOfWork, programme: Programme, *, person_id: PersonId, partner_id: PartnerId, course_id: str, at: datetime
) -> Certificate:
    """Valid as long as the programme in force at `at` says. Raises as `complete` does, and what `record.certify` refuses."""
    catalogue = await catalogue_at(uow, programme, instant=at)
    course = catalogue.course(course_id)
    record = await record_of(uow, person_id=person_id, partner_id=partner_id)
    certificate = rules.certify(
        record,
        certificate_id=CertificateId(new_id()),
        course=course,
        months=catalogue.validity_months,
        at=at,
        now=uow.now,
    )
    await records.add_certificate(uow, certificate)
    uow.emit(certification_passed(certificate, recorded_at=uow.now), sequence=PASSED)
    return certificate
