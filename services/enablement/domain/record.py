"""A person's learning record with one partner, and the three steps that it grows by: enrol, complete, certify."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType
from uuid import UUID

from services.enablement.domain.calendar import add_months
from services.enablement.domain.courses import Course, CourseId
from services.enablement.domain.refusals import (
    AlreadyCertified,
    AlreadyCompleted,
    AlreadyEnrolled,
    InstantRefused,
    NotCompleted,
    NotEnrolled,
    PrerequisiteMissing,
)

PersonId = NewType("PersonId", UUID)
PartnerId = NewType("PartnerId", UUID)
EnrolmentId = NewType("EnrolmentId", UUID)
CertificateId = NewType("CertificateId", UUID)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person takes a course; completed, it is the completion and keeps its id. A course may be taken again."""

    id: EnrolmentId
    person_id: PersonId
    partner_id: PartnerId
    course_id: CourseId
    level: int
    enrolled_at: datetime
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """Holds over `[passed_at, valid_until)`. `expired` says whether the end has been announced."""

    id: CertificateId
    enrolment_id: EnrolmentId
    person_id: PersonId
    partner_id: PartnerId
    course_id: CourseId
    level: int
    passed_at: datetime
    valid_until: datetime
    expired: bool = False

    def holds_at(self, instant: datetime) -> bool:
        return self.passed_at <= instant < self.valid_until


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that one person has learned at one partner, in the order in which it was written down."""

    person_id: PersonId
    partner_id: PartnerId
    enrolments: tuple[Enrolment, ...] = ()
    certificates: tuple[Certificate, ...] = ()

    def latest(self, course_id: CourseId) -> Enrolment | None:
        """The newest enrolment in the course: at most this one is open."""
        return next((one for one in reversed(self.enrolments) if one.course_id == course_id), None)

    def completed_by(self, instant: datetime) -> frozenset[CourseId]:
        return frozenset(one.course_id for one in self.enrolments if one.completed_at and one.completed_at <= instant)


def enrol(record: Record, *, enrolment_id: EnrolmentId, course: Course, at: datetime, now: datetime) -> Enrolment:
    """Start the course at `at`. Raises InstantRefused, AlreadyEnrolled, PrerequisiteMissing."""
    _not_after(now, at, what="enrolment")
    latest = record.latest(course.id)
    if latest and latest.completed_at is None:
        raise AlreadyEnrolled(course=course.id)
    done = record.completed_by(at)
    missing = [one for one in course.prerequisites if one not in done]
    if missing:
        raise PrerequisiteMissing(course=course.id, missing=", ".join(missing))
    return Enrolment(enrolment_id, record.person_id, record.partner_id, course.id, course.level, enrolled_at=at)


def complete(record: Record, *, course: Course, at: datetime, now: datetime) -> Enrolment:
    """Finish the open enrolment at `at`. Raises InstantRefused, NotEnrolled, AlreadyCompleted."""
    _not_after(now, at, what="completion")
    latest = record.latest(course.id)
    if latest is None:
        raise NotEnrolled(course=course.id)
    if latest.completed_at:
        raise AlreadyCompleted(course=course.id)
    if at < latest.enrolled_at:
        raise InstantRefused(what="completion", where="before the enrolment")
    return replace(latest, completed_at=at)


def certify(record: Record, *, certificate_id: CertificateId, course: Course, months: int, at: datetime, now: datetime) -> Certificate:
    """Pass at `at`: one certificate for each completion, valid for `months`. Raises InstantRefused, NotCompleted, AlreadyCertified."""
    _not_after(now, at, what="pass")
    latest = record.latest(course.id)
    if latest is None or latest.completed_at is None:
        raise NotCompleted(course=course.id)
    if at < latest.completed_at:
        raise InstantRefused(what="pass", where="before the completion")
    if any(one.enrolment_id == latest.id for one in record.certificates):
        raise AlreadyCertified(course=course.id)
    until = add_months(at, months)
    return Certificate(
        certificate_id, latest.id, record.person_id, record.partner_id, course.id, latest.level, passed_at=at, valid_until=until
    )


def expire(certificate: Certificate, *, now: datetime) -> Certificate:
    """Note that the certificate ran out; a certificate that has not is a caller's bug (ValueError)."""
    if now < certificate.valid_until:
        raise ValueError(f"certificate {certificate.id} is valid until {certificate.valid_until}")
    return replace(certificate, expired=True)


def _not_after(now: datetime, at: datetime, *, what: str) -> None:
    if at > now:
        raise InstantRefused(what=what, where="in the future")
