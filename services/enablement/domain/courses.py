"""The catalogue of courses: data of the programme, so that levels and prerequisites change without a release."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NewType

from services.enablement.domain.refusals import CourseUnknown

CourseId = NewType("CourseId", str)


@dataclass(frozen=True, slots=True)
class Course:
    """One course of a level. `prerequisites` must all be completed before a person may enrol."""

    id: CourseId
    level: int
    title: str
    hours: int
    topics: tuple[str, ...]
    prerequisites: tuple[CourseId, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The courses on offer, how many months a certificate holds, and how long before its end it is flagged."""

    courses: tuple[Course, ...]
    validity_months: int = 12
    warning: timedelta = timedelta(days=60)

    def course(self, course_id: str) -> Course:
        """Raises CourseUnknown."""
        for course in self.courses:
            if course.id == course_id:
                return course
        raise CourseUnknown(course=course_id)
