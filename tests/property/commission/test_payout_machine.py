"""Any sequence of deals, refunds and payouts conserves money: what was earned is held, payable, in payout or paid, and nowhere else."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.commission.domain import payouts
from services.commission.domain.book import Book
from services.commission.domain.brackets import Bracket
from services.commission.domain.entries import Account
from services.commission.domain.facts import AnyFact, Released
from services.commission.domain.ledger import Journaled, Ledger, replay
from services.commission.domain.outcome import Posting
from services.commission.domain.payout_refusals import PayoutInOtherState
from services.commission.domain.payouts import Candidate, Payee, Payout, PayoutState, Rules
from services.commission.domain.plan import Base
from shared.chassis.ids import derived_id
from shared.chassis.values import replace
from tests.support.commission_world import AT, closed, deal, plan, refunded, terms, who

PLAN = plan((Bracket(0, None, Fraction("0.15")),), base=Base.DEAL)
RULES = Rules(Decimal("5.00"), tax_form_required=False, pay_suspended=False, pay_terminated=True)
TODAY = date(2026, 3, 1)
PARTNERS = st.integers(1, 2)
NUMBERS = st.integers(0, 9)


class PayoutMachine(RuleBasedStateMachine):
    """Two partners, one draft at a time each, many payouts under way; the books are the ledger's own transfers."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(PLAN)
        self.journal: list[Journaled] = []
        self.accounts = {(who(n), account): 0 for n in (1, 2) for account in Account}
        self.earned = {who(n): 0 for n in (1, 2)}
        self.payouts: list[Payout] = []
        self.deals = self.refunds = 0

    def _take(self, fact: AnyFact) -> bool:
        outcome = self.book.take(fact)
        if not isinstance(outcome, Posting):
            return False
        self.journal.append(Journaled(fact, 1))
        for t in outcome.transfers:
            self.accounts[t.partner_id, t.source] -= t.amount
            self.accounts[t.partner_id, t.target] += t.amount
        for entry in outcome.entries:
            self.earned[entry.partner_id] += entry.amount
        return True

    def _in(self, state: PayoutState) -> list[int]:
        return [at for at, payout in enumerate(self.payouts) if payout.state is state]

    def _payable(self, number: int) -> int:
        return self.accounts[who(number), Account.PAYABLE]

    def _settle(self, at: int, state: PayoutState) -> None:
        payout = self.payouts[at]
        step = payouts.confirm if state is PayoutState.PAID else payouts.fail
        try:
            assert self._take(step(payout, at=AT))
        except PayoutInOtherState:
            return
        self.payouts[at] = replace(payout, state=state)

    @initialize(amounts=st.tuples(*[st.integers(500_00, 5_000_00)] * 2))
    def begin(self, amounts: tuple[int, int]) -> None:
        """Something to pay out from the start: hypothesis leaves out some of the rules in each run."""
        for number, amount in enumerate(amounts, 1):
            self.close(number, amount)
        self.release()

    @rule(number=PARTNERS, amount=st.integers(0, 5_000_00))
    def close(self, number: int, amount: int) -> None:
        self.deals += 1
        assert self._take(closed(self.deals, terms(amount, shares=[(who(number), Fraction(1))]), by=number))

    @rule()
    def release(self) -> None:
        for known in list(self.book.deals.values()):
            for stake in known.sale.stakes if known.sale else ():
                if stake.held:
                    fact = Released(f"release:{stake.entry_id}", known.id, stake.partner_id, AT, known.close_number, stake.entry_id)
                    assert self._take(fact)

    @precondition(lambda self: self.deals)
    @rule(number=NUMBERS, amount=st.integers(1, 600_00))
    def refund(self, number: int, amount: int) -> None:
        self.refunds += 1
        # refused above what was sold: then nothing moves
        self._take(refunded(1 + number % self.deals, amount, event=f"refund {self.refunds}"))

    @precondition(lambda self: self.deals)
    @rule(number=NUMBERS)
    def refund_whole(self, number: int) -> None:
        sale = self.book.deals[deal(1 + number % self.deals)].sale
        if sale is not None and sale.amount > sale.refunded:
            self.refunds += 1
            assert self._take(refunded(1 + number % self.deals, sale.amount - sale.refunded, event=f"refund {self.refunds}"))

    @rule(number=PARTNERS)
    def draft(self, number: int) -> None:
        candidate = Candidate(who(number), "USD", self._payable(number), Payee(who(number), "Acme", "USD", details=1))
        open_draft = any(p.partner_id == who(number) and p.state is PayoutState.DRAFTED for p in self.payouts)
        if open_draft or payouts.why_not(candidate, rules=RULES, today=TODAY):
            return
        payout_id = derived_id("payout", len(self.payouts))
        drafted = Payout(
            payout_id, payout_id, who(number), "USD", candidate.payable, "USD", candidate.payable, PayoutState.DRAFTED, details=1
        )
        self.payouts.append(drafted)

    @rule(number=PARTNERS)
    def pay_out(self, number: int) -> None:
        self.release()
        self.draft(number)
        if self._in(PayoutState.DRAFTED):
            self.start(0)

    @precondition(lambda self: self._in(PayoutState.DRAFTED))
    @rule(pick=NUMBERS)
    def start(self, pick: int) -> None:
        drafted = self._in(PayoutState.DRAFTED)
        at = drafted[pick % len(drafted)]
        payout = self.payouts[at]
        number = 1 if payout.partner_id == who(1) else 2
        candidate = Candidate(who(number), "USD", self._payable(number), Payee(who(number), "Acme", "USD", details=1))
        if payouts.why_not_anymore(payout, candidate, rules=RULES, today=TODAY):
            self.payouts[at] = replace(payout, state=PayoutState.SKIPPED)
            return
        assert self._take(payouts.start(payout, at=AT))
        self.payouts[at] = replace(payout, state=PayoutState.IN_PAYOUT)
        assert self._payable(number) >= 0, "no more goes out than is payable"

    @precondition(lambda self: self._in(PayoutState.IN_PAYOUT))
    @rule(pick=NUMBERS)
    def confirm(self, pick: int) -> None:
        under_way = self._in(PayoutState.IN_PAYOUT)
        self._settle(under_way[pick % len(under_way)], PayoutState.PAID)

    @precondition(lambda self: self.payouts)
    @rule(pick=NUMBERS, state=st.sampled_from([PayoutState.PAID, PayoutState.FAILED, PayoutState.FAILED]))
    def settle_any(self, pick: int, state: PayoutState) -> None:
        self._settle(pick % len(self.payouts), state)

    @invariant()
    def money_is_conserved(self) -> None:
        for number in (1, 2):
            mine = {account: self.accounts[who(number), account] for account in Account}
            assert mine.pop(Account.EXPENSE) == -self.earned[who(number)]
            assert sum(mine.values()) == self.earned[who(number)]

    @invariant()
    def payouts_are_what_the_books_say(self) -> None:
        for number in (1, 2):
            for account, state in ((Account.IN_PAYOUT, PayoutState.IN_PAYOUT), (Account.PAID, PayoutState.PAID)):
                amounts = sum(p.amount for p in self.payouts if p.partner_id == who(number) and p.state is state)
                assert self.accounts[who(number), account] == amounts

    def teardown(self) -> None:
        """The journal alone gives the same books again."""
        replayed: Ledger = replay(self.journal, PLAN)
        kept = {key: amount for key, amount in self.accounts.items() if amount and key[1] is not Account.EXPENSE}
        assert {(partner, account): amount for (partner, account, _), amount in replayed.balances.items() if amount} == kept
        assert not any(replayed.imbalances().values())


TestPayouts = PayoutMachine.TestCase
TestPayouts.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
