"""Telling many customers apart at once: which accounts they are, which are new, and which names were not known yet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.registration.domain.accounts.identifiers import Identifier, find
from services.registration.domain.refusals import AccountAmbiguous
from services.registration.domain.values import AccountId


@dataclass(frozen=True, slots=True)
class Party:
    """One customer with all of its identifiers."""

    name: str
    country: str | None
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class NewAccount:
    id: AccountId
    name: str
    country: str | None


@dataclass(slots=True)
class Introduction:
    """Who the parties are, in their order (None: more than one account), and what has to be entered for that to hold."""

    accounts: list[AccountId | None] = field(default_factory=list)
    new_accounts: list[NewAccount] = field(default_factory=list)
    new_names: dict[Identifier, AccountId] = field(default_factory=dict)


def introduce(known: Mapping[Identifier, AccountId], parties: Sequence[Party], *, make_id: Callable[[], AccountId]) -> Introduction:
    """Find each party's account, or make one. An earlier party's new names count for the later ones."""
    names = dict(known)
    made = Introduction()
    for party in parties:
        try:
            account = find(names, party.identifiers)
        except AccountAmbiguous:
            made.accounts.append(None)
            continue
        if account is None:
            account = make_id()
            made.new_accounts.append(NewAccount(account, party.name, party.country))
        made.accounts.append(account)
        fresh = {identifier: account for identifier in party.identifiers if identifier not in names}
        names |= fresh
        made.new_names |= fresh
    return made
