"""The whole ledger as a value, its canonical text and state hash: what replay must reproduce byte for byte."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.commission.domain.book import Book
from services.commission.domain.deal import Deal
from services.commission.domain.entries import Account, Entry, Kind, Transfer
from services.commission.domain.facts import AnyFact
from services.commission.domain.outcome import Posting
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


def replay(journal: Iterable[Journaled], plan: Plan) -> Ledger:
    """Build the ledger anew from the journal. Raises ReplayDiverged."""
    ledger, book = Ledger(), Book(plan)
    plans: dict[int, Plan] = {}
    balances: defaultdict[Balance, int] = defaultdict(int)
    for journaled in journal:
        known = journaled.plan_known
        book.plan = plans.setdefault(known, plan.known(known))
        outcome = book.take(journaled.fact)
        if not isinstance(outcome, Posting):
            raise ReplayDiverged(f"{journaled.fact.id}: {outcome}")
        ledger.entries += outcome.entries
        ledger.transfers += outcome.transfers
        for t in outcome.transfers:
            balances[t.partner_id, t.source, t.currency] -= t.amount
            balances[t.partner_id, t.target, t.currency] += t.amount
    ledger.balances = {key: amount for key, amount in balances.items() if key[1] is not Account.EXPENSE}
    ledger.positions, ledger.deals = dict(book.positions.months), book.deals
    return ledger
