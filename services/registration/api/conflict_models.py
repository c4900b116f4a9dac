"""What conflicts read and answer over HTTP. A partner is shown its own side; `staff` is what the vendor alone sees."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.registration.api.models import CreditIn, CreditOut, Text
from services.registration.api.request_body import RequestBody
from services.registration.domain.conflicts.conflict import (
    Conflict,
    ConflictOutcome,
    ConflictState,
    ConflictStep,
    Effect,
    Kind,
    Ruling,
    Said,
    Side,
)
from services.registration.store.conflict_papers import Evidence, Filed, ReferenceKind
from services.registration.store.conflicts import SideSeen

Words = Annotated[str, Field(min_length=1, max_length=4_000)]


class NewConflict(RequestBody):
    """A conflict that somebody sees. A partner names deals of its own; who the other side is, staff finds out."""

    deal_ids: tuple[UUID, ...] = Field(min_length=1, max_length=50)
    kind: Kind = Kind.OVERLAP
    text: Words


class ConflictStepIn(RequestBody):
    """What was done in the step that is due."""

    step: ConflictStep = Field(description="identify, investigate or mediate: the others have routes of their own")
    text: Words


class SideIn(RequestBody):
    """A deal that is concerned too, or a partner without a deal."""

    deal_id: UUID | None = None
    partner_id: UUID | None = None


class ConflictDecisionIn(RequestBody):
    """The decision and the clause of the policy it stands on.

    `reassign` gives `deal_id` to `to_partner_id`; `split` credits `credits`, which total exactly 1; `end_protection` ends that of
    `deal_id`; `uphold` changes nothing. All are sides of the conflict.
    """

    outcome: ConflictOutcome
    policy_version: int = Field(ge=1, le=2**31 - 1)
    clause: Annotated[str, Field(min_length=1, max_length=300, examples=["registration.credit_after_expiry"])]
    reason: Words
    deal_id: UUID | None = None
    to_partner_id: UUID | None = None
    credits: tuple[CreditIn, ...] = Field((), max_length=100)


class WordsIn(RequestBody):
    """Words that one side's letter says besides what the programme writes."""

    side_id: UUID
    text: Words


class CommunicationIn(RequestBody):
    """How it was communicated, and words for single sides."""

    text: Words
    words: tuple[WordsIn, ...] = Field((), max_length=100)


class PreventionIn(RequestBody):
    """What prevents the next one: a patch of the policy to be proposed, or none and why."""

    text: Words
    patch: dict[str, Any] | None = Field(None, max_length=50, examples=[{"cool_off_days": 30}])


class EvidenceIn(RequestBody):
    """A reference to an event, a receipt or a document. Staff may share it with one side (`side_id`), in words of its own."""

    kind: ReferenceKind
    reference: Text
    note: Words
    side_id: UUID | None = Field(None, description="for the vendor only: who is shown it; without it nobody but staff")


class SideOut(BaseModel):
    """One side. Without a partner it is the vendor's own sales."""

    id: UUID
    partner_id: UUID | None
    deal_ids: tuple[UUID, ...]
    account_name: str
    effect: Effect | None = Field(description="what the decision means for it")
    share: str | None

    @classmethod
    def of(cls, side: Side) -> Self:
        same = {name: getattr(side, name) for name in ("id", "partner_id", "deal_ids", "account_name", "effect")}
        return cls(**same, share=str(side.share) if side.share is not None else None)


class RulingOut(BaseModel):
    """The decision."""

    outcome: ConflictOutcome
    policy_version: int
    clause: str
    reason: str
    decided_at: datetime
    decided_by: str
    deal_id: UUID | None
    to_partner_id: UUID | None
    credits: list[CreditOut]

    @classmethod
    def of(cls, ruling: Ruling) -> Self:
        return cls(
            outcome=ruling.outcome,
            policy_version=ruling.clause.policy_version,
            clause=ruling.clause.path,
            reason=ruling.said.text,
            decided_at=ruling.said.at,
            decided_by=ruling.said.by,
            deal_id=ruling.deal_id,
            to_partner_id=ruling.to,
            credits=[CreditOut.of(credit) for credit in ruling.credits],
        )


class StaffOut(BaseModel):
    """What staff sees of a conflict."""

    account_id: UUID
    by_rule: bool
    opened_at: datetime
    step_due_at: datetime
    opened_by: str
    note: str
    owner: str
    escalated_at: datetime | None
    version: int
    ruling: RulingOut | None


class ConflictOut(BaseModel):
    """A conflict; `step` is the one to be done next. A partner finds its own side in `sides`, and nobody else's.

    Both days are no more than days: an instant would tell to the microsecond when somebody else came.
    """

    id: UUID
    kind: Kind
    state: ConflictState
    step: ConflictStep
    step_due_on: date
    opened_on: date
    sides: list[SideOut]
    staff: StaffOut | None = None

    @classmethod
    def whole(cls, conflict: Conflict, sides: list[Side]) -> Self:
        """As staff sees it."""
        ruling = RulingOut.of(conflict.ruling) if conflict.ruling else None
        opened = {"opened_at": conflict.opened.at, "opened_by": conflict.opened.by, "note": conflict.opened.text}
        same = {name: getattr(conflict, name) for name in ("account_id", "by_rule", "step_due_at", "owner", "escalated_at", "version")}
        return cls(
            **{name: getattr(conflict, name) for name in ("id", "kind", "state", "step")},
            step_due_on=conflict.step_due_at.date(),
            opened_on=conflict.opened.at.date(),
            sides=[SideOut.of(side) for side in sides if side.conflict_id == conflict.id],
            staff=StaffOut(**same, **opened, ruling=ruling),
        )

    @classmethod
    def of_side(cls, seen: SideSeen) -> Self:
        """As the partner of that side sees it."""
        same = {name: getattr(seen, name) for name in ("kind", "state", "step", "step_due_on", "opened_on")}
        return cls(**same, id=seen.side.conflict_id, sides=[SideOut.of(seen.side)])


class ConflictStepOut(BaseModel):
    """A step on record."""

    step: ConflictStep
    text: str
    at: datetime
    by: str

    @classmethod
    def of(cls, step: ConflictStep, said: Said) -> Self:
        return cls(step=step, text=said.text, at=said.at, by=said.by)


class EvidenceOut(BaseModel):
    """A piece of evidence. `by_side` is false for what staff gave; who gave it is shown to staff."""

    id: UUID
    kind: ReferenceKind
    reference: str
    note: str
    by_side: bool
    given_at: datetime
    side_id: UUID | None
    given_by: str | None

    @classmethod
    def of(cls, evidence: Evidence, *, staff: bool) -> Self:
        same = {name: getattr(evidence, name) for name in ("id", "kind", "reference", "by_side", "side_id")}
        said = evidence.said
        return cls(**same, note=said.text, given_at=said.at, given_by=said.by if staff else None)


class LetterOut(BaseModel):
    """The letter to one side."""

    side_id: UUID
    subject: str
    body: str
    written_at: datetime

    @classmethod
    def of(cls, letter: Filed) -> Self:
        return cls(side_id=letter.side_id, subject=letter.subject, body=letter.body, written_at=letter.written_at)
