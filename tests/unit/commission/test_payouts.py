"""Who is paid, who is not and why, and what each step of a payout books."""

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from services.commission.domain import payouts
from services.commission.domain.entries import Account
from services.commission.domain.payout_refusals import BatchEmpty, BatchInOtherState, PayeeSetByApprover, PayoutInOtherState, SamePerson
from services.commission.domain.payouts import Batch, BatchState, Candidate, Payee, Payout, PayoutState, Rules, Skip, Standing
from shared.chassis.ids import derived_id
from shared.chassis.values import replace

TODAY = date(2026, 5, 4)
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
WHO = derived_id("partner", 1)
RULES = Rules(Decimal("50.00"), tax_form_required=True, pay_suspended=False, pay_terminated=True)
PAYEE = Payee(WHO, "Acme", "USD", details=3, tax_form="W-9")
GOOD = Candidate(WHO, "USD", 150_00, PAYEE)
PAYOUT = Payout(derived_id("payout"), derived_id("batch"), WHO, "USD", 150_00, "USD", 150_00, PayoutState.DRAFTED, details=3)
BATCH = Batch(derived_id("batch"), "USD", BatchState.DRAFT, drafted_by="ann")


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (GOOD, None),
        (replace(GOOD, payable=50_00), None),
        (replace(GOOD, payable=49_99), Skip.BELOW_MINIMUM),
        (replace(GOOD, payable=0), Skip.BELOW_MINIMUM),
        (replace(GOOD, payable=-1), Skip.NEGATIVE),
        (replace(GOOD, payee=None), Skip.BANK_DETAILS_MISSING),
        (replace(GOOD, payee=replace(PAYEE, tax_form=None)), Skip.TAX_FORM_MISSING),
        (replace(GOOD, payee=replace(PAYEE, tax_form_until=date(2026, 5, 3))), Skip.TAX_FORM_EXPIRED),
        (replace(GOOD, payee=replace(PAYEE, tax_form_until=TODAY)), None),
        (replace(GOOD, payee=replace(PAYEE, blocked="review")), Skip.BLOCKED),
        (replace(GOOD, standing=Standing.SUSPENDED), Skip.SUSPENDED),
        (replace(GOOD, standing=Standing.TERMINATED), None),
    ],
)
def test_candidate_when_looked_at_then_paid_or_the_reason_why_not(candidate: Candidate, expected: Skip | None) -> None:
    assert payouts.why_not(candidate, rules=RULES, today=TODAY) is expected


def test_rules_when_changed_then_they_decide() -> None:
    lax = Rules(Decimal(0), tax_form_required=False, pay_suspended=True, pay_terminated=False)
    formless = replace(GOOD, payable=1, payee=replace(PAYEE, tax_form=None), standing=Standing.SUSPENDED)
    assert payouts.why_not(formless, rules=lax, today=TODAY) is None
    assert payouts.why_not(replace(GOOD, standing=Standing.TERMINATED), rules=lax, today=TODAY) is Skip.TERMINATED


def test_minimum_when_the_currency_has_other_decimals_then_in_its_own_minor_units() -> None:
    assert [RULES.least(currency) for currency in ("USD", "JPY", "KWD")] == [50_00, 50, 50_000]
    assert replace(RULES, minimum=Decimal(0)).least("USD") == 1


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (GOOD, None),
        (replace(GOOD, payable=999_00), None),
        (replace(GOOD, payable=149_99), Skip.BALANCE_FELL),
        (replace(GOOD, payee=replace(PAYEE, details=4)), Skip.PAYEE_CHANGED),
        (replace(GOOD, payee=replace(PAYEE, tax_form=None)), Skip.TAX_FORM_MISSING),
        (replace(GOOD, payee=None), Skip.BANK_DETAILS_MISSING),
    ],
)
def test_start_when_something_came_in_the_way_since_the_draft_then_the_reason(candidate: Candidate, expected: Skip | None) -> None:
    assert payouts.why_not_anymore(PAYOUT, candidate, rules=RULES, today=TODAY) is expected


@pytest.mark.parametrize(
    ("minor", "rate", "currency", "to", "expected"),
    [
        (150_00, "0.92345", "USD", "EUR", 138_52),
        (1_00, "149.5", "USD", "JPY", 150),
        (150, "0.00667", "JPY", "USD", 1_00),
        (1_00, "0.307", "USD", "KWD", 307),
        (1, "0.4", "USD", "EUR", 0),
        (1, "0.5", "USD", "EUR", 1),
    ],
)
def test_conversion_when_decimals_differ_then_half_up_in_the_payouts_minor_units(
    minor: int, rate: str, currency: str, to: str, expected: int
) -> None:
    assert payouts.converted(minor, Fraction(rate), currency=currency, to=to) == expected


def test_batch_when_approved_then_by_another_person_and_not_empty() -> None:
    assert payouts.approved(BATCH, by="bob", payouts=1).state is BatchState.APPROVED
    with pytest.raises(SamePerson):
        payouts.approved(BATCH, by="ann", payouts=1)
    with pytest.raises(BatchEmpty):
        payouts.approved(BATCH, by="bob", payouts=0)


def test_approval_when_the_approver_set_a_payee_last_then_refused_with_how_many_payouts_it_concerns() -> None:
    with pytest.raises(PayeeSetByApprover, match="payouts concerned: 2"):
        payouts.approved(BATCH, by="bob", payouts=3, to_own=2)


@pytest.mark.parametrize("state", BatchState)
def test_batch_when_in_a_state_then_only_its_steps_are_taken(state: BatchState) -> None:
    batch = replace(BATCH, state=state)
    steps = {
        "approve": lambda: payouts.approved(batch, by="bob", payouts=1),
        "start": lambda: payouts.started(batch),
        "cancel": lambda: payouts.cancelled(batch),
        "settle": lambda: payouts.under_way(batch),
    }
    taken = set()
    for name, step in steps.items():
        with suppress(BatchInOtherState):
            step()
            taken.add(name)
    assert taken == {
        BatchState.DRAFT: {"approve", "cancel"},
        BatchState.APPROVED: {"start", "cancel"},
        BatchState.STARTED: {"settle"},
        BatchState.SETTLED: {"settle"},
        BatchState.CANCELLED: set(),
    }.get(state)


def test_steps_of_a_payout_when_booked_then_each_moves_its_amount_on() -> None:
    under_way, paid = replace(PAYOUT, state=PayoutState.IN_PAYOUT), replace(PAYOUT, state=PayoutState.PAID)
    booked = [
        payouts.start(PAYOUT, at=NOW),
        payouts.confirm(under_way, at=NOW),
        payouts.fail(under_way, at=NOW),
        payouts.fail(paid, at=NOW),
    ]
    assert [(each.what, each.transfers[0].source, each.transfers[0].target) for each in booked] == [
        ("payout_started", Account.PAYABLE, Account.IN_PAYOUT),
        ("payout_paid", Account.IN_PAYOUT, Account.PAID),
        ("payout_failed", Account.IN_PAYOUT, Account.PAYABLE),
        ("payout_failed", Account.PAID, Account.PAYABLE),
    ]
    assert {each.transfers[0].amount for each in booked} == {150_00}
    assert booked[0].id == f"payout_started:{PAYOUT.id}"


@pytest.mark.parametrize("state", [PayoutState.DRAFTED, PayoutState.SKIPPED, PayoutState.FAILED, PayoutState.CANCELLED])
def test_payout_when_not_under_way_then_neither_confirmed_nor_failed(state: PayoutState) -> None:
    for step in (payouts.confirm, payouts.fail):
        with pytest.raises(PayoutInOtherState):
            step(replace(PAYOUT, state=state), at=NOW)
    with pytest.raises(PayoutInOtherState):
        payouts.confirm(replace(PAYOUT, state=PayoutState.PAID), at=NOW)
