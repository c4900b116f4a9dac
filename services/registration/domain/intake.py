"""The desk where opportunities become deals: each is registered, moved on, left alone or refused, one after the other."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.registration.domain.deal import CreditRule, Deal, Origin, protected_window, register
from services.registration.domain.facts import Closed, Fact, Reopened
from services.registration.domain.opportunity import Exclusivity, Opportunity, follow
from services.registration.domain.protection import Board, Scope, Window, instant, rivals, slots_for
from services.registration.domain.refusals import AccountTaken, RegisteredInFuture
from services.registration.domain.territories import Territories
from services.registration.domain.values import AccountId, CreditAfterExpiry, DealId, State, Terms
from shared.chassis.errors import Refused

Step = tuple[Deal, Fact]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the programme says, as the desk needs it."""

    exclusivity: Exclusivity
    protection: timedelta
    territories: Territories
    credit_after_expiry: CreditAfterExpiry


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one opportunity: the steps that were made, or why none was. `rivals` held what it registers."""

    seen: Opportunity
    deal: Deal | None = None
    steps: tuple[Step, ...] = ()
    registered: bool = False
    refusal: Refused | None = None
    rivals: tuple[DealId, ...] = ()


class Desk:
    """Takes opportunities in against the deals and the board that were loaded under their locks."""

    def __init__(self, deals: Mapping[Key, Deal], board: Board, rules: Rules, *, now: datetime, make_id: Callable[[], DealId]) -> None:
        self._deals = dict(deals)
        self._before = dict(deals)
        self.board = board
        self._rules = rules
        self._now = now
        self._make_id = make_id
        self._rivals: dict[DealId, tuple[DealId, ...]] = {}

    def take(self, seen: Opportunity, account_id: AccountId | None) -> Taken:
        """Decide on one opportunity; a refused one leaves no trace. `account_id` is needed only where there is no deal yet."""
        key = (seen.source, seen.external_id)
        known = self._deals.get(key)
        try:
            moved, steps = self._follow(known, seen) if known else self._begin(seen, account_id)
        except Refused as refusal:
            return Taken(seen=seen, deal=known, refusal=refusal)
        for deal, fact in steps:
            self._apply(deal, fact)
        self._deals[key] = moved
        return Taken(seen=seen, deal=moved, steps=steps, registered=known is None, rivals=self._rivals.pop(moved.id, ()))

    def new_deals(self) -> list[Deal]:
        """Deals that were not there before, as they stand now."""
        return [deal for key, deal in self._deals.items() if key not in self._before]

    def changed_deals(self) -> list[Deal]:
        """Deals that were there and are not what they were."""
        return [deal for key, deal in self._deals.items() if key in self._before and deal != self._before[key]]

    def before(self, changed: Iterable[Deal]) -> list[Deal]:
        """The same deals as they were when the desk opened."""
        was = {deal.id: deal for deal in self._before.values()}
        return [was[deal.id] for deal in changed]

    def _follow(self, deal: Deal, seen: Opportunity) -> tuple[Deal, tuple[Step, ...]]:
        return follow(deal, seen, now=self._now, credit=self._credit, free=self._free)

    def _begin(self, seen: Opportunity, account_id: AccountId | None) -> tuple[Deal, tuple[Step, ...]]:
        if account_id is None:
            raise AccountTaken  # not reached: whoever has no deal was given an account
        if seen.engaged_at > self._now:
            raise RegisteredInFuture
        first, fact = register(self._new_deal(seen, account_id))
        moved, steps = self._follow(first, seen)
        return moved, ((first, fact), *steps)

    def _new_deal(self, seen: Opportunity, account_id: AccountId) -> Deal:
        territory = self._rules.territories.derive(seen.territory, seen.customer.country)
        scope = Scope(account_id, seen.families, self._rules.territories.path(territory))
        holders = self.board.holders(scope, Window(seen.engaged_at, seen.engaged_at + self._rules.protection))
        if holders and self._rules.exclusivity is Exclusivity.ENFORCE:
            raise AccountTaken
        met = rivals(holders, seen.partner_id)
        deal = Deal(
            id=self._make_id(),
            partner_id=seen.partner_id,
            account_name=seen.customer.name,
            scope=scope,
            territory=territory,
            country=seen.customer.country,
            registered_at=seen.engaged_at,
            protection=protected_window(seen.engaged_at, days=self._rules.protection, granted=not holders),
            origin=Origin(seen.source, seen.external_id, seen.changed_at),
            conflict=bool(met),
        )
        if met:
            self._rivals[deal.id] = tuple(dict.fromkeys(slot.deal_id for slot in met))
        return deal

    def _apply(self, deal: Deal, fact: Fact) -> None:
        if isinstance(fact, Closed):
            self.board.end(deal.id, deal.scope, at=fact.at)
        elif isinstance(fact, Reopened) and deal.protection.ended_at is not None:
            return
        elif deal.protection.granted and deal.state is State.OPEN:
            self.board.hold(slots_for(deal.id, deal.scope, deal.protection.window, partner_id=deal.partner_id))

    def _free(self, deal: Deal) -> bool:
        return not self.board.holders(deal.scope, Window(self._now, deal.protection.window.end), besides=deal.id)

    def _credit(self, deal: Deal, terms: Terms) -> CreditRule | None:
        if self._rules.exclusivity is Exclusivity.RECORD:
            return None
        holders = self.board.holders(deal.scope, instant(terms.closed_at), besides=deal.id)
        return CreditRule(self._rules.credit_after_expiry, bool(rivals(holders, deal.partner_id)))
