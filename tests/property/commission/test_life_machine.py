"""Any life of a programme's money: deals in two currencies under changing plans, cash, releases, disputes and payouts, against a model."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.commission.domain import dispute as disputing
from services.commission.domain import dispute_hold, payouts
from services.commission.domain.book import Book, Desk, Rejected
from services.commission.domain.brackets import Bracket
from services.commission.domain.deal import Stake
from services.commission.domain.dispute import Dispute, DisputeRules, Hold, Said
from services.commission.domain.dispute_hold import Disputed
from services.commission.domain.entries import Account, Entry, Kind
from services.commission.domain.facts import AnyFact, Closed, Fact, Paid, Rate, Released
from services.commission.domain.ledger import Journaled, Ledger, replay
from services.commission.domain.options import Base, EarnedOn
from services.commission.domain.outcome import Posting
from services.commission.domain.payout_refusals import PayoutInOtherState
from services.commission.domain.payouts import Candidate, Payee, Payout, PayoutState, Rules
from services.commission.domain.plan import Plan, PlanVersion
from shared.chassis.ids import derived_id
from shared.chassis.values import replace
from tests.support.commission_model import ModelDeal, Piece, commission
from tests.support.commission_world import AT, amended, deal, refunded, reopened, terms, who

ALONE, SHARED = {1: Fraction(1)}, {1: Fraction(1, 3), 2: Fraction(2, 3)}
SPLITS = st.sampled_from([ALONE, {2: Fraction(1)}, SHARED])
DEALS, PARTNERS, DAYS = st.integers(1, 4), st.integers(1, 2), st.integers(1, 3)
AMOUNTS, PARTS = st.integers(1, 1_000_00), st.integers(3, 300_00)
PICK = st.integers(0, 9)
RULES = DisputeRules(timedelta(days=30), timedelta(days=30))
PAYS_ALL = Rules(Decimal("0.01"), tax_form_required=False, pay_suspended=False, pay_terminated=True)
SAID = Said("why", AT, "somebody")


def _version(number: int, day: int, rate: Fraction, earned_on: EarnedOn = EarnedOn.WON) -> PlanVersion:
    return PlanVersion(number, _day(day).date(), (Bracket(0, None, rate),), Base.DEAL, earned_on=earned_on)


def _day(day: int) -> datetime:
    return AT + timedelta(days=day - 1)


class LifeMachine(RuleBasedStateMachine):
    """Where a plan earns on cash it pays all of it to one partner, so that no figure of the model hangs on rounding."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = [replace(_version(1, 1, Fraction("0.079")), effective_from=date(2000, 1, 1))]
        self.desk = Desk(Book(Plan("USD", tuple(self.versions))))
        self.journal: list[Journaled] = []
        self.ledger = Ledger()
        self.deals = {number: ModelDeal(number) for number in range(1, 5)}
        self.late: list[tuple[ModelDeal, int]] = []
        self.rates: set[int] = set()
        self.disputes: list[tuple[int, Dispute, Piece | None]] = []
        self.adjusted = {1: 0, 2: 0}
        self.payouts: list[tuple[int, Payout]] = []
        self.events = 0

    # how facts are told and found

    def _tell(self, fact: AnyFact) -> str:
        code = ""
        for outcome in self.desk.take(fact):
            if isinstance(outcome, Posting):
                self.journal.append(Journaled(outcome.fact, self.desk.book.plan.latest))
                self.ledger.post(outcome)
            elif isinstance(outcome, Rejected) and outcome.fact.id == fact.id:
                code = outcome.refusal.code
        return code

    def _id(self) -> str:
        self.events += 1
        return f"e{self.events}"

    def _in(self, account: Account, number: int) -> int:
        return self.ledger.balances.get((who(number), account, "USD"), 0)

    def _in_force(self, day: int) -> PlanVersion:
        return max((v for v in self.versions if v.effective_from <= _day(day).date()), key=lambda v: (v.effective_from, v.number))

    def _sell(self, model: ModelDeal, amount: int, split: dict[int, Fraction]) -> None:
        version = self._in_force(model.day)
        model.sell(amount, split, version.brackets[0].rate, on_cash=version.earned_on is EarnedOn.PAID)

    def _split(self, day: int, split: dict[int, Fraction]) -> dict[int, Fraction]:
        return ALONE if self._in_force(day).earned_on is EarnedOn.PAID else split

    # deals, plans and rates

    @initialize(amount=st.integers(1_000_00, 9_000_00), parts=st.none() | st.lists(PARTS, min_size=1, max_size=3))
    def begin(self, amount: int, parts: list[int] | None) -> None:
        """Something to dispute and to pay out from the start, half of the time with cash: hypothesis leaves out rules in each run."""
        self.close(1, amount, SHARED, 1, "USD")
        self.release()
        if parts is not None:
            self.change_plan(1, Fraction(1))
            self.close(2, sum(parts), ALONE, 1, "USD")
            for part in parts:
                self.refund(2, part // 3)
                self.pay(2, part // 2)

    @rule(number=DEALS, amount=AMOUNTS, split=SPLITS, day=DAYS, currency=st.sampled_from(["USD", "USD", "EUR"]))
    def close(self, number: int, amount: int, split: dict[int, Fraction], day: int, currency: str) -> None:
        model = self.deals[number]
        shares = self._split(day, split)
        content = terms(amount, shares=[(who(n), share) for n, share in shares.items()], at=_day(day), currency=currency)
        if model.won:
            assert self._tell(Closed(self._id(), deal(number), who(1), AT, model.close, content)) == "already_closed"
        if model.won or model.waits:
            return
        fresh = ModelDeal(number, model.close + 1, day=day, currency=currency, split=shares, amount=amount)
        assert self._tell(Closed(self._id(), deal(number), who(1), AT, fresh.close, content)) == ""
        fresh.waits = currency == "EUR" and day not in self.rates
        fresh.won = not fresh.waits
        self._sell(fresh, amount, shares)
        self.deals[number] = fresh

    @rule(number=DEALS, amount=PARTS)
    def refund(self, number: int, amount: int) -> None:
        model = self.deals[number]
        if not (model.won or model.waits):
            return
        fact = refunded(number, amount, event=self._id(), close=model.close, revision=model.revision)
        code = self._tell(replace(fact, currency=model.currency))
        if model.waits:
            self.late.append((model, amount))
        assert code == ("refund_exceeds_sale" if model.won and model.refunded + amount > model.amount else "")
        if model.won and not code:
            model.refund(amount)

    @rule(number=DEALS, amount=PARTS)
    def pay(self, number: int, amount: int) -> None:
        model = self.deals[number]
        if not model.won:
            return
        code = self._tell(Paid(self._id(), deal(number), who(1), AT, model.close, amount, model.currency))
        assert code == ("payment_exceeds_sale" if model.on_cash and model.received + amount > model.amount else "")
        if model.on_cash and not code:
            model.pay(amount)

    @rule(number=DEALS, amount=AMOUNTS, split=SPLITS)
    def amend(self, number: int, amount: int, split: dict[int, Fraction]) -> None:
        model = self.deals[number]
        if not model.won:
            return
        shares = self._split(model.day, split)
        content = terms(amount, shares=[(who(n), s) for n, s in shares.items()], at=_day(model.day), currency=model.currency)
        code = self._tell(amended(number, content, event=self._id(), close=model.close, revision=model.revision + 1))
        stays_on_cash = model.on_cash and self._in_force(model.day).earned_on is EarnedOn.PAID
        over = "payment_exceeds_sale" if stays_on_cash and model.received > amount else ""
        assert code == ("refund_exceeds_sale" if model.refunded > amount else over)
        if not code:
            model.revision += 1
            self._sell(model, amount, shares)

    @rule(number=DEALS)
    def reopen(self, number: int) -> None:
        """Also a close that waits for its rate: it is undone at once, and nothing ever comes of it."""
        model = self.deals[number]
        if model.close:
            stands = model.won or model.waits
            assert self._tell(reopened(number, event=self._id(), close=model.close)) == ("" if stands else "close_undone")
            model.won, model.waits, model.pieces = False, False, []
            self.late = [(late, amount) for late, amount in self.late if late is not model]

    @rule(number=DEALS, amount=AMOUNTS, split=SPLITS, day=DAYS, order=st.permutations(range(5)), twice=st.booleans())
    def reopen_and_close_anew_in_any_order(
        self, number: int, amount: int, split: dict[int, Fraction], day: int, order: list[int], twice: bool
    ) -> None:
        """A close in another currency with its refund and correction, undone and closed in the plan's: only the last one counts."""
        model = self.deals[number]
        if model.won or model.waits:
            return
        undone, shares = model.close + 1, self._split(day, split)
        content = terms(amount, shares=[(who(n), share) for n, share in shares.items()], at=_day(day))
        facts: list[AnyFact] = [
            Closed(self._id(), deal(number), who(1), AT, undone, replace(content, currency="EUR")),
            replace(refunded(number, 1, event=self._id(), close=undone), currency="EUR"),
            amended(number, replace(content, currency="EUR"), event=self._id(), close=undone),
            reopened(number, event=self._id(), close=undone),
            Closed(self._id(), deal(number), who(1), AT, undone + 1, content),
        ]
        for at in (*order, *(order if twice else ())):
            self._tell(facts[at])
        fresh = ModelDeal(number, undone + 1, day=day, split=shares, amount=amount, won=True)
        self._sell(fresh, amount, shares)
        self.deals[number] = fresh

    @rule(day=DAYS, rate=st.sampled_from([Fraction("0.05"), Fraction("0.123"), Fraction(1)]))
    def change_plan(self, day: int, rate: Fraction) -> None:
        """A rate of 1 is the one that is earned on cash. Deals that wait for their rate go by the version that is there then."""
        on_cash = rate == 1
        if on_cash and any(model.waits and set(model.split) != {1} for model in self.deals.values()):
            return
        self.versions.append(_version(len(self.versions) + 1, day, rate, EarnedOn.PAID if on_cash else EarnedOn.WON))
        self.desk.book.plan = Plan("USD", tuple(self.versions))

    @rule(day=DAYS)
    def record_rate(self, day: int) -> None:
        if day in self.rates:
            other = Rate(self._id(), AT, "EUR", "USD", _day(day).date(), Fraction(3), "another bank")
            assert self._tell(other) == "fx_rate_exists"
            return
        self.rates.add(day)
        self._tell(Rate(self._id(), AT, "EUR", "USD", _day(day).date(), Fraction(2), "bank"))
        freed = [model for model in self.deals.values() if model.waits and model.day == day]
        for model in freed:
            model.won, model.waits = True, False
            self._sell(model, model.amount, dict(model.split))
        for model, amount in self.late:
            if model in freed and model.refunded + amount <= model.amount:
                model.refund(amount)
        self.late = [(model, amount) for model, amount in self.late if model.waits]

    # holds and disputes

    def _stakes(self, number: int) -> list[Stake]:
        """What the books keep of the model's pieces, in the same order."""
        known = self.desk.book.deals.get(deal(number))
        sales = known.sales if known else ()
        return [stake for sale in (sales[1:] if self.deals[number].on_cash else sales) for stake in sale.stakes]

    @rule()
    def release(self) -> None:
        for number, model in self.deals.items():
            for stake, piece in zip(self._stakes(number), model.pieces if model.won else (), strict=True):
                assert stake.held is (piece.left(piece.total) != 0 and not piece.released and not piece.frozen)
                if stake.held:
                    fact = Released(self._id(), deal(number), stake.partner_id, AT, model.close, stake.entry_id)
                    assert self._tell(fact) == ""
                    piece.released = True

    def _piece(self, entry: Entry) -> Piece | None:
        """The piece that the entry accrued, if it still stands."""
        for number, model in self.deals.items():
            for stake, piece in zip(self._stakes(number), model.pieces if model.won else (), strict=True):
                if stake.entry_id == entry.id:
                    return piece
        return None

    @rule(pick=st.integers(0, 99))
    def open_dispute(self, pick: int) -> None:
        entry = self.ledger.entries[pick % len(self.ledger.entries)]
        if entry.id in {dispute.entry_id for _, dispute, _ in self.disputes}:
            return
        number = 1 if entry.partner_id == who(1) else 2
        dispute = disputing.begin(derived_id("dispute", self._id()), entry, SAID, stated_at=None, rules=RULES)
        payable = self._in(Account.PAYABLE, number)
        back = [each for each in self.ledger.entries if each.reverses == entry.id]
        accrued = entry.amount + sum(each.amount for each in back if each.kind is Kind.REVERSAL)
        left = entry.amount + sum(each.amount for each in back)
        known = self.desk.book.deals.get(entry.deal_id) if entry.deal_id else None
        now = Disputed(self.desk.book.plan, known, accrued, left, payable)
        dispute, fact = dispute_hold.hold_back(dispute, now, at=AT)
        piece = self._piece(entry)
        if fact:
            assert self._tell(fact) == ""
        if piece is not None and dispute.hold is Hold.ENTRY:
            piece.released, piece.frozen = False, True
        else:
            piece = None
        assert self._in(Account.PAYABLE, number) <= payable, "a dispute makes nothing payable"
        self.disputes.append((number, dispute, piece))

    @precondition(lambda self: self.disputes)
    @rule(pick=PICK, how=st.sampled_from(["adjust", "decline", "withdraw"]), amount=st.integers(-50_00, 50_00))
    def end_dispute(self, pick: int, how: str, amount: int) -> None:
        number, dispute, piece = self.disputes.pop(pick % len(self.disputes))
        if how == "adjust" and amount:
            settled = disputing.adjust(dispute, SAID, amount=amount)
            self.adjusted[number] += amount
        else:
            settled = disputing.withdraw(dispute, SAID) if how == "withdraw" else disputing.decline(dispute, SAID)
        known = self.desk.book.deals.get(settled.deal_id) if settled.deal_id else None
        for fact in dispute_hold.let_go(settled, known, self.desk.book.plan, at=AT):
            assert self._tell(fact) == ""
        if piece is not None:
            piece.frozen = False

    # payouts

    def _payouts(self, number: int, *states: PayoutState) -> list[int]:
        return [at for at, (whose, payout) in enumerate(self.payouts) if whose == number and payout.state in states]

    @rule(number=PARTNERS)
    def draft(self, number: int) -> None:
        payable = self._in(Account.PAYABLE, number)
        if payable > 0 and not self._payouts(number, PayoutState.DRAFTED):
            payout_id = derived_id("payout", self._id())
            drafted = Payout(payout_id, payout_id, who(number), "USD", payable, "USD", payable, PayoutState.DRAFTED, details=1)
            self.payouts.append((number, drafted))

    @rule(number=PARTNERS)
    def start(self, number: int) -> None:
        for at in self._payouts(number, PayoutState.DRAFTED):
            payout = self.payouts[at][1]
            candidate = Candidate(who(number), "USD", self._in(Account.PAYABLE, number), Payee(who(number), "Acme", "USD", details=1))
            reason = payouts.why_not_anymore(payout, candidate, rules=PAYS_ALL, today=AT.date())
            if reason is None:
                assert self._tell(payouts.start(payout, at=AT)) == ""
                assert self._in(Account.PAYABLE, number) >= 0, "no more goes out than is payable"
            self.payouts[at] = number, replace(payout, state=PayoutState.SKIPPED if reason else PayoutState.IN_PAYOUT)

    @precondition(lambda self: self.payouts)
    @rule(pick=PICK, state=st.sampled_from([PayoutState.PAID, PayoutState.FAILED]))
    def settle(self, pick: int, state: PayoutState) -> None:
        at = pick % len(self.payouts)
        number, payout = self.payouts[at]
        step = payouts.confirm if state is PayoutState.PAID else payouts.fail
        open_to = {PayoutState.IN_PAYOUT} if state is PayoutState.PAID else {PayoutState.IN_PAYOUT, PayoutState.PAID}
        try:
            fact = step(payout, at=AT)
        except PayoutInOtherState:
            assert payout.state not in open_to
            return
        assert self._tell(fact) == ""
        self.payouts[at] = number, replace(payout, state=state)

    # laws

    @invariant()
    def every_bucket_holds_what_the_model_says(self) -> None:
        for number in (1, 2):
            earned = list(commission(self.deals, number))
            out = {
                account: sum(self.payouts[at][1].amount for at in self._payouts(number, state))
                for account, state in ((Account.IN_PAYOUT, PayoutState.IN_PAYOUT), (Account.PAID, PayoutState.PAID))
            }
            kept = sum(dispute.held for whose, dispute, _ in self.disputes if whose == number and dispute.hold is Hold.AMOUNT)
            held = sum(left for piece, left in earned if not piece.released) + kept
            total = sum(left for _, left in earned) + self.adjusted[number]
            expected = {Account.HELD: held, Account.PAYABLE: total - held - sum(out.values()), **out}
            assert {account: self._in(account, number) for account in expected} == expected

    @invariant()
    def facts_wait_for_closes_that_wait(self) -> None:
        waiting = {deal(number): model.close for number, model in self.deals.items() if model.waits}
        for each in self.desk.waiting:
            assert isinstance(each.fact, Fact)
            assert waiting.get(each.fact.deal_id) == each.fact.close_number

    @invariant()
    def net_revenue_is_what_was_sold_and_not_refunded(self) -> None:
        for number in (1, 2):
            counted = sum(amount for (partner_id, _), amount in self.desk.book.positions.months.items() if partner_id == who(number))
            assert counted == sum(piece.left(piece.revenue) for piece, _ in commission(self.deals, number))

    def teardown(self) -> None:
        """The journal alone gives the same books again, and they balance."""
        if not self.journal:
            return
        self.ledger.stands(self.desk.book)
        rebuilt = replay(self.journal, self.desk.book.plan)
        assert rebuilt.lines() == self.ledger.lines()
        assert not any(self.ledger.imbalances().values())


TestLife = LifeMachine.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
