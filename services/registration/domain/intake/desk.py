"""The desk where opportunities become deals: each is registered, moved on, left alone or refused, one after the other."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from services.registration.domain.coselling.agreed_split import AgreedSplit, apply
from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import CreditRule, Deal, protected_window, register
from services.registration.domain.deals.exclusivity import Asked, unasked
from services.registration.domain.deals.facts import Closed, Fact, Reopened, Withdrawn
from services.registration.domain.deals.protection import Board, Scope, Slot, Window, instant, rivals, slots_for
from services.registration.domain.deals.territories import Territories
from services.registration.domain.intake.echo import is_bare, is_ours, written
from services.registration.domain.intake.news import News, judge, noted, origin_of
from services.registration.domain.intake.opportunity import Exclusivity, Opportunity, OwnerChange, Stage, follow
from services.registration.domain.intake.refusals import OriginUnknown
from services.registration.domain.refusals import AccountTaken, PartnerChanged, RegisteredInFuture
from services.registration.domain.values import AccountId, CreditAfterExpiry, DealId, State, Terms
from shared.chassis.errors import Refused
from shared.chassis.values import replace

Step = tuple[Deal, Fact]
Key = tuple[str, str]
CREDITED_THERE = "the sales system names other credits"
OWNER_CHANGED = "the opportunity went to another partner in the sales system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the programme says, as the desk needs it."""

    exclusivity: Exclusivity
    protection: timedelta
    territories: Territories
    credit_after_expiry: CreditAfterExpiry
    on_owner_change: OwnerChange = OwnerChange.REVIEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one opportunity: the steps that were made, or why none was. `rivals` held what it registers.

    `news` is None for a refused one, whose version does not count as known; `known` is the newest version before.
    """

    seen: Opportunity
    deal: Deal | None = None
    steps: tuple[Step, ...] = ()
    registered: bool = False
    refusal: Refused | None = None
    rivals: tuple[DealId, ...] = ()
    news: News | None = None
    known: int | None = None


@dataclass(frozen=True, slots=True)
class _Move:
    """The deal that the opportunity has now, the steps on the way, and the deal that it had before if that is another."""

    deal: Deal
    steps: tuple[Step, ...] = ()
    former: Deal | None = None


class Desk:
    """Takes opportunities in against the deals and the board that were loaded under their locks.

    `others` are deals that no opportunity of this batch is known to follow, but that an origin of ours names; `splits` are those that all
    sides have signed; `offers` are places in line that hold slots: what is kept for them is not free, but they are nobody's rivals yet.
    `asked` are extensions that wait for a decision; those in `lapsed` are over, since their deals were closed or withdrawn on the way.
    """

    def __init__(
        self,
        deals: Mapping[Key, Deal],
        board: Board,
        rules: Rules,
        *,
        now: datetime,
        make_id: Callable[[], DealId],
        others: Iterable[Deal] = (),
        splits: Mapping[DealId, AgreedSplit] = MappingProxyType({}),
        offers: Collection[DealId] = (),
        asked: Mapping[DealId, Asked] = MappingProxyType({}),
    ) -> None:
        self._deals = dict(deals)
        self._by_id = {deal.id: deal for deal in (*deals.values(), *others)}
        self._before = dict(self._by_id)
        self.board = board
        self._rules = rules
        self._now = now
        self._make_id = make_id
        self._splits = splits
        self._offers = frozenset(offers)
        self._asked = asked
        self.lapsed: set[DealId] = set()
        self._over: set[DealId] = set()
        self._rivals: dict[DealId, tuple[DealId, ...]] = {}

    def take(self, seen: Opportunity, account_id: AccountId | None) -> Taken:
        """Decide on one opportunity; a refused one leaves no trace. `account_id` is needed only where there is no deal yet."""
        key = (seen.source, seen.external_id)
        known = self._deals.get(key)
        version = known.origin.version if known and known.origin else None
        try:
            news, move = self._decide(known, seen, account_id)
        except Refused as refusal:
            return Taken(seen=seen, deal=known, refusal=refusal, known=version)
        for deal, fact in move.steps:
            self._apply(deal, fact)
            if deal.state.is_over:
                self._over.add(deal.id)
        move = self._unasked(move)
        for moved in (move.former, move.deal):
            if moved is not None:
                self._by_id[moved.id] = moved
        self._deals[key] = move.deal
        begun = news is News.FRESH and (known is None or move.former is not None)
        met = self._rivals.pop(move.deal.id, ())
        return Taken(seen=seen, deal=move.deal, steps=move.steps, registered=begun, news=news, known=version, rivals=met)

    def _unasked(self, move: _Move) -> _Move:
        """Without what a request kept, for a deal that is closed or withdrawn while it waits: reopened later, it has none of it."""
        ended = {deal.id for deal, fact in move.steps if isinstance(fact, Closed | Withdrawn)} & self._asked.keys() - self.lapsed
        if not ended:
            return move
        self.lapsed |= ended
        return _Move(self._bare(move.deal, ended), move.steps, self._bare(move.former, ended) if move.former else None)

    def _bare(self, deal: Deal, ended: Collection[DealId]) -> Deal:
        return unasked(deal, self._asked[deal.id]) if deal.id in ended else deal

    def new_deals(self) -> list[Deal]:
        """Deals that were not there before, as they stand now."""
        return [deal for deal in self._by_id.values() if deal.id not in self._before]

    def changed_deals(self) -> list[Deal]:
        """Deals that were there and are not what they were."""
        return [deal for deal in self._by_id.values() if deal.id in self._before and deal != self._before[deal.id]]

    def before(self, changed: Iterable[Deal]) -> list[Deal]:
        """The same deals as they were when the desk opened."""
        return [self._before[deal.id] for deal in changed]

    def _decide(self, known: Deal | None, seen: Opportunity, account_id: AccountId | None) -> tuple[News, _Move]:
        """What `seen` is to what is known, and where that leads. Raises OpportunityConflict, OriginUnknown and refusals of the rules."""
        news = judge(known.origin, seen) if known and known.origin else News.FRESH
        if known and news is not News.FRESH:
            return news, _Move(known)
        if is_ours(seen.origin):
            return News.ECHO, _Move(self._echoed(known, seen))
        return News.FRESH, self._changed(known, seen, account_id)

    def _changed(self, known: Deal | None, seen: Opportunity, account_id: AccountId | None) -> _Move:
        if known is None:
            return self._begin(seen, account_id)
        if known.origin is None:  # a deal of our own that was exported and comes back
            return _Move(known)
        if seen.partner_id not in (known.partner_id, known.reassigned_from):
            return self._hand_over(known, seen)
        moved, steps = self._follow(replace(known, origin=noted(known.origin, seen)), self._as_agreed(known, seen))
        return _Move(moved, steps)

    def _as_agreed(self, deal: Deal, seen: Opportunity) -> Opportunity:
        """With the split that all sides have signed where it names none; what it names is the vendor's word."""
        split = self._splits.get(deal.id)
        if seen.terms is None or split is None:
            return seen
        if (deal.state.is_over or deal.id in self._over) and seen.stage is not Stage.LOST:
            return seen  # the agreement ended with the loss
        return replace(seen, terms=apply(seen.terms, split, given=seen.split_given, override=CREDITED_THERE))

    def _echoed(self, known: Deal | None, seen: Opportunity) -> Deal:
        """The deal unchanged but for what is known of its opportunity; one that we made there follows it from now on.

        Raises OriginUnknown for what claims to be ours and is not.
        """
        named = written(seen.origin)
        ours = self._by_id.get(DealId(named.deal_id)) if named else known if is_bare(seen.origin) else None
        if ours is None or (named and named.version > ours.version) or not _follows(ours, known, seen):
            raise OriginUnknown(origin=str(seen.origin)[:100])
        return replace(ours, origin=noted(ours.origin, seen) if ours.origin else origin_of(seen))

    def _follow(self, deal: Deal, seen: Opportunity) -> tuple[Deal, tuple[Step, ...]]:
        return follow(deal, seen, now=self._now, credit=self._credit, free=self._free)

    def _begin(self, seen: Opportunity, account_id: AccountId | None) -> _Move:
        if account_id is None:
            raise AccountTaken  # not reached: whoever has no deal was given an account
        if seen.engaged_at > self._now:
            raise RegisteredInFuture
        first, fact = register(self._new_deal(seen, account_id, at=seen.engaged_at))
        moved, steps = self._follow(first, seen)
        return _Move(moved, ((first, fact), *steps))

    def _hand_over(self, former: Deal, seen: Opportunity) -> _Move:
        """The opportunity's new partner gets a registration of its own, from the change on, as soon as the former one is withdrawn.

        Whoever withdrew it by hand has decided already. Raises PartnerChanged where a person has to.
        """
        released = replace(former, origin=None)
        at = self._changed_hands(former, seen)
        steps: tuple[Step, ...] = ()
        if former.state is not State.WITHDRAWN:
            if former.is_closed or former.state.is_pending or self._rules.on_owner_change is OwnerChange.REVIEW:
                raise PartnerChanged
            released, withdrawn = life.withdraw(released, reason=OWNER_CHANGED, now=at)
            steps = ((released, withdrawn),)
        first, fact = register(self._new_deal(seen, former.scope.account_id, at=at, besides=former.id))
        moved, more = self._follow(first, seen)
        return _Move(moved, (*steps, (first, fact), *more), former=released)

    def _changed_hands(self, former: Deal, seen: Opportunity) -> datetime:
        """When the opportunity changed hands: not before the former registration, and not after its close."""
        latest = min(self._now, seen.terms.closed_at) if seen.terms else self._now
        return max(former.registered_at, min(seen.changed_at or self._now, latest))

    def _new_deal(self, seen: Opportunity, account_id: AccountId, *, at: datetime, besides: DealId | None = None) -> Deal:
        territory = self._rules.territories.derive(seen.territory, seen.customer.country)
        scope = Scope(account_id, seen.families, self._rules.territories.path(territory))
        holders = self.board.holders(scope, Window(at, at + self._rules.protection), besides=besides)
        if holders and self._rules.exclusivity is Exclusivity.ENFORCE:
            raise AccountTaken
        met = self._deals_among(rivals(holders, seen.partner_id))
        deal = Deal(
            id=self._make_id(),
            partner_id=seen.partner_id,
            account_name=seen.customer.name,
            scope=scope,
            territory=territory,
            country=seen.customer.country,
            registered_at=at,
            protection=protected_window(at, days=self._rules.protection, granted=not holders),
            origin=origin_of(seen),
            conflict=bool(met),
        )
        if met:
            self._rivals[deal.id] = tuple(dict.fromkeys(slot.deal_id for slot in met))
        return deal

    def _apply(self, deal: Deal, fact: Fact) -> None:
        if isinstance(fact, Closed | Withdrawn):
            self.board.end(deal.id, deal.scope, at=fact.at, is_new=deal.id not in self._before)
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
        return CreditRule(self._rules.credit_after_expiry, bool(self._deals_among(rivals(holders, deal.partner_id))))

    def _deals_among(self, holders: Iterable[Slot]) -> tuple[Slot, ...]:
        return tuple(slot for slot in holders if slot.deal_id not in self._offers)


def _follows(ours: Deal, known: Deal | None, seen: Opportunity) -> bool:
    """Whether `seen` is the opportunity of our deal, or the one that we made for a deal that had none."""
    if known is not None:
        return ours.id == known.id
    return ours.origin is None and ours.partner_id == seen.partner_id
