"""The three steps of learning: enrol, complete, certify; and what is refused on the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.enablement.domain import record as rules
from services.enablement.domain.courses import Catalogue, Course, CourseId
from services.enablement.domain.record import Certificate, CertificateId, Enrolment, EnrolmentId, PartnerId, PersonId, Record
from services.enablement.domain.refusals import (
    AlreadyCertified,
    AlreadyCompleted,
    AlreadyEnrolled,
    CourseUnknown,
    InstantRefused,
    NotCompleted,
    NotEnrolled,
    PrerequisiteMissing,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
FOUNDATION = Course(CourseId("foundation"), 1, "Foundation", 2, ("Product overview",))
SALES = Course(CourseId("sales"), 2, "Sales", 8, ("Methodology",), prerequisites=(FOUNDATION.id,))
NOBODY = Record(PersonId(UUID(int=1)), PartnerId(UUID(int=2)))
FIRST = EnrolmentId(UUID(int=3))
SECOND = EnrolmentId(UUID(int=4))
PAPER = CertificateId(UUID(int=5))


def enrolled(*, at: datetime = NOW - 10 * DAY) -> Record:
    return replace(NOBODY, enrolments=(rules.enrol(NOBODY, enrolment_id=FIRST, course=FOUNDATION, at=at, now=NOW),))


def completed(*, at: datetime = NOW - 5 * DAY) -> Record:
    return replace(NOBODY, enrolments=(rules.complete(enrolled(), course=FOUNDATION, at=at, now=NOW),))


def certify(record: Record, *, at: datetime = NOW) -> Certificate:
    return rules.certify(record, certificate_id=PAPER, course=FOUNDATION, months=12, at=at, now=NOW)


def test_enrol_when_nothing_is_required_then_open() -> None:
    started = enrolled().enrolments[0]
    assert started == Enrolment(FIRST, NOBODY.person_id, NOBODY.partner_id, FOUNDATION.id, 1, enrolled_at=NOW - 10 * DAY)


def test_enrol_when_the_level_before_is_missing_then_refused_by_name() -> None:
    with pytest.raises(PrerequisiteMissing) as refusal:
        rules.enrol(enrolled(), enrolment_id=SECOND, course=SALES, at=NOW, now=NOW)
    assert refusal.value.message == "The course sales requires foundation first."


def test_enrol_when_the_prerequisite_is_completed_then_open() -> None:
    assert rules.enrol(completed(), enrolment_id=SECOND, course=SALES, at=NOW, now=NOW).course_id == "sales"


def test_enrol_when_the_prerequisite_was_completed_later_then_refused() -> None:
    with pytest.raises(PrerequisiteMissing):
        rules.enrol(completed(at=NOW), enrolment_id=SECOND, course=SALES, at=NOW - DAY, now=NOW)


def test_enrol_when_still_open_then_refused() -> None:
    with pytest.raises(AlreadyEnrolled):
        rules.enrol(enrolled(), enrolment_id=SECOND, course=FOUNDATION, at=NOW, now=NOW)


def test_enrol_when_completed_before_then_the_course_may_be_taken_again() -> None:
    assert rules.enrol(completed(), enrolment_id=SECOND, course=FOUNDATION, at=NOW, now=NOW).completed_at is None


def test_complete_when_enrolled_then_keeps_the_enrolment() -> None:
    done = completed().enrolments[0]
    assert (done.id, done.completed_at) == (FIRST, NOW - 5 * DAY)


def test_complete_when_never_enrolled_then_refused() -> None:
    with pytest.raises(NotEnrolled):
        rules.complete(NOBODY, course=FOUNDATION, at=NOW, now=NOW)


def test_complete_when_completed_then_refused() -> None:
    with pytest.raises(AlreadyCompleted):
        rules.complete(completed(), course=FOUNDATION, at=NOW, now=NOW)


def test_complete_when_before_the_enrolment_then_refused() -> None:
    with pytest.raises(InstantRefused):
        rules.complete(enrolled(), course=FOUNDATION, at=NOW - 11 * DAY, now=NOW)


def test_certify_when_completed_then_valid_for_a_year() -> None:
    paper = certify(completed())
    assert (paper.passed_at, paper.valid_until) == (NOW, datetime(2027, 3, 1, 9, tzinfo=UTC))


@pytest.mark.parametrize("record", [NOBODY, enrolled()])
def test_certify_when_not_completed_then_refused(record: Record) -> None:
    with pytest.raises(NotCompleted):
        certify(record)


def test_certify_when_this_completion_has_its_certificate_then_refused() -> None:
    record = completed()
    with pytest.raises(AlreadyCertified):
        certify(replace(record, certificates=(certify(record),)))


def test_certify_when_taken_again_then_renewed_before_the_first_ends() -> None:
    first = certify(completed())
    again = Enrolment(SECOND, NOBODY.person_id, NOBODY.partner_id, FOUNDATION.id, 1, enrolled_at=NOW, completed_at=NOW)
    renewed = certify(Record(NOBODY.person_id, NOBODY.partner_id, (*completed().enrolments, again), (first,)))
    assert (renewed.enrolment_id, first.holds_at(NOW)) == (SECOND, True)


def test_certify_when_before_the_completion_then_refused() -> None:
    with pytest.raises(InstantRefused):
        certify(completed(), at=NOW - 6 * DAY)


@pytest.mark.parametrize("step", ["enrol", "complete", "certify"])
def test_step_when_in_the_future_then_refused(step: str) -> None:
    extra: dict[str, dict[str, object]] = {
        "enrol": {"enrolment_id": SECOND},
        "complete": {},
        "certify": {"certificate_id": PAPER, "months": 12},
    }
    with pytest.raises(InstantRefused):
        getattr(rules, step)(completed(), course=FOUNDATION, at=NOW + DAY, now=NOW, **extra[step])


def test_holds_when_exactly_at_the_end_then_no_more() -> None:
    paper = certify(completed())
    assert paper.holds_at(paper.passed_at)
    assert paper.holds_at(paper.valid_until - timedelta(microseconds=1))
    assert not paper.holds_at(paper.valid_until)


def test_expire_when_at_the_end_then_noted_and_not_a_moment_earlier() -> None:
    paper = certify(completed())
    assert rules.expire(paper, now=paper.valid_until).expired
    with pytest.raises(ValueError, match="valid until"):
        rules.expire(paper, now=paper.valid_until - timedelta(microseconds=1))


def test_course_when_not_in_the_catalogue_then_refused() -> None:
    with pytest.raises(CourseUnknown):
        Catalogue((FOUNDATION,)).course("sales")
