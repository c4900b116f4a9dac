"""Any order of conflicts, disputes, refunds, undone deals, bonuses, releases and payouts: books balance, what is frozen stays."""

from datetime import timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.commission.domain import dispute as domain
from services.commission.domain.book import Book, Rejected
from services.commission.domain.conflict_hold import NOTHING_THERE, There, freeze, thaw
from services.commission.domain.deal import Stake
from services.commission.domain.dispute import UNSETTLED, Dispute, DisputeRules, Hold, Said
from services.commission.domain.dispute_hold import Disputed, hold_back, let_go
from services.commission.domain.entries import Account, Entry, Given, Kind
from services.commission.domain.facts import Adjusted, Amended, AnyFact, Booked, Closed, Moved, Refunded, Released
from services.commission.domain.ledger import Journaled, Ledger, replay
from services.commission.domain.outcome import Posting
from shared.chassis.ids import derived_id
from tests.support.commission_world import AT, amended, closed, deal, plan, refunded, reopened, terms, who

PLAN = plan()
RULES = DisputeRules(timedelta(days=30), timedelta(days=10))
SAID = Said("words", AT, "somebody")
DEALS = st.integers(1, 3)
AMOUNTS = st.integers(1, 1_000_00)
PICKS = st.integers(0, 100)


class DisputeMachine(RuleBasedStateMachine):
    """Partner 1 and its entries, disputed and settled while the books go on."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(PLAN)
        self.ledger = Ledger()
        self.journal: list[Journaled] = []
        self.disputes: dict[UUID, Dispute] = {}
        self.conflicts: dict[int, UUID] = {}  # what is open over a deal
        self.events = 0
        self.revision = 0

    def _tell(self, fact: AnyFact) -> bool:
        """Whether the fact was taken in."""
        outcome = self.book.take(fact)
        if not isinstance(outcome, Posting):
            return False
        self.journal.append(Journaled(fact, 1))
        self.ledger.entries += outcome.entries
        self.ledger.transfers += outcome.transfers
        for number in self.conflicts if isinstance(fact, Closed | Amended | Refunded) else ():
            self._hold(number, NOTHING_THERE)
        return True

    def _hold(self, number: int, there: There) -> None:
        known = self.book.deals.get(deal(number))
        for fact in freeze(known, [self.conflicts[number]], there, at=AT) if known else ():
            assert self._tell(fact)

    def _there(self) -> There:
        kept = {entry_id: each.held for entry_id, each in self._pending().items() if each.hold is Hold.AMOUNT}
        return There({who(1): self._account(Account.PAYABLE)}, kept)

    def _id(self) -> str:
        self.events += 1
        return f"e{self.events}"

    def _account(self, account: Account) -> int:
        return sum(t.amount * ((t.target is account) - (t.source is account)) for t in self.ledger.transfers)

    def _stakes(self) -> list[Stake]:
        return [stake for known in self.book.deals.values() if known.sale for stake in known.sale.stakes]

    def _pending(self) -> dict[UUID, Dispute]:
        return {entry_id: each for entry_id, each in self.disputes.items() if each.state in UNSETTLED}

    @initialize(amounts=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), released=st.sets(DEALS))
    def begin(self, amounts: tuple[int, ...], released: set[int]) -> None:
        for number, amount in enumerate(amounts, 1):
            self.close(number, amount)
        for number in sorted(released):
            self.release(number)

    @rule(number=DEALS, amount=AMOUNTS)
    def close(self, number: int, amount: int) -> None:
        known = self.book.deals.get(deal(number))
        self._tell(closed(number, terms(amount), event=self._id(), close=known.close_number + 1 if known else 1))

    @rule(number=DEALS, amount=AMOUNTS)
    def refund(self, number: int, amount: int) -> None:
        if known := self.book.deals.get(deal(number)):
            self._tell(refunded(number, amount, event=self._id(), close=known.close_number))

    @rule(number=DEALS)
    def reopen(self, number: int) -> None:
        if known := self.book.deals.get(deal(number)):
            self._tell(reopened(number, event=self._id(), close=known.close_number))

    @rule(number=DEALS, amount=AMOUNTS)
    def amend(self, number: int, amount: int) -> None:
        if known := self.book.deals.get(deal(number)):
            self._tell(amended(number, terms(amount), event=self._id(), close=known.close_number, revision=known.revision + 1))

    @rule(amount=AMOUNTS)
    def bonus(self, amount: int) -> None:
        event = self._id()
        entry = Adjusted(derived_id(event), amount, Kind.BONUS, "quarter", None, None, Account.PAYABLE, Given("Target reached."))
        self._tell(Booked(event, who(1), AT, "bonus", "USD", (), (entry,)))

    @rule(part=st.integers(1, 3))
    def pay_out(self, part: int) -> None:
        payable = self._account(Account.PAYABLE) // part
        if payable > 0:
            self._tell(Booked(self._id(), who(1), AT, "payout", "USD", (Moved(Account.PAYABLE, Account.IN_PAYOUT, payable),)))

    @rule(number=DEALS)
    def release(self, number: int) -> None:
        known = self.book.deals.get(deal(number))
        for stake in known.sale.stakes if known and known.sale else ():
            assert known is not None
            fact = Released(self._id(), known.id, stake.partner_id, AT, known.close_number, stake.entry_id)
            frozen = self._pending().get(stake.entry_id)
            if (frozen is not None and frozen.hold is Hold.ENTRY) or (stake.special and stake.special.contested and not stake.released):
                assert isinstance(self.book.take(fact), Rejected)
            elif stake.held:
                assert self._tell(fact)

    @rule(pick=PICKS)
    def open(self, pick: int) -> None:
        free = [entry for entry in self.ledger.entries if entry.id not in self._pending()]
        if not free:
            return
        entry = free[pick % len(free)]
        dispute = domain.begin(derived_id("dispute", self._id()), entry, SAID, stated_at=None, rules=RULES)
        payable = self._account(Account.PAYABLE)
        held, fact = hold_back(dispute, self._disputed(entry, payable), at=AT)
        self.disputes[entry.id] = held
        assert fact is None or self._tell(fact)
        assert self._account(Account.PAYABLE) >= min(payable, 0), "a dispute never makes a debt"

    def _disputed(self, entry: Entry, payable: int) -> Disputed:
        corrections = [each for each in self.ledger.entries if each.reverses == entry.id]
        accrued = entry.amount + sum(each.amount for each in corrections if each.kind is Kind.REVERSAL)
        left = entry.amount + sum(each.amount for each in corrections)
        return Disputed(PLAN, self.book.deals.get(entry.deal_id) if entry.deal_id else None, accrued, left, payable)

    @rule(pick=PICKS)
    def answer(self, pick: int) -> None:
        unanswered = [each for each in self._pending().values() if each.answer is None]
        if unanswered:
            dispute = unanswered[pick % len(unanswered)]
            self.disputes[dispute.entry_id] = domain.answer(dispute, SAID, decide_by=None, rules=RULES)

    @rule(pick=PICKS, end=st.sampled_from(["decline", "withdraw", "adjust"]), amount=st.integers(-500_00, 500_00).filter(bool))
    def settle(self, pick: int, end: str, amount: int) -> None:
        pending = list(self._pending().values())
        if not pending:
            return
        dispute = pending[pick % len(pending)]
        ends = {"decline": domain.decline, "withdraw": domain.withdraw}
        settled = domain.adjust(dispute, SAID, amount=amount) if end == "adjust" else ends[end](dispute, SAID)
        self.disputes[dispute.entry_id] = settled
        known = self.book.deals.get(dispute.deal_id) if dispute.deal_id else None
        for fact in let_go(settled, known, PLAN, at=AT):
            assert self._tell(fact)
        for number in self.conflicts if settled.hold is Hold.AMOUNT else ():
            if deal(number) == settled.deal_id:
                self._hold(number, self._there())

    @rule(number=DEALS)
    def open_conflict(self, number: int) -> None:
        if number not in self.conflicts:
            self.conflicts[number] = derived_id("conflict", self._id())
            payable = self._account(Account.PAYABLE)
            self._hold(number, self._there())
            assert self._account(Account.PAYABLE) >= min(payable, 0), "a conflict never makes a debt"

    @rule(number=DEALS)
    def decide_conflict(self, number: int) -> None:
        conflict, known = self.conflicts.pop(number, None), self.book.deals.get(deal(number))
        for fact in thaw(known, conflict, at=AT) if known and conflict else ():
            assert self._tell(fact)

    @invariant()
    def exactly_what_is_disputed_is_frozen(self) -> None:
        frozen = {entry_id for entry_id, each in self._pending().items() if each.hold is Hold.ENTRY}
        for stake in self._stakes():
            assert bool(stake.special and stake.special.frozen) == (stake.entry_id in frozen)
            assert not (stake.entry_id in frozen and (stake.released or stake.held))

    @invariant()
    def nothing_of_a_contested_deal_is_released(self) -> None:
        for number in range(1, 4):
            known = self.book.deals.get(deal(number))
            for stake in known.sale.stakes if known and known.sale else ():
                contested = bool(stake.special and stake.special.contested)
                assert number in self.conflicts or not contested
                assert number not in self.conflicts or not stake.held

    @invariant()
    def held_is_what_is_not_released_and_what_disputes_keep(self) -> None:
        accrued = sum(stake.left for stake in self._stakes() if not stake.released)
        kept = sum(each.held for each in self._pending().values() if each.hold is Hold.AMOUNT)
        withheld = sum(stake.special.withheld for stake in self._stakes() if stake.special)
        assert self._account(Account.HELD) == accrued + kept + withheld

    @invariant()
    def every_cent_is_somewhere(self) -> None:
        partner = sum(self._account(account) for account in Account if account is not Account.EXPENSE)
        assert partner == sum(entry.amount for entry in self.ledger.entries)

    def teardown(self) -> None:
        again = replay(self.journal, PLAN)
        assert again.imbalances() in ({}, {"USD": 0})
        assert sorted(map(repr, again.entries)) == sorted(map(repr, self.ledger.entries))
        assert sorted(map(repr, again.transfers)) == sorted(map(repr, self.ledger.transfers))
        assert again.deals == self.book.deals


TestDisputeMachine = DisputeMachine.TestCase
TestDisputeMachine.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
