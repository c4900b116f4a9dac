"""Bodies about the plan: its versions, drafts of the next one, and what is wrong with a draft."""

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.commission.domain.brackets import Fault
from services.commission.plan_document import PlanDocument
from services.commission.store.drafts import Draft
from services.commission.store.plans import Recorded
from services.commission.use_cases.check_plan import Checked

# What each fault and warning means, for who wrote the plan; a code that is not here is one of the document's shape.
SENTENCES = {
    "bracket_gap": "Revenue between this bracket and the next one would earn nothing: let the next begin where this one ends.",
    "bracket_overlap": "Revenue would fall into this bracket and the next one: let the next begin where this one ends.",
    "bracket_start": "The first bracket begins at 0.",
    "bracket_end": "The last bracket, and no other, is open: its `to` is null.",
    "bracket_empty": "A bracket ends above where it begins.",
    "rate_invalid": "A rate is a decimal from 0 to 1 of at most twelve places.",
    "rate_falls": "The rate falls while the whole amount is rated: a partner with more revenue would earn less.",
    "flat_invalid": "A flat amount is 0 or more.",
    "amounts_empty": "The upper amount lies above the lower one.",
    "amounts_not_top": "A reward has one amount for all places, or one for each.",
    "rerate_of_divided_parts": "Rules, invoices and cash do not go with rerate and split: commission together; change one of them.",
    "gives_not_one": "It pays one thing: a rate, a flat amount, or what else it may name.",
    "name_taken": "Another one before it has this name; sums are kept by name.",
    "partner_invalid": "A partner is named by its id.",
    "period_endless": "It is decided when its period ends, and this one never does.",
    "window_empty": "It ends after the day on which it begins.",
    "hold_invalid": "Commission is held for 0 days or more.",
    "amount_precision": "An amount has more decimals than the currency.",
    "currency_unknown": "This is no currency of ISO 4217.",
    "timezone_unknown": "This is no time zone of the IANA database.",
    "draft_one_version": "A draft is one version of the plan; begin a draft for each.",
    "plan_currency_fixed": "Currency, time zone and first month are the programme's for good: positions are kept in them.",
    "plan_starts_in_past": "A version may start today or later.",
    "missing": "This has to be given.",
    "extra_forbidden": "The plan has no such option.",
}
_SHAPE = "This is not what belongs here; see the document's schema."


class NewPlan(BaseModel):
    """Plan versions to record, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: PlanDocument
    reason: str = Field(min_length=1, max_length=500)


class PlanView(BaseModel):
    """One recorded plan document; its versions are numbered from `first_version`, and are never edited."""

    first_version: int
    recorded_at: datetime
    recorded_by: str
    reason: str
    document: PlanDocument

    @classmethod
    def of(cls, recorded: Recorded) -> Self:
        return cls(
            first_version=recorded.first,
            recorded_at=recorded.recorded_at,
            recorded_by=recorded.recorded_by,
            reason=recorded.reason,
            document=recorded.document,
        )


class DraftBody(BaseModel):
    """A version of the plan as far as it is written. It may have faults; `effective_from` may be left to its activation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: dict[str, Any] = Field(description="a plan document with one version")
    note: str = Field("", max_length=2_000)


class Activation(BaseModel):
    """From which day of the programme calendar on the draft rules (today or later), and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effective_from: date
    reason: str = Field(min_length=1, max_length=500)


class FaultView(BaseModel):
    """Something about a plan: a stable code, its place in the document, and what it means."""

    code: str
    place: str
    message: str

    @classmethod
    def of(cls, fault: Fault) -> Self:
        return cls(code=fault.code, place=fault.place, message=SENTENCES.get(fault.code, _SHAPE))


class ValidationView(BaseModel):
    """All that is wrong with a draft and all that is odd about it; without faults it may be activated."""

    ok: bool
    faults: list[FaultView]
    warnings: list[FaultView]

    @classmethod
    def of(cls, checked: Checked) -> Self:
        faults = [FaultView.of(fault) for fault in checked.faults]
        return cls(ok=not faults, faults=faults, warnings=[FaultView.of(fault) for fault in checked.warnings])


class DraftView(BaseModel):
    """A draft. `plan_version` is the version of the plan that it became, if it was activated."""

    id: UUID
    document: dict[str, Any]
    note: str
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    plan_version: int | None

    @classmethod
    def of(cls, draft: Draft) -> Self:
        return cls(**{name: getattr(draft, name) for name in cls.model_fields})
