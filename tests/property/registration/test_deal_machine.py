"""Whatever is done to a deal, in any order: its promises hold after every step."""

from datetime import timedelta
from fractions import Fraction
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.registration.domain.deals import approval, exclusivity
from services.registration.domain.deals import deal as life
from services.registration.domain.deals.approval import Correction
from services.registration.domain.deals.deal import CreditRule
from services.registration.domain.deals.exclusivity import Asked
from services.registration.domain.deals.facts import RefundPart
from services.registration.domain.deals.refunds import Wanted, left_by_line
from services.registration.domain.values import Credit, CreditAfterExpiry, Outcome, State
from shared.chassis.errors import Refused
from shared.chassis.money import Money
from tests.unit.registration.deals import DAY, ME, RIVAL, T0, WINDOW, a_deal, some_terms

AMOUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=4)
SHARES = st.sampled_from([("1",), ("1/3", "2/3"), ("0.5", "0.5"), ("0.5", "0.4"), ("2", "-1")])


class DealMachine(RuleBasedStateMachine):
    """Steps in any order, at a time that only moves on; a refusal changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.deal = a_deal()
        self.now = T0
        self.facts = 1
        self.closes = 0
        self.refund = 0
        self.limit = T0
        self.asked: Asked | None = None
        self.begun = T0  # the window: with the registration, and anew with an advance that renews it

    def attempt(self, step: object, /, **arguments: object) -> bool:
        before = self.deal
        try:
            self.deal, _ = step(self.deal, **arguments)  # type: ignore[operator]
        except Refused:
            assert self.deal is before
            return False
        self.facts += 1
        return True

    @rule(hours=st.integers(0, 24 * 20))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(outcome=st.sampled_from(Outcome), amounts=AMOUNTS, shares=SHARES, rival=st.booleans(), days_ago=st.integers(-1, 40))
    def close(self, outcome: Outcome, amounts: list[int], shares: tuple[str, ...], rival: bool, days_ago: int) -> None:
        split = tuple(Credit(who, Fraction(share)) for who, share in zip((ME, RIVAL), shares, strict=False))
        terms = some_terms(*amounts, at=self.now - days_ago * DAY, split=split)
        credit = CreditRule(CreditAfterExpiry.UNLESS_RIVAL_HOLDS, rival)
        open_before = self.deal.state is State.OPEN
        if self.attempt(life.close, outcome=outcome, terms=terms, now=self.now, credit=credit):
            self.closes += 1
            assert open_before
            assert sum(share.share for share in split) == 1
            assert self.deal.registered_at <= terms.closed_at <= self.now

    @rule(amounts=AMOUNTS)
    def amend(self, amounts: list[int]) -> None:
        at = self.deal.terms.closed_at if self.deal.terms else self.now
        self.attempt(life.amend, terms=some_terms(*amounts, at=at), reason="x", now=self.now)

    @rule(free=st.booleans())
    def reopen(self, free: bool) -> None:
        if self.attempt(life.reopen, reason="x", now=self.now, free=free) and not free:
            assert not self.deal.protection.holds_at(self.now)

    @rule(days=st.integers(1, 5))
    def submit(self, days: int) -> None:
        """A registration may begin in review: only where nothing has happened yet."""
        if self.facts == 1 and self.deal.state is State.OPEN and self.deal.registered_at == self.now:
            self.limit = self.now + days * DAY
            self.deal, _ = approval.submit(self.deal, blocks_until=self.limit, now=self.now)

    @rule()
    def send_back(self) -> None:
        self.attempt(approval.send_back, asked="?", now=self.now)

    @rule(free=st.booleans())
    def resubmit(self, free: bool) -> None:
        correction = Correction(scope=self.deal.scope, territory="DE", evidence=None, expected=None)
        held = self.deal.protection.holds_at(self.now)
        again = self.now + DAY
        if self.attempt(approval.resubmit, correction=correction, most=2, blocks_until=again, free=free, now=self.now) and not held:
            self.limit = again

    @rule(free=st.booleans())
    def approve(self, free: bool) -> None:
        if self.attempt(approval.approve, until=self.deal.registered_at + WINDOW, free=free, now=self.now):
            assert free

    @rule()
    def reject(self) -> None:
        self.attempt(approval.reject, reason="x", now=self.now)

    @rule()
    def ask_extension(self) -> None:
        end = self.deal.protection.window.end
        if self.asked is None and self.attempt(exclusivity.ask_extension, keep=5 * DAY, times=1, now=self.now):
            self.asked = Asked(end, self.deal.protection.window.end)

    @rule(grant=st.booleans())
    def decide_extension(self, grant: bool) -> None:
        if self.asked is None:
            return
        asked, self.asked = self.asked, None
        end = asked.end_without(self.deal)
        if grant:
            self.attempt(exclusivity.extend, by=WINDOW, times=1, now=self.now, asked=asked)
        elif self.attempt(exclusivity.decline_extension, asked=asked, reason="x", now=self.now):
            assert self.deal.protection.window.end in (end, self.now)

    @rule(stage=st.sampled_from(["a", "b", "c"]), renew=st.booleans())
    def tell_stage(self, stage: str, renew: bool) -> None:
        end = self.deal.protection.window.end
        renewal = WINDOW if renew else None
        if self.attempt(exclusivity.move_stage, stage=stage, stages=("a", "b", "c"), renew=renewal, now=self.now):
            assert self.deal.protection.window.end >= end
            self.begun = self.now if self.deal.protection.window.end > end else self.begun

    @rule()
    def lapse(self) -> None:
        if self.deal.state is State.OPEN and self.deal.protection.holds_at(self.now):
            self.attempt(exclusivity.lapse, now=self.now)
            assert not self.deal.protection.holds_at(self.now)

    @rule()
    def withdraw(self) -> None:
        self.attempt(life.withdraw, reason="x", now=self.now)

    @rule()
    def extend(self) -> None:
        held = self.deal.protection.holds_at(self.now)
        if self.attempt(exclusivity.extend, by=WINDOW, times=1, now=self.now):
            assert held

    @rule()
    def expire(self) -> None:
        if exclusivity.is_due(self.deal, now=self.now):
            self.attempt(exclusivity.expire)
            assert self.deal.state is State.OPEN
            assert not exclusivity.is_due(self.deal, now=self.now)

    @rule(
        amount=st.none() | st.integers(-5, 12_000),
        parts=st.dictionaries(st.sampled_from(["1", "2", "3"]), st.integers(0, 9_000), max_size=2),
    )
    def refund_some(self, amount: int | None, parts: dict[str, int]) -> None:
        self.refund += 1
        wanted = Wanted(
            Money(amount, "USD") if amount is not None and not parts else None, tuple(RefundPart(*part) for part in parts.items())
        )
        self.attempt(life.refund, refund_id=UUID(int=self.refund), wanted=wanted, reason=None, now=self.now)

    @invariant()
    def version_counts_the_facts(self) -> None:
        assert self.deal.version == self.facts

    @invariant()
    def closes_are_numbered(self) -> None:
        assert self.deal.close_number == self.closes
        assert (self.deal.terms is not None) == self.deal.is_closed

    @invariant()
    def no_line_is_refunded_beyond_its_sale(self) -> None:
        if self.deal.terms:
            left = left_by_line(self.deal.terms, self.deal.refunds)
            assert all(amount >= 0 for amount in left.values())
            refunded = sum(refund.amount.minor for refund in self.deal.refunds)
            assert sum(left.values()) == self.deal.terms.amount.minor - refunded

    @invariant()
    def only_an_open_deal_is_protected_and_one_in_review_up_to_its_limit(self) -> None:
        if self.deal.state.is_pending:
            assert self.deal.protection.holds_at(self.now) == (self.now < self.limit)
        elif self.deal.state is not State.OPEN:
            assert not self.deal.protection.holds_at(self.now)
        assert self.deal.protection.extensions <= 1
        assert self.deal.protection.window.end <= self.begun + 2 * WINDOW


TestDealMachine = DealMachine.TestCase
TestDealMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
