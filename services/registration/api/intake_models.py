"""The error queue and the gaps as they are shown."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field

from services.registration.api.imports_models import ImportResult, result_of
from services.registration.domain.intake.error import ErrorState, IntakeError, Way
from services.registration.domain.intake.fixes import fix_of
from services.registration.domain.intake.gaps import Filled
from services.registration.store.gaps import Gap
from services.registration.use_cases.receive import Outcome


class ErrorOut(BaseModel):
    """A refused opportunity: why, what would help, and the row as received, as far as the intake knows its fields."""

    id: UUID
    source: str
    external_id: str | None
    way: Way
    code: str
    message: str
    fix: str
    row: dict[str, Any] | None
    line: int | None
    state: ErrorState
    count: int
    first_seen: datetime
    last_seen: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None

    @classmethod
    def of(cls, error: IntakeError) -> Self:
        rejected = error.rejected
        return cls(
            id=error.id,
            source=rejected.source,
            external_id=rejected.external_id,
            way=rejected.way,
            code=rejected.code,
            message=rejected.message,
            fix=fix_of(rejected.code),
            row=orjson.loads(rejected.row) if rejected.row else None,
            line=rejected.line,
            state=error.state,
            count=error.count,
            first_seen=error.first_seen,
            last_seen=error.last_seen,
            decided_at=error.decided_at,
            decided_by=error.decided_by,
            reason=error.reason,
        )


class Correction(BaseModel):
    """What became of a corrected row, and where its error stands now."""

    result: ImportResult
    error: ErrorOut

    @classmethod
    def of(cls, error: IntakeError, outcome: Outcome) -> Self:
        return cls(result=ImportResult(**result_of(outcome)), error=ErrorOut.of(error))


class CorrectedRow(BaseModel):
    """One line of a bulk correction: what to change in the row of which error; null takes a field away."""

    model_config = ConfigDict(extra="forbid")

    error_id: UUID
    patch: dict[str, Any]


class CorrectedResult(BaseModel):
    """What became of one line. `result` as for an import; `code` says why it is refused."""

    line: int
    error_id: UUID | None = None
    result: str
    state: Literal["open", "corrected", "dropped", "superseded"] | None = None
    code: str | None = None
    message: str | None = None


class DropIn(BaseModel):
    """Why the row is given up."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=2_000)]


class SpanOut(BaseModel):
    """Versions that never came."""

    first: int
    last: int


class GapOut(BaseModel):
    """An opportunity with states that never came. `filled_by`: `arrived`, or `read_again` by a newer or equally new state."""

    external_id: str
    missing: list[SpanOut]
    found_at: datetime
    filled_at: datetime | None
    filled_by: Filled | None

    @classmethod
    def of(cls, gap: Gap) -> Self:
        missing = [SpanOut(first=span.first, last=span.last) for span in gap.missing]
        return cls(external_id=gap.external_id, missing=missing, found_at=gap.found_at, filled_at=gap.filled_at, filled_by=gap.filled_by)
