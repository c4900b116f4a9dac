"""Facts about deals, owned by the service `registration`."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.schemas.base import Event, Model, MoneyAmount, Share


class Outcome(StrEnum):
    """How a deal ended."""

    WON = "won"
    LOST = "lost"


class DealLine(Model):
    """One line of a deal. `amount_minor` is net revenue of the whole line in the deal's currency: after discount, without tax."""

    line_id: str
    product: str
    family: str
    quantity: int = 1
    amount_minor: int = Field(ge=0)


class Credit(Model):
    """A beneficiary's share of a deal; the shares of a deal total exactly 1."""

    partner_id: UUID
    share: Share


class DealFact(Event):
    """What every fact about one deal carries. `partner_id` is the registrant (or, imported, the partner of record).

    `source` and `external_id` name the sales system's opportunity that the deal follows. `origin` is that source where it told of the
    change itself: whoever writes facts back into it leaves those out.
    """

    subject_field: ClassVar[str] = "deal_id"
    deal_id: UUID
    partner_id: UUID
    source: str | None = None
    external_id: str | None = None
    origin: str | None = None


class DealRegistered(DealFact):
    """A deal was registered; protection holds over `[protected_from, protected_until)`, or not at all (`protected` false).

    `lead_id` names the lead that it was converted from.
    """

    topic: ClassVar[str] = "deal.registered"
    account_id: UUID
    families: tuple[str, ...]
    territory: str
    country: str | None = None
    registered_at: AwareDatetime
    protected: bool = True
    protected_from: AwareDatetime
    protected_until: AwareDatetime
    expected: MoneyAmount | None = None
    lead_id: UUID | None = None


class DealDuplicateRefused(Event):
    """A partner's registration was refused because the account is taken. It never says by whom.

    `waiting_id` is the partner's place in line: the one that this became, under the same id and as its first fact, or an earlier one.
    It is absent where no line is kept or none was asked for, and where the partner itself holds what it asked for.
    """

    topic: ClassVar[str] = "deal.duplicate_refused"
    subject_field: ClassVar[str] = "refusal_id"
    refusal_id: UUID
    partner_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    code: str
    waiting_id: UUID | None = None


class DealExtended(DealFact):
    """Protection was prolonged to `protected_until`."""

    topic: ClassVar[str] = "deal.extended"
    previous_until: AwareDatetime
    protected_until: AwareDatetime


class DealExpired(DealFact):
    """Exclusivity ended at `expired_at`; the deal itself lives on.

    `because` the `window` was over, the partner was `quiet` for longer than the programme allows, or two customers turned out to be one
    (`merged`) and an earlier registration keeps its protection.
    """

    topic: ClassVar[str] = "deal.expired"
    expired_at: AwareDatetime
    because: str = "window"


class DealWithdrawn(DealFact):
    """The partner (or staff) took the registration back."""

    topic: ClassVar[str] = "deal.withdrawn"
    reason: str


class DealTerms(DealFact):
    """The whole commercial content of a closed deal: enough to pay commission without asking anyone.

    `close_number` counts the closes of this deal from 1: a reopened deal that closes again has 2.
    `amount` is the sum of the lines. `credits` total exactly 1; `overlays` are influence, apart, may exceed 1.
    """

    close_number: int = 1
    closed_at: AwareDatetime
    amount: MoneyAmount
    lines: tuple[DealLine, ...]
    credits: tuple[Credit, ...]
    overlays: tuple[Credit, ...] = ()
    territory: str
    country: str | None = None
    partner_type: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)


class DealClosed(DealTerms):
    """A deal was won or lost at `closed_at` (= `occurred_at`). `protected` tells whether exclusivity still held."""

    topic: ClassVar[str] = "deal.closed"
    outcome: Outcome
    protected: bool = True


class DealAmended(DealTerms):
    """The terms of a won close were corrected: these replace the former ones whole. `revision` counts from 1 within a close."""

    topic: ClassVar[str] = "deal.amended"
    revision: int
    reason: str


class DealReopened(DealFact):
    """Close number `close_number` was undone; the deal is open again.

    `protected` tells whether what is left of its window protects it again, which is then over `[protected_from, protected_until)`.
    """

    topic: ClassVar[str] = "deal.reopened"
    close_number: int
    reason: str
    protected: bool | None = None
    protected_from: AwareDatetime | None = None
    protected_until: AwareDatetime | None = None


class RefundLine(Model):
    """The part of one line that was refunded."""

    line_id: str
    amount_minor: int = Field(gt=0)


class DealRefunded(DealFact):
    """Money went back to the customer: `amount` in all; `lines` when the parts are known, else it counts pro rata over all lines.

    `revision` is that of the terms it was accepted under, so that a reader can wait for an amendment that is still on its way.
    """

    topic: ClassVar[str] = "deal.refunded"
    refund_id: UUID
    close_number: int
    revision: int = 0
    amount: MoneyAmount
    lines: tuple[RefundLine, ...] = ()
    reason: str | None = None
