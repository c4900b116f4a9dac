"""Any life of a few deals, against a model that keeps no ledger: it recomputes what each deal is worth from its facts."""

from fractions import Fraction
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.commission.domain.book import Book, Desk, Rejected
from services.commission.domain.brackets import Bracket
from services.commission.domain.conflict_hold import NOTHING_THERE, There, freeze, thaw
from services.commission.domain.entries import Account
from services.commission.domain.facts import AnyFact, Closed, Released
from services.commission.domain.ledger import Journaled, Ledger, replay
from services.commission.domain.options import Base
from services.commission.domain.outcome import Posting
from shared.chassis.ids import derived_id
from shared.chassis.money import allocate, round_half_up
from tests.support.commission_world import AT, amended, closed, deal, plan, refunded, reopened, terms, who

RATE = Fraction("0.079")
PLAN = plan((Bracket(0, None, RATE),), base=Base.DEAL)
DEALS = st.integers(1, 4)
AMOUNTS = st.integers(0, 1_000_00)
SPLITS = st.sampled_from([{1: Fraction(1)}, {1: Fraction(1, 3), 2: Fraction(2, 3)}, {2: Fraction(1, 2), 3: Fraction(1, 2)}])


class Modelled:
    """A deal as the model sees it."""

    def __init__(self) -> None:
        self.close = 0
        self.is_open = True
        self.amount = self.refunded = self.revision = 0
        self.split: dict[int, Fraction] = {}
        self.conflicts: dict[UUID, bool] = {}  # whether it is open; a decision is the last word

    @property
    def contested(self) -> tuple[UUID, ...]:
        return tuple(conflict for conflict, is_open in self.conflicts.items() if is_open)

    def worth(self) -> dict[UUID, int]:
        """What each partner should have of it: the commission of its share, less the refunded part of that."""
        if self.is_open or not self.amount:
            return {}
        parts = allocate(self.amount, list(self.split.values()))
        earned = {who(number): round_half_up(part * RATE) for number, part in zip(self.split, parts, strict=True)}
        return {partner: total - round_half_up(Fraction(total * self.refunded, self.amount)) for partner, total in earned.items()}


class CommissionMachine(RuleBasedStateMachine):
    """Drives a desk with facts in any order and checks every balance after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(Book(PLAN))
        self.model = {number: Modelled() for number in range(1, 5)}
        self.journal: list[Journaled] = []
        self.ledger = Ledger()
        self.events = 0

    def _tell(self, fact: AnyFact) -> str:
        """The code of a refusal, or "" when taken in."""
        code = ""
        for outcome in self.desk.take(fact):
            if isinstance(outcome, Posting):
                self._post(outcome)
            elif isinstance(outcome, Rejected):
                code = outcome.refusal.code
        for number in self.model:
            self._hold(number)
        return code

    def _post(self, outcome: Posting) -> None:
        self.journal.append(Journaled(outcome.fact, 1))
        self.ledger.entries += outcome.entries
        self.ledger.transfers += outcome.transfers

    def _hold(self, number: int, there: There = NOTHING_THERE) -> None:
        known, conflicts = self.desk.book.deals.get(deal(number)), self.model[number].contested
        for fact in freeze(known, conflicts, there, at=AT) if known and conflicts else ():
            outcome = self.desk.book.take(fact)
            assert isinstance(outcome, Posting)
            self._post(outcome)

    def _in(self, account: Account, partner: UUID) -> int:
        signs = ((t.amount, (t.target is account) - (t.source is account)) for t in self.ledger.transfers if t.partner_id == partner)
        return sum(amount * sign for amount, sign in signs)

    def _id(self) -> str:
        self.events += 1
        return f"e{self.events}"

    @rule(number=DEALS, amount=AMOUNTS, split=SPLITS, again=st.booleans())
    def close(self, number: int, amount: int, split: dict[int, Fraction], again: bool) -> None:
        model = self.model[number]
        content = terms(amount, shares=[(who(n), share) for n, share in split.items()])
        if not model.is_open:
            assert self._tell(closed(number, content, event=self._id(), close=model.close)) == "already_closed"
            return
        fact = Closed(self._id(), deal(number), who(1), AT, model.close + 1, content)
        assert self._tell(fact) == ""
        model.close, model.is_open, model.amount, model.split = model.close + 1, False, amount, split
        model.refunded = model.revision = 0
        if again:
            assert self.desk.take(fact) == []

    @rule(number=DEALS, amount=st.integers(1, 1_000_00))
    def refund(self, number: int, amount: int) -> None:
        model = self.model[number]
        if model.is_open:
            return
        code = self._tell(refunded(number, amount, event=self._id(), close=model.close, revision=model.revision))
        fits = model.refunded + amount <= model.amount
        assert code == ("" if fits else "refund_exceeds_sale")
        if fits:
            model.refunded += amount

    @rule(number=DEALS, amount=AMOUNTS, split=SPLITS)
    def amend(self, number: int, amount: int, split: dict[int, Fraction]) -> None:
        model = self.model[number]
        if model.is_open:
            return
        content = terms(amount, shares=[(who(n), share) for n, share in split.items()])
        code = self._tell(amended(number, content, event=self._id(), close=model.close, revision=model.revision + 1))
        assert code == ("" if model.refunded <= amount else "refund_exceeds_sale")
        if not code:
            model.amount, model.split, model.revision = amount, split, model.revision + 1

    @rule(number=DEALS)
    def reopen(self, number: int) -> None:
        model = self.model[number]
        if model.close:
            code = self._tell(reopened(number, event=self._id(), close=model.close))
            assert code == ("close_undone" if model.is_open else "")
            model.is_open = True

    @rule(number=DEALS, amount=st.integers(1, 1_000_00))
    @precondition(lambda self: any(model.is_open for model in self.model.values()))
    def refund_before_its_close(self, number: int, amount: int) -> None:
        model = self.model[number]
        if not model.is_open:
            return
        close = model.close + 1
        before = len(self.ledger.entries)
        self._tell(refunded(number, amount, event=self._id(), close=close))
        assert len(self.ledger.entries) == before
        assert self._tell(closed(number, terms(amount), event=self._id(), close=close)) == ""
        model.close, model.is_open, model.amount, model.split, model.revision = close, False, amount, {1: Fraction(1)}, 0
        model.refunded = amount

    @rule(number=DEALS)
    def release(self, number: int) -> None:
        known = self.desk.book.deals.get(deal(number))
        for stake in known.sale.stakes if known and known.sale else ():
            if stake.left and not stake.released:
                assert known is not None
                event = f"release:{stake.entry_id}:{self._id()}"
                code = self._tell(Released(event, known.id, stake.partner_id, AT, known.close_number, stake.entry_id))
                assert code == ("nothing_stands" if self.model[number].contested else "")

    @rule(number=DEALS, conflict=st.integers(1, 2))
    def open_conflict(self, number: int, conflict: int) -> None:
        """Heard again, or after its decision, it changes nothing."""
        self.model[number].conflicts.setdefault(derived_id("conflict", number, conflict), True)
        payable = {who(partner): self._in(Account.PAYABLE, who(partner)) for partner in range(1, 4)}
        self._hold(number, There(payable))

    @rule(number=DEALS, conflict=st.integers(1, 2))
    def decide_conflict(self, number: int, conflict: int) -> None:
        """Also one that was never heard of."""
        model, name = self.model[number], derived_id("conflict", number, conflict)
        model.conflicts[name] = False
        known = self.desk.book.deals.get(deal(number))
        for fact in thaw(known, name, at=AT) if known and not model.contested else ():
            assert self._tell(fact) == ""

    @invariant()
    def what_conflicts_are_open_over_is_held_and_nothing_else_is(self) -> None:
        for number, model in self.model.items():
            known = self.desk.book.deals.get(deal(number))
            for stake in known.sale.stakes if known and known.sale else ():
                held = bool(stake.special and stake.special.contested)
                assert held is bool(model.contested) or not stake.left
                assert not (held and (stake.released or stake.held))

    @invariant()
    def balances_are_what_the_deals_are_worth(self) -> None:
        expected: dict[UUID, int] = {}
        for model in self.model.values():
            for partner, amount in model.worth().items():
                expected[partner] = expected.get(partner, 0) + amount
        balances: dict[UUID, int] = {}
        accounts: dict[Account, int] = dict.fromkeys(Account, 0)
        for transfer in self.ledger.transfers:
            accounts[transfer.source] -= transfer.amount
            accounts[transfer.target] += transfer.amount
            sign = (transfer.source is Account.EXPENSE) - (transfer.target is Account.EXPENSE)
            balances[transfer.partner_id] = balances.get(transfer.partner_id, 0) + sign * transfer.amount
        assert {p: a for p, a in balances.items() if a} == {p: a for p, a in expected.items() if a}
        assert sum(accounts.values()) == 0

    def teardown(self) -> None:
        rebuilt = replay(self.journal, PLAN)
        assert rebuilt.entries == self.ledger.entries
        assert rebuilt.transfers == self.ledger.transfers
        assert rebuilt.deals == self.desk.book.deals


TestCommissionMachine = CommissionMachine.TestCase
TestCommissionMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
