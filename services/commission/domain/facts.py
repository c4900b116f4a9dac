"""What commission is told: closes, corrections, refunds and its own timer's decisions, in its own words."""

from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from services.commission.domain.calendar import PeriodKind
from services.commission.domain.entries import Account, Given, Kind
from shared.chassis.values import Value

PROGRAMME = UUID(int=0)  # the stream of facts that are no single partner's


class Credit(Value, frozen=True):
    """A beneficiary's share of a deal; the shares total exactly 1."""

    partner_id: UUID
    share: Fraction


class Line(Value, frozen=True):
    """Net revenue of one line, in minor units of the deal's currency."""

    line_id: str
    product: str
    family: str
    amount: int
    quantity: int = 1


class Terms(Value, frozen=True):
    """The commercial content of a won deal. `amount` is the sum of the lines, in minor units."""

    closed_at: datetime
    currency: str
    amount: int
    credits: tuple[Credit, ...]
    lines: tuple[Line, ...] = ()
    territory: str = "any"
    country: str | None = None
    partner_type: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()


class Fact(Value, frozen=True):
    """`id` names the event (source and event id); `partner_id` is the deal's registrant; `at` is business time."""

    id: str
    deal_id: UUID
    partner_id: UUID
    at: datetime
    close_number: int


class Closed(Fact, frozen=True):
    """Close `close_number` (from 1) of a deal; `terms` is absent when the deal was lost."""

    terms: Terms | None


class Amended(Fact, frozen=True):
    """The terms of a won close were replaced whole; `revision` counts from 1."""

    revision: int
    terms: Terms


class Reopened(Fact, frozen=True):
    """A close was undone."""


class Abandoned(Fact, frozen=True):
    """A close was undone while it waited, so that nothing had accrued: what the journal has for that `Reopened`.

    The close itself never got there, and without it replay could not tell this reopening from one that came too early.
    """


class Refunded(Fact, frozen=True):
    """Money went back to the customer. `lines` names parts of it; `revision` is that of the terms it was accepted under."""

    amount: int
    currency: str
    lines: tuple[tuple[str, int], ...] = ()
    revision: int = 0


class Invoiced(Fact, frozen=True):
    """`amount` (above 0) minor units of a won deal were invoiced, in the deal's currency."""

    amount: int
    currency: str


class Paid(Fact, frozen=True):
    """The customer paid `amount` (above 0) minor units of a won deal, in the deal's currency."""

    amount: int
    currency: str


class Released(Fact, frozen=True):
    """The timer's decision: the hold of an entry ended. `partner_id` is the entry's."""

    entry_id: UUID


class Frozen(Fact, frozen=True):
    """A dispute, or a conflict (`conflict_id`), holds an entry: nothing is released until it is thawed, and what was goes back to held.

    Each holds it on its own: it is free once neither does.
    `amount`: of a released entry no more than so much is there to go back, in minor units; what was paid of it stays paid.
    """

    entry_id: UUID
    conflict_id: UUID | None = None
    amount: int | None = None


class Thawed(Fact, frozen=True):
    """The dispute, or the last conflict (`conflict_id`), lets the entry go: due when its hold ends, at once if that is over."""

    entry_id: UUID
    conflict_id: UUID | None = None


class Moved(Value, frozen=True):
    """`amount` (above 0) minor units go from one account of the partner to another; `entry_id` where it is one entry's money."""

    source: Account
    target: Account
    amount: int
    entry_id: UUID | None = None


class Adjusted(Value, frozen=True):
    """A new entry of `amount` minor units (negative: taken back), booked between the programme's expense and `account`."""

    entry_id: UUID
    amount: int
    kind: Kind
    reason: str
    deal_id: UUID | None
    reverses: UUID | None
    account: Account
    derivation: Given


class Booked(Value, frozen=True):
    """A decision of staff or a timer whose money is listed in it: `what` names it (`payout_started`, `dispute_resolved`).

    It stands in the stream of its partner alone; replay applies it as it is.
    """

    id: str
    partner_id: UUID
    at: datetime
    what: str
    currency: str
    transfers: tuple[Moved, ...] = ()
    entries: tuple[Adjusted, ...] = ()

    @property
    def deal_id(self) -> None:
        """It is about no deal."""
        return None


class Rate(Value, frozen=True):
    """One unit of `from_currency` is `rate` units of `to_currency` for deals that close on `day` of the programme calendar.

    It stands in the programme's own stream.
    """

    id: str
    at: datetime
    from_currency: str
    to_currency: str
    day: date
    rate: Fraction
    source: str
    partner_id: UUID = PROGRAMME

    @property
    def deal_id(self) -> None:
        """It is about no deal."""
        return None


class PeriodEnded(Value, frozen=True):
    """The timer's decision: what a partner's bonuses of a period come to, on the revenue that counts now. `start`: its first month."""

    id: str
    partner_id: UUID
    at: datetime
    kind: PeriodKind
    start: date
    partner_type: str | None = None

    @property
    def deal_id(self) -> None:
        """It is about no deal."""
        return None


class RewardsGranted(Value, frozen=True):
    """The timer's decision, once for each name and period: who came first by the reward of that plan version, in this order.

    It leads in the programme's own stream, and stands in that of each partner too.
    """

    id: str
    at: datetime
    name: str
    plan_version: int
    start: date
    ranked: tuple[tuple[UUID, int], ...]
    partner_id: UUID = PROGRAMME

    @property
    def deal_id(self) -> None:
        """It is about no deal."""
        return None


DealFact = Closed | Amended | Reopened | Abandoned | Refunded | Invoiced | Paid | Released | Frozen | Thawed
AnyFact = DealFact | Booked | Rate | PeriodEnded | RewardsGranted
