"""Facts about co-selling, owned by the service `registration`: one event for each party, which tells its own part alone."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, TypedDict
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event, Share


class EndReason(StrEnum):
    """`replaced` by another signed version, `superseded` by another proposal, `declined`, `lapsed`, or a side `left`."""

    REPLACED = "replaced"
    SUPERSEDED = "superseded"
    DECLINED = "declined"
    LAPSED = "lapsed"
    LEFT = "left"


class Head(TypedDict):
    """What every fact about a version carries."""

    agreement_id: UUID
    deal_id: UUID
    partner_id: UUID
    number: int
    occurred_at: datetime
    recorded_at: datetime


class Part(TypedDict):
    """The party's own part."""

    role: str
    share: str
    overlay: bool
    hash: str


class CosellFact(Event):
    """What every fact about one version of an agreement carries. `partner_id` is the party that is told."""

    subject_field: ClassVar[str] = "agreement_id"
    agreement_id: UUID
    deal_id: UUID
    partner_id: UUID
    number: int


class CosellPart(CosellFact):
    """A party's part: a share of the split, or (`overlay`) credit for influence beside it. `hash` is what all sign."""

    role: str
    share: Share
    overlay: bool
    hash: str


class CosellInvited(CosellPart):
    """A version was proposed; it is to be signed by all before `respond_by`."""

    topic: ClassVar[str] = "cosell.invited"
    respond_by: AwareDatetime


class CosellAgreed(CosellPart):
    """All sides have signed the version: it is in force, and gives the split when the deal is won."""

    topic: ClassVar[str] = "cosell.agreed"


class CosellEnded(CosellFact):
    """A version is over, for a party that has none instead.

    `because` is there where no side ended it: `deal_over` (lost, withdrawn or rejected), `deal_won` (an invitation that was open then),
    `deal_reassigned` (a conflict's decision gave the deal to another partner), `partner_inactive` (a party may not work any more).
    `reason` is then the nearest older word: `left` for what was in force, `lapsed` for an invitation.
    """

    topic: ClassVar[str] = "cosell.ended"
    reason: EndReason
    because: str | None = None


class CosellStepOverdue(Event):
    """The day of a step of a joint plan is over; told once to its owner."""

    topic: ClassVar[str] = "cosell.step_overdue"
    subject_field: ClassVar[str] = "step_id"
    step_id: UUID
    agreement_id: UUID
    partner_id: UUID
    due_on: date
