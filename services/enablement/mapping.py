"""Others' events → what this service makes of them; this service's facts → the events that it publishes."""

from datetime import datetime

from services.enablement.domain.partners import KnownPartner, Standing
from services.enablement.domain.record import Certificate, Enrolment, PartnerId
from shared.schemas.enablement import CertificationExpired, CertificationPassed, TrainingCompleted
from shared.schemas.partners import PartnerActivated, PartnerFact, PartnerSuspended, PartnerTerminated

# The version of its aggregate that each fact brings: an enrolment is made (1) and completed, a certificate passes and expires.
COMPLETED = 2
PASSED = 1
EXPIRED = 2

STANDINGS: dict[type[PartnerFact], Standing] = {
    PartnerActivated: Standing.ACTIVE,
    PartnerSuspended: Standing.SUSPENDED,
    PartnerTerminated: Standing.TERMINATED,
}


def partner_heard(event: PartnerFact, *, sequence: int) -> KnownPartner:
    """What an event about a partner tells this service: its standing at that version."""
    return KnownPartner(PartnerId(event.partner_id), STANDINGS[type(event)], sequence)


def training_completed(enrolment: Enrolment, *, recorded_at: datetime) -> TrainingCompleted:
    """The course was finished when the person did, not when somebody told us."""
    if enrolment.completed_at is None:
        raise ValueError(f"enrolment {enrolment.id} is not completed")
    return TrainingCompleted(
        completion_id=enrolment.id,
        person_id=enrolment.person_id,
        partner_id=enrolment.partner_id,
        course_id=enrolment.course_id,
        level=enrolment.level,
        occurred_at=enrolment.completed_at,
        recorded_at=recorded_at,
    )


def certification_passed(certificate: Certificate, *, recorded_at: datetime) -> CertificationPassed:
    return CertificationPassed(
        certificate_id=certificate.id,
        person_id=certificate.person_id,
        partner_id=certificate.partner_id,
        course_id=certificate.course_id,
        level=certificate.level,
        valid_until=certificate.valid_until,
        occurred_at=certificate.passed_at,
        recorded_at=recorded_at,
    )


def certification_expired(certificate: Certificate, *, recorded_at: datetime) -> CertificationExpired:
    """The certificate ran out at its end, not when the timer noticed."""
    return CertificationExpired(
        certificate_id=certificate.id,
        person_id=certificate.person_id,
        partner_id=certificate.partner_id,
        course_id=certificate.course_id,
        level=certificate.level,
        expired_at=certificate.valid_until,
        occurred_at=certificate.valid_until,
        recorded_at=recorded_at,
    )
