"""The way to protection: submitted, returned, submitted again, approved, rejected."""

import pytest

from services.registration.domain import refusals as no
from services.registration.domain.deals import approval
from services.registration.domain.deals import deal as life
from services.registration.domain.deals.approval import Correction
from services.registration.domain.deals.approval_rules import ApprovalRule, Case, Mode, Verdict, judge
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.phases import Phase, phase_of
from services.registration.domain.values import Confidence, State
from shared.chassis.money import Money
from tests.unit.registration.deals import DAY, T0, TICK, WINDOW, a_deal

LIMIT = T0 + 3 * DAY


def pending() -> Deal:
    return approval.submit(a_deal(), blocks_until=LIMIT, now=T0)[0]


def returned() -> Deal:
    return approval.send_back(pending(), asked="Who decides?", now=T0 + DAY)[0]


def again(deal: Deal, *, most: int = 2, free: bool = True, now: object = T0 + 2 * DAY) -> Deal:
    same = Correction(scope=deal.scope, territory=deal.territory, evidence="a visit", expected=Money(5, "USD"))
    return approval.resubmit(deal, same, most=most, blocks_until=now + 3 * DAY, free=free, now=now)[0]  # type: ignore[arg-type,operator]


def test_submit_when_it_waits_then_it_keeps_rivals_out_up_to_the_limit() -> None:
    deal, fact = approval.submit(a_deal(), blocks_until=LIMIT, now=T0)
    assert (deal.state, fact.blocks_until) == (State.IN_REVIEW, LIMIT)
    assert deal.protection.holds_at(LIMIT - TICK)
    assert not deal.protection.holds_at(LIMIT)
    assert phase_of(deal, now=T0) is Phase.IN_REVIEW


def test_approve_when_in_time_then_protected_from_its_receipt() -> None:
    deal, fact = approval.approve(pending(), until=T0 + WINDOW, free=True, now=T0 + DAY)
    assert (deal.state, fact.at, deal.version) == (State.OPEN, T0, 2)
    assert (deal.protection.window.start, deal.protection.window.end) == (T0, T0 + WINDOW)


def test_approve_when_after_the_limit_then_protected_from_now_if_nobody_came() -> None:
    late = LIMIT + DAY
    deal, _ = approval.approve(pending(), until=T0 + WINDOW, free=True, now=late)
    assert deal.protection.window.start == late
    with pytest.raises(no.TakenMeanwhile):
        approval.approve(pending(), until=T0 + WINDOW, free=False, now=late)


def test_approve_when_the_days_from_receipt_are_over_then_nothing_is_left_to_hold() -> None:
    deal, _ = approval.approve(pending(), until=T0 + WINDOW, free=True, now=T0 + WINDOW + DAY)
    assert deal.protection.window.is_empty


def test_decision_when_it_is_not_in_review_then_refused() -> None:
    for decide in (
        lambda deal: approval.approve(deal, until=T0 + WINDOW, free=True, now=T0),
        lambda deal: approval.send_back(deal, asked="?", now=T0),
        lambda deal: approval.reject(deal, reason="x", now=T0),
    ):
        with pytest.raises(no.NotInReview):
            decide(a_deal())
    with pytest.raises(no.NotReturned):
        again(pending())


def test_resubmit_when_it_still_keeps_rivals_out_then_that_is_not_prolonged() -> None:
    deal = again(returned())
    assert (deal.state, deal.submissions, deal.evidence) == (State.IN_REVIEW, 2, "a visit")
    assert deal.protection.window.end == LIMIT


def test_resubmit_when_the_limit_is_over_then_it_begins_anew_if_free() -> None:
    late = LIMIT + DAY
    assert again(returned(), now=late).protection.window.end == late + 3 * DAY
    with pytest.raises(no.AccountTaken):
        again(returned(), now=late, free=False)


def test_resubmit_when_used_up_then_refused() -> None:
    second = approval.send_back(again(returned()), asked="And?", now=T0 + 2 * DAY)[0]
    third = approval.send_back(again(second), asked="And?", now=T0 + 2 * DAY)[0]
    with pytest.raises(no.ResubmissionsUsed):
        again(third)


def test_reject_when_in_review_or_returned_then_free_at_once() -> None:
    for deal in (pending(), returned()):
        rejected, _ = approval.reject(deal, reason="x", now=T0 + DAY)
        assert (rejected.state, rejected.protection.holds_at(T0 + DAY)) == (State.REJECTED, False)


def test_withdraw_when_in_review_then_possible_and_final() -> None:
    withdrawn, _ = life.withdraw(pending(), reason="x", now=T0 + DAY)
    assert withdrawn.state is State.WITHDRAWN
    with pytest.raises(no.NotOpen):
        life.withdraw(withdrawn, reason="x", now=T0 + DAY)


def case(**changed: object) -> Case:
    given: dict[str, object] = {
        "tier": "gold",
        "kind": "reseller",
        "expected": Money(10_000, "USD"),
        "path": "/EMEA/DACH/DE",
        "confidence": Confidence.NEW,
    }
    return Case(**(given | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({"tiers": frozenset({"gold"})}, True),
        ({"tiers": frozenset({"platinum"})}, False),
        ({"kinds": frozenset({"reseller"}), "paths": ("/EMEA",)}, True),
        ({"paths": ("/EMEA/DACH/D",)}, False),
        ({"paths": ("",)}, True),
        ({"confidence": frozenset({Confidence.EXACT})}, False),
        ({"max_amount": Money(10_000, "USD")}, False),
        ({"max_amount": Money(10_001, "USD")}, True),
        ({"min_amount": Money(10_000, "USD")}, True),
        ({"max_amount": Money(99_999, "EUR")}, False),
    ],
)
def test_rule_when_it_names_conditions_then_all_of_them_must_hold(rule: dict[str, object], matches: bool) -> None:
    assert ApprovalRule(name="x", then=Verdict.APPROVE, **rule).matches(case()) is matches  # type: ignore[arg-type]


def test_rule_when_no_amount_is_told_then_within_no_limit() -> None:
    rule = ApprovalRule(name="x", then=Verdict.APPROVE, max_amount=Money(1, "USD"))
    assert not rule.matches(case(expected=None))


def test_judge_when_a_rule_matches_then_the_first_decides() -> None:
    rules = [
        ApprovalRule(name="gold", then=Verdict.REVIEW, tiers=frozenset({"gold"})),
        ApprovalRule(name="all", then=Verdict.APPROVE),
    ]
    assert judge(case(), mode=Mode.RULES, rules=rules).verdict is Verdict.REVIEW
    assert judge(case(tier="silver"), mode=Mode.RULES, rules=rules).verdict is Verdict.APPROVE
    assert judge(case(), mode=Mode.RULES, rules=()).verdict is Verdict.REVIEW
    assert judge(case(), mode=Mode.AUTOMATIC, rules=rules).verdict is Verdict.APPROVE
    assert judge(case(), mode=Mode.MANUAL, rules=rules).verdict is Verdict.REVIEW


def test_judge_when_the_customer_may_be_known_then_a_person_looks_whatever_the_mode() -> None:
    for mode in Mode:
        assert judge(case(confidence=Confidence.PROBABLE), mode=mode, rules=()).verdict is Verdict.REVIEW
