"""Facts about trainings and certificates, owned by the service `enablement`."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event


class PersonFact(Event):
    """What every fact about one person's learning carries; the record key is the partner."""

    person_id: UUID
    partner_id: UUID
    course_id: str
    level: int


class TrainingCompleted(PersonFact):
    """A person finished a course at `occurred_at`."""

    topic: ClassVar[str] = "training.completed"
    subject_field: ClassVar[str] = "completion_id"
    completion_id: UUID


class CertificationPassed(PersonFact):
    """A person holds a certificate over `[occurred_at, valid_until)`."""

    topic: ClassVar[str] = "certification.passed"
    subject_field: ClassVar[str] = "certificate_id"
    certificate_id: UUID
    valid_until: AwareDatetime


class CertificationExpired(PersonFact):
    """A certificate ran out at `expired_at`."""

    topic: ClassVar[str] = "certification.expired"
    subject_field: ClassVar[str] = "certificate_id"
    certificate_id: UUID
    expired_at: AwareDatetime
