"""What is answered for each row of an import, and for a single opportunity."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from services.registration.domain.deals.facts import Closed, Reopened
from services.registration.domain.intake.desk import Taken
from services.registration.domain.intake.fixes import fix_of
from services.registration.use_cases.receive import Outcome

Result = Literal["registered", "won", "lost", "open", "unchanged", "conflict", "refused"]


class ImportResult(BaseModel):
    """What became of one row. `registered`, `won`, `lost`: new, and now there; `open`: opened again; `conflict`: new, but a rival
    held the account, so without protection (`stage` says where it stands); `refused`: see `code` and `fix`. The field `conflict` stays
    true for such a deal when it is sent again. `news` tells what the row was to what was known; a refused one is in the error queue as
    `error_id`, unless a newer state has settled it already.
    """

    line: int | None = None
    external_id: str | None = None
    result: Result
    stage: str | None = None
    registered: bool = False
    conflict: bool = False
    code: str | None = None
    deal_id: UUID | None = None
    message: str | None = None
    news: Literal["fresh", "stale", "repeat", "echo"] | None = None
    error_id: UUID | None = None
    fix: str | None = None


def result_of(outcome: Outcome) -> dict[str, Any]:
    """The fields of an ImportResult."""
    seen, fault, taken = outcome.arrival.seen, outcome.fault, outcome.taken
    deal = taken.deal if taken else None
    return {
        "line": outcome.arrival.line,
        "external_id": seen.external_id if seen else None,
        "result": word(taken) if taken else "refused",
        "stage": deal.state.value if deal else None,
        "registered": taken.registered if taken else False,
        "conflict": deal is not None and deal.conflict,
        "code": fault.code if fault else None,
        "deal_id": deal.id if deal else None,
        "message": fault.message if fault else None,
        "news": taken.news if taken else None,
        "error_id": outcome.error_id,
        "fix": fix_of(fault.code) if fault else None,
    }


def word(taken: Taken) -> Result:
    """The one word for what became of a row."""
    if taken.refusal or taken.deal is None:
        return "refused"
    if taken.registered and taken.deal.conflict:
        return "conflict"
    if not taken.steps:
        return "unchanged"
    last = taken.steps[-1][1]
    if isinstance(last, Closed):
        return "won" if last.outcome.value == "won" else "lost"
    if isinstance(last, Reopened):
        return "open"
    return "registered" if taken.registered else "won"  # an amended win is still a win
