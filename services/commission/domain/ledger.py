"""The whole ledger as a value, its canonical text and state hash: what replay must reproduce byte for byte."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.commission.domain.book import Book, Rejected
from services.commission.domain.deal import Deal
from services.commission.domain.entries import Account, Entry, Kind, Transfer
from services.commission.domain.facts import AnyFact
from services.commission.domain.outcome import Posting, Waiting
from services.commission.domain.plan import Plan
from services.commission.domain.positions import earned_by
from services.commission.domain.tallies import Key
from shared.chassis.values import Value

Balance = tuple[UUID, Account, str]


class ReplayDiverged(Exception):
    """A journaled fact is not accepted again: the journal or the rules are not those that made the ledger."""


class Journaled(Value, frozen=True):
    """A fact in posting order, with the highest plan version known when it was taken in."""

    fact: AnyFact
    plan_known: int


@dataclass
class Ledger:
    """Entries, transfers, balances, positions and deals."""

    entries: list[Entry] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    balances: dict[Balance, int] = field(default_factory=dict)
    positions: dict[tuple[UUID, date], int] = field(default_factory=dict)
    deals: dict[UUID, Deal] = field(default_factory=dict)
    earned: dict[tuple[UUID, date], int] = field(default_factory=dict)
    tallies: dict[Key, int] = field(default_factory=dict)

    def post(self, posting: Posting) -> None:
        """Take a posting's entries and transfers in; what stands after all of them is the book's."""
        self.entries += posting.entries
        self.transfers += posting.transfers
        for t in posting.transfers:
            for account, amount in ((t.source, -t.amount), (t.target, t.amount)):
                if account is not Account.EXPENSE:
                    key = t.partner_id, account, t.currency
                    self.balances[key] = self.balances.get(key, 0) + amount

    def stands(self, book: Book) -> "Ledger":
        """The ledger with the book's deals, positions and sums."""
        self.positions, self.deals = dict(book.positions.months), book.deals
        self.earned, self.tallies = dict(book.earned.months), dict(book.tallies.sums)
        return self

    def lines(self) -> list[str]:
        """One line for each thing, sorted: no serial number and no recording time is in it."""
        return sorted([*map(repr, self.entries), *map(repr, self.transfers), *self._standing()])

    def _standing(self) -> Iterator[str]:
        for name, sums in (("balance", self.balances), ("position", self.positions), ("earned", self.earned), ("sum", self.tallies)):
            for key, amount in sums.items():
                if amount:
                    yield f"{name} {' '.join(map(str, key))} {amount}"
        for deal in self.deals.values():
            if deal.sale is not None:
                yield repr(deal)

    def state_hash(self) -> str:
        """SHA-256 over the lines."""
        digest = hashlib.sha256()
        for line in self.lines():
            digest.update(line.encode() + b"\n")
        return digest.hexdigest()

    def imbalances(self) -> dict[str, int]:
        """By currency, how far apart entries, transfers and balances are: 0 in a ledger that balances."""
        entries, moved, held = (defaultdict[str, int](int) for _ in range(3))
        for entry in self.entries:
            entries[entry.currency] += entry.amount
        for transfer in self.transfers:
            moved[transfer.currency] += transfer.amount * ((transfer.source is Account.EXPENSE) - (transfer.target is Account.EXPENSE))
        for (_, account, currency), amount in self.balances.items():
            held[currency] += amount if account is not Account.EXPENSE else 0
        currencies = sorted({*entries, *moved, *held})
        return {c: abs(entries[c] - moved[c]) + abs(moved[c] - held[c]) for c in currencies}

    def accruals(self) -> int:
        """How many entries accrued something or, on record, nothing."""
        return sum(entry.kind is Kind.ACCRUAL for entry in self.entries)


@dataclass
class Worked:
    """What a portion of the journal gives: new entries and transfers, deals as it leaves them, and by how much sums moved.

    `refused` are facts (id, why) that are not accepted again: in a ledger that follows from its journal there are none.
    """

    facts: int = 0
    entries: list[Entry] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    deals: dict[UUID, Deal] = field(default_factory=dict)
    moved: dict[tuple[UUID, date], int] = field(default_factory=lambda: defaultdict(int))
    earned: dict[tuple[UUID, date], int] = field(default_factory=lambda: defaultdict(int))
    tallies: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    refused: list[tuple[str, str]] = field(default_factory=list)

    def post(self, posting: Posting) -> None:
        """Add what one fact gave."""
        self.entries += posting.entries
        self.transfers += posting.transfers
        for move in posting.moves:
            self.moved[move.partner_id, move.month] += move.delta
        for move in earned_by(posting.entries):
            self.earned[move.partner_id, move.month] += move.delta
        for tally in posting.tallies:
            self.tallies[tally.partner_id, tally.name] += tally.delta


class Versions:
    """The plan as it was known when each fact was taken in."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: dict[int, Plan] = {}

    def known(self, latest: int) -> Plan:
        """The plan with the versions up to `latest`."""
        if latest not in self._known:
            self._known[latest] = self._plan.known(latest)
        return self._known[latest]


def work(journal: Iterable[Journaled], book: Book, versions: Versions) -> Worked:
    """Take facts that were accepted before into the book again, in posting order."""
    worked = Worked()
    for journaled in journal:
        book.plan = versions.known(journaled.plan_known)
        outcome = book.take(journaled.fact)
        worked.facts += 1
        if isinstance(outcome, Posting):
            worked.post(outcome)
        else:
            worked.refused.append((journaled.fact.id, _why(outcome)))
    worked.deals = book.deals
    return worked


def _why(outcome: Waiting | Rejected) -> str:
    return outcome.refusal.code if isinstance(outcome, Rejected) else outcome.predecessor


def replay(journal: Iterable[Journaled], plan: Plan) -> Ledger:
    """Build the ledger anew from the journal, all of it in memory. Raises ReplayDiverged."""
    ledger, book, versions = Ledger(), Book(plan), Versions(plan)
    for journaled in journal:
        book.plan = versions.known(journaled.plan_known)
        outcome = book.take(journaled.fact)
        if not isinstance(outcome, Posting):
            raise ReplayDiverged(f"{journaled.fact.id}: {_why(outcome)}")
        ledger.post(outcome)
    return ledger.stands(book)
