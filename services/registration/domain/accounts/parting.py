"""An account becomes two: which of those who wait in its line go with the part that leaves."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registration.domain.accounts.identifiers import Identifier, name_identifiers
from services.registration.domain.deals.line import Place, Waiting
from services.registration.domain.deals.protection import Board, instant
from services.registration.domain.refusals import AccountNameMissing
from services.registration.domain.values import DealId


@dataclass(frozen=True, slots=True)
class Parting:
    """What leaves an account: the identifiers and deals that go, and the identifiers that stay."""

    names: Collection[Identifier]
    deals: Collection[DealId]
    names_left: Collection[Identifier]


def who_leaves(line: Iterable[Waiting], board: Board, parting: Parting, *, now: datetime) -> Sequence[Waiting]:
    """Who waits for a customer goes where the name leads by which it calls it, as a registration today would.

    A name that leads to neither (the customer was found by its domain, say) goes with all that keeps it out now; `board` is the
    account's before it is split. Whoever is offered something is asked first, as it keeps out others.
    """
    leaving = set(parting.deals)
    found: list[Waiting] = []
    for one in sorted(line, key=lambda one: one.place is not Place.OFFERED):
        if _leaves(one, board, parting, leaving, now):
            leaving.add(DealId(one.id))
            found.append(one)
    return found


def _leaves(one: Waiting, board: Board, parting: Parting, leaving: Collection[DealId], now: datetime) -> bool:
    called = _called(one)
    goes, stays = (not called.isdisjoint(names) for names in (parting.names, parting.names_left))
    if goes is not stays:
        return goes
    holders = board.holders(one.scope, instant(now), besides=DealId(one.id))
    return bool(holders) and all(slot.deal_id in leaving for slot in holders)


def _called(one: Waiting) -> set[Identifier]:
    try:
        return name_identifiers(one.account_name, one.country)
    except AccountNameMissing:  # by the rules of another day it had a name
        return set()
