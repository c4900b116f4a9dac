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

Balance = tuple[UUID, Account, str]


class ReplayDiverged(Exception):
    """A journaled fact is not accepted again: the journal or the rules are not those that made the ledger."""


@dataclass(frozen=True, slots=True)
class Journaled:
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

    def lines(self) -> list[str]:
        """One line for each thing, sorted: no serial number and no recording time is in it."""
        return sorted([*map(repr, self.entries), *map(repr, self.transfers), *self._standing()])

    def _standing(self) -> Iterator[str]:
        for (partner_id, account, currency), amount in self.balances.items():
            if amount:
                yield f"balance {partner_id} {account} {currency} {amount}"
        for (partner_id, month), revenue in self.positions.items():
            if revenue:
                yield f"position {partner_id} {month} {revenue}"
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
class Tally:
    """What a portion of the journal gives: new entries and transfers, deals as it leaves them, and by how much positions moved.

    `refused` are facts (id, why) that are not accepted again: in a ledger that follows from its journal there are none.
    """

    facts: int = 0
    entries: list[Entry] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    deals: dict[UUID, Deal] = field(default_factory=dict)
    moved: dict[tuple[UUID, date], int] = field(default_factory=lambda: defaultdict(int))
    refused: list[tuple[str, str]] = field(default_factory=list)


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


def work(journal: Iterable[Journaled], book: Book, versions: Versions) -> Tally:
    """Take facts that were accepted before into the book again, in posting order."""
    tally = Tally()
    for journaled in journal:
        book.plan = versions.known(journaled.plan_known)
        outcome = book.take(journaled.fact)
        tally.facts += 1
        if not isinstance(outcome, Posting):
            tally.refused.append((journaled.fact.id, _why(outcome)))
            continue
        tally.entries += outcome.entries
        tally.transfers += outcome.transfers
        for move in outcome.moves:
            tally.moved[move.partner_id, move.month] += move.delta
    tally.deals = book.deals
    return tally


def _why(outcome: Waiting | Rejected) -> str:
    return outcome.refusal.code if isinstance(outcome, Rejected) else outcome.predecessor


def replay(journal: Iterable[Journaled], plan: Plan) -> Ledger:
    """Build the ledger anew from the journal, all of it in memory. Raises ReplayDiverged."""
    book = Book(plan)
    tally = work(journal, book, Versions(plan))
    for fact_id, why in tally.refused:
        raise ReplayDiverged(f"{fact_id}: {why}")
    balances: defaultdict[Balance, int] = defaultdict(int)
    for t in tally.transfers:
        balances[t.partner_id, t.source, t.currency] -= t.amount
        balances[t.partner_id, t.target, t.currency] += t.amount
    partners = {key: amount for key, amount in balances.items() if key[1] is not Account.EXPENSE}
    return Ledger(tally.entries, tally.transfers, partners, dict(book.positions.months), book.deals)
