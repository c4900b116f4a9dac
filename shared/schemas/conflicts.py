"""Facts about conflicts between registrations and about what their decisions did to deals, owned by the service `registration`."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event, Model, Share
from shared.schemas.deals import DealFact


class ConflictFact(Event):
    """What one side of a conflict is told: nothing in it is of another side. `side_id` is the aggregate, `deal_ids` are its own deals."""

    subject_field: ClassVar[str] = "side_id"
    conflict_id: UUID
    side_id: UUID
    partner_id: UUID
    deal_ids: tuple[UUID, ...]


class ConflictOpened(ConflictFact):
    """There is a conflict about deals of this partner: `kind` is overlap, probable_duplicate, territory_breach or direct_sales."""

    topic: ClassVar[str] = "conflict.opened"
    kind: str


class ConflictEscalated(ConflictFact):
    """The step that is to be done next was not done in time, and somebody higher up looks after the conflict now."""

    topic: ClassVar[str] = "conflict.escalated"
    step: str
    due_at: AwareDatetime


class Correction(Model):
    """The correction (`deal.amended`) by which a decision changed who is credited for a deal that was won already."""

    deal_id: UUID
    close_number: int
    revision: int


class ConflictDecided(ConflictFact):
    """What the decision means for this side, and the clause of the policy it stands on. `share` where the credit is shared.

    `correction`: the decision corrected this won deal of the side, so that what it means for money is told by that correction.
    """

    topic: ClassVar[str] = "conflict.decided"
    effect: str
    share: Share | None = None
    policy_version: int
    clause: str
    correction: Correction | None = None


class ConflictCommunicated(ConflictFact):
    """The letter to this side can be read."""

    topic: ClassVar[str] = "conflict.communicated"
    effect: str


class DealReassigned(DealFact):
    """A decision gave an open deal to `partner_id`, whose facts begin with this one: it says what `deal.registered` would have said.

    `from_partner_id` had it before. What is left of the window goes over.
    """

    topic: ClassVar[str] = "deal.reassigned"
    from_partner_id: UUID
    reason: str
    account_id: UUID
    families: tuple[str, ...]
    territory: str
    country: str | None = None
    registered_at: AwareDatetime
    protected: bool
    protected_from: AwareDatetime
    protected_until: AwareDatetime
    close_number: int = 0
    source: str | None = None
    external_id: str | None = None


class DealProtectionEnded(DealFact):
    """A decision ended the exclusivity of an open deal at `ended_at`; the deal itself lives on."""

    topic: ClassVar[str] = "deal.protection_ended"
    ended_at: AwareDatetime
    reason: str
