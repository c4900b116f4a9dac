"""Accounts that were merged and split, and which account a deal is on now."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from shared.schemas.accounts import AccountMerged
from tests.support.reading.facts import Fact


@dataclass(frozen=True)
class Departure:
    """These deals left the account for `to` when it was at `version`."""

    version: int
    to: UUID
    deal_ids: Collection[UUID]


@dataclass
class Accounts:
    """Of each account, who carries on for it by the newest fact that says so, and which deals left it, when and for which."""

    leads_to: dict[UUID, tuple[int, UUID | None]] = field(default_factory=dict)
    left: defaultdict[UUID, list[Departure]] = field(default_factory=lambda: defaultdict(list))

    def take(self, fact: Fact) -> None:
        event = fact.event
        if isinstance(event, AccountMerged):
            assert event.deal_ids is not None
            self._leads(event.account_id, fact.sequence, event.into_account_id)
            self.left[event.account_id].append(Departure(fact.sequence, event.into_account_id, event.deal_ids))
        else:
            assert event.new_account_version is not None
            self._leads(event.new_account_id, event.new_account_version, None)
            self.left[event.account_id].append(Departure(fact.sequence, event.new_account_id, event.deal_ids))

    def _leads(self, account: UUID, version: int, to: UUID | None) -> None:
        """The account's highest version is kept."""
        self.leads_to[account] = max(self.leads_to.get(account, (0, None)), (version, to), key=lambda each: each[0])

    def merged(self) -> dict[UUID, UUID]:
        """Each account that was merged, with the one that carries on for it."""
        return {account: to for account, (_, to) in self.leads_to.items() if to is not None}

    def of(self, deal: UUID, account: UUID) -> UUID:
        """Where a deal is now that was first on `account`: each departure names it, and an account's own are numbered."""
        ways = {
            where: sorted((each for each in departures if deal in each.deal_ids), key=lambda each: -each.version)
            for where, departures in self.left.items()
        }
        while ways.get(account):
            account = ways[account].pop().to
        assert not any(ways.values()), (deal, account, ways)
        return account
