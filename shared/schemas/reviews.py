"""Facts about registrations on their way to protection and while they hold it, owned by the service `registration`."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event, MoneyAmount
from shared.schemas.deals import DealFact


class DealSubmitted(DealFact):
    """A registration is in review: rivals are kept out until `blocks_until` at most. `submission` counts from 1."""

    topic: ClassVar[str] = "deal.submitted"
    account_id: UUID
    families: tuple[str, ...]
    territory: str
    country: str | None = None
    registered_at: AwareDatetime
    blocks_until: AwareDatetime
    submission: int = 1
    expected: MoneyAmount | None = None


class DealReturned(DealFact):
    """A registration in review went back to its partner, who is `asked` for something."""

    topic: ClassVar[str] = "deal.returned"
    asked: str


class DealRejected(DealFact):
    """A registration in review was rejected; its account is free."""

    topic: ClassVar[str] = "deal.rejected"
    reason: str


class DealExtensionRequested(DealFact):
    """A partner asked for an extension in time: protection holds until the decision, at most until `protected_until`."""

    topic: ClassVar[str] = "deal.extension_requested"
    protected_until: AwareDatetime


class DealExtensionDeclined(DealFact):
    """An extension was declined; protection ends at `protected_until`."""

    topic: ClassVar[str] = "deal.extension_declined"
    protected_until: AwareDatetime
    reason: str


class DealStageChanged(DealFact):
    """A partner told where its sale stands; `renewed` tells whether that prolonged protection, to `protected_until`."""

    topic: ClassVar[str] = "deal.stage_changed"
    stage: str
    previous_stage: str | None = None
    protected_until: AwareDatetime
    renewed: bool = False


class DealExpiring(DealFact):
    """Exclusivity will end at `ends_at`: `because` the `window` is over then, or the partner was `quiet` too long."""

    topic: ClassVar[str] = "deal.expiring"
    ends_at: AwareDatetime
    because: str


class ReviewLate(Event):
    """A registration waits for a decision that is nearly due or, `escalated`, overdue; `owner` is who has it in the queue.

    It is about the deal's review, no fact of the deal: its sequence counts the steps on the review's record, not the deal's facts.
    """

    topic: ClassVar[str] = "review.late"
    subject_field: ClassVar[str] = "deal_id"
    deal_id: UUID
    partner_id: UUID
    escalated: bool
    owner: str | None = None
