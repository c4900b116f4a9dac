"""Bodies of requests and answers; the wire's words for the domain's values."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.enablement.domain.courses import Catalogue, Course
from services.enablement.domain.record import Certificate, Enrolment
from shared.chassis.http import Instant


class Step(BaseModel):
    """Who learns what. `partner_id` is for staff and connected systems; a partner's own token names the partner by itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person_id: UUID
    course_id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,99}$")
    partner_id: UUID | None = None


class NewEnrolment(Step):
    """A person begins a course; now, if it is not said when."""

    enrolled_at: Instant | None = None


class NewCompletion(Step):
    """A person has finished a course; now, if it is not said when."""

    completed_at: Instant | None = None


class NewCertificate(Step):
    """A person has passed; now, if it is not said when."""

    passed_at: Instant | None = None


class CourseView(BaseModel):
    """A course of the programme as it stands today."""

    id: str
    level: int
    title: str
    hours: int
    topics: tuple[str, ...]
    prerequisites: tuple[str, ...]
    validity_months: int = Field(description="how long a certificate of this course holds")

    @classmethod
    def of(cls, course: Course, *, catalogue: Catalogue) -> Self:
        return cls(
            id=course.id,
            level=course.level,
            title=course.title,
            hours=course.hours,
            topics=course.topics,
            prerequisites=course.prerequisites,
            validity_months=catalogue.validity_months,
        )


class EnrolmentView(BaseModel):
    """An enrolment; once completed, its id is the id of the completion."""

    id: UUID
    person_id: UUID
    partner_id: UUID
    course_id: str
    level: int
    enrolled_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, enrolment: Enrolment) -> Self:
        return cls(
            id=enrolment.id,
            person_id=enrolment.person_id,
            partner_id=enrolment.partner_id,
            course_id=enrolment.course_id,
            level=enrolment.level,
            enrolled_at=enrolment.enrolled_at,
            completed_at=enrolment.completed_at,
        )


class Validity(StrEnum):
    """Whether a certificate holds at this moment; `expiring` holds too, and says that it is time to renew."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"


class CertificateView(BaseModel):
    """A person's certificate; it holds over `[passed_at, valid_until)`."""

    id: UUID
    person_id: UUID
    partner_id: UUID
    course_id: str
    level: int
    passed_at: datetime
    valid_until: datetime
    validity: Validity

    @classmethod
    def of(cls, certificate: Certificate, *, catalogue: Catalogue, now: datetime) -> Self:
        return cls(
            id=certificate.id,
            person_id=certificate.person_id,
            partner_id=certificate.partner_id,
            course_id=certificate.course_id,
            level=certificate.level,
            passed_at=certificate.passed_at,
            valid_until=certificate.valid_until,
            validity=_validity(certificate, catalogue=catalogue, now=now),
        )


def _validity(certificate: Certificate, *, catalogue: Catalogue, now: datetime) -> Validity:
    if not certificate.holds_at(now):
        return Validity.EXPIRED
    expiring = now >= certificate.valid_until - catalogue.warning
    return Validity.EXPIRING if expiring else Validity.VALID
