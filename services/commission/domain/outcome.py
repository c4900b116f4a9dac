"""What a decision gives: a posting to the books, or what it waits for."""

from uuid import UUID

from services.commission.domain.deal import Deal
from services.commission.domain.entries import Account, Entry, Transfer, transfers_of
from services.commission.domain.facts import Abandoned, AnyFact, DealFact, Reopened
from services.commission.domain.plan import Plan
from services.commission.domain.positions import Move, Positions
from services.commission.domain.tallies import Tallies, Tally
from services.commission.domain.valuing import Rates
from shared.chassis.values import Value


class Posting(Value, frozen=True):
    """A fact taken in. `streams` are the partners whose journals it stands in; `settles` names what others waited for.

    `deal` is as the fact leaves it; None where it is about none.
    """

    fact: AnyFact
    deal: Deal | None
    entries: tuple[Entry, ...]
    transfers: tuple[Transfer, ...]
    moves: tuple[Move, ...]
    streams: tuple[UUID, ...]
    settles: tuple[str, ...] = ()
    tallies: tuple[Tally, ...] = ()

    @property
    def undoes(self) -> bool:
        """Whether it undoes a close: what still waits for a rate or a plan to change that close waits in vain."""
        return isinstance(self.fact, Reopened | Abandoned)


class Waiting(Value, frozen=True):
    """A fact that cannot be taken in before `predecessor`; `deal` is what to remember meanwhile, if anything.

    `settles` names what others waited for all the same: a close that waits can be undone.
    """

    fact: AnyFact
    predecessor: str
    reason: str
    deal: Deal | None = None
    settles: tuple[str, ...] = ()


class State(Value, frozen=True):
    """All that a decision looks at. `earned` is each partner's commission by month, kept like positions, for caps."""

    deal: Deal | None
    plan: Plan
    positions: Positions
    earned: Positions
    tallies: Tallies
    rates: Rates


class Effects(Value, frozen=True):
    """What a part of a decision does; later parts see it as done. `swept` settles what is left of stakes that go."""

    entries: tuple[Entry, ...] = ()
    moves: tuple[Move, ...] = ()
    tallies: tuple[Tally, ...] = ()
    swept: tuple[Transfer, ...] = ()

    def __add__(self, other: "Effects") -> "Effects":
        return Effects(self.entries + other.entries, self.moves + other.moves, self.tallies + other.tallies, self.swept + other.swept)


NOTHING = Effects()


def posting(fact: DealFact, deal: Deal, does: Effects, *, settles: tuple[str, ...] = (), former: Deal | None = None) -> Posting:
    """Book the entries: an accrual comes from expense into held, a reversal leaves the account where its accrual stands."""
    released = {stake.entry_id for sale in former.sales for stake in sale.stakes if stake.released} if former else set()
    transfers: list[Transfer] = []
    for entry in does.entries:
        transfers += transfers_of(
            entry.id,
            entry_id=entry.id,
            partner_id=entry.partner_id,
            amount=entry.amount,
            source=Account.EXPENSE,
            target=Account.PAYABLE if entry.reverses in released else Account.HELD,
            currency=entry.currency,
        )
    return Posting(fact, deal, does.entries, (*transfers, *does.swept), does.moves, _streams(fact, does), settles, does.tallies)


def _streams(fact: DealFact, does: Effects) -> tuple[UUID, ...]:
    """The partners whose journals the fact stands in, the registrant first."""
    first = fact.partner_id
    others = {each.partner_id for several in (does.entries, does.moves) for each in several if each.partner_id != first}
    return (first, *sorted(others)) if others else (first,)
