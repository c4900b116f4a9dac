"""The enablement section of the programme: read from `programme.yaml` once, afterwards versioned data."""

from datetime import timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.enablement.domain.courses import Catalogue, Course, CourseId
from shared.chassis.policies import Policies


class CoursePolicy(BaseModel):
    """One course as the programme names it; `prerequisites` are ids of other courses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    level: int = Field(ge=1)
    title: str
    hours: int = Field(gt=0)
    topics: tuple[str, ...]
    prerequisites: tuple[str, ...] = ()


class EnablementPolicy(BaseModel):
    """The whole section. A course must stand below the courses that it requires, which also rules out circles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    validity_months: int = Field(12, ge=1)
    warn_days: int = Field(60, ge=0)
    courses: tuple[CoursePolicy, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _prerequisites_stand_above(self) -> Self:
        seen: set[str] = set()
        for course in self.courses:
            missing = set(course.prerequisites) - seen
            if missing:
                raise ValueError(f"course {course.id} requires {sorted(missing)}, which must be listed above it")
            if course.id in seen:
                raise ValueError(f"course {course.id} is listed twice")
            seen.add(course.id)
        return self

    def catalogue(self) -> Catalogue:
        """The rules' own view of the section."""
        courses = tuple(
            Course(
                CourseId(one.id), one.level, one.title, one.hours, one.topics, tuple(CourseId(required) for required in one.prerequisites)
            )
            for one in self.courses
        )
        return Catalogue(courses, self.validity_months, timedelta(days=self.warn_days))


# Reads the versions of the section and keeps those that it has parsed.
Programme = Policies[EnablementPolicy]
