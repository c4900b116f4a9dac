"""This service's facts in their published form: dated when they happened, not when they were noticed."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.enablement.domain.courses import CourseId
from services.enablement.domain.record import Certificate, CertificateId, Enrolment, EnrolmentId, PartnerId, PersonId
from services.enablement.mapping import certification_expired, certification_passed, training_completed

THEN = datetime(2025, 3, 1, tzinfo=UTC)
END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 5, 1, tzinfo=UTC)
PERSON, PARTNER, COURSE = PersonId(UUID(int=1)), PartnerId(UUID(int=2)), CourseId("foundation")
OPEN = Enrolment(EnrolmentId(UUID(int=3)), PERSON, PARTNER, COURSE, 1, enrolled_at=THEN)
PAPER = Certificate(CertificateId(UUID(int=4)), OPEN.id, PERSON, PARTNER, COURSE, 1, passed_at=THEN, valid_until=END)


def test_completion_when_published_then_occurred_when_the_person_finished() -> None:
    done = Enrolment(OPEN.id, PERSON, PARTNER, COURSE, 1, enrolled_at=THEN, completed_at=END)
    event = training_completed(done, recorded_at=NOW)
    assert (event.subject, event.key) == (str(OPEN.id), str(PARTNER))
    assert (event.occurred_at, event.recorded_at) == (END, NOW)


def test_completion_when_the_enrolment_is_open_then_a_bug() -> None:
    with pytest.raises(ValueError, match="not completed"):
        training_completed(OPEN, recorded_at=NOW)


def test_certificate_when_passed_then_valid_over_its_half_open_window() -> None:
    event = certification_passed(PAPER, recorded_at=NOW)
    assert (event.occurred_at, event.valid_until) == (THEN, END)


def test_certificate_when_expired_then_occurred_at_its_end() -> None:
    event = certification_expired(PAPER, recorded_at=NOW)
    assert (event.occurred_at, event.expired_at, event.recorded_at) == (END, END, NOW)
