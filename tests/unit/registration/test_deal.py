"""What a deal allows in which state."""

from collections.abc import Callable
from fractions import Fraction
from uuid import UUID

import pytest

from services.registration.domain import refusals as no
from services.registration.domain.deals import deal as life
from services.registration.domain.deals import exclusivity
from services.registration.domain.deals.deal import CreditRule, Deal
from services.registration.domain.deals.facts import RefundPart
from services.registration.domain.deals.refunds import Wanted
from services.registration.domain.values import Credit, CreditAfterExpiry, Outcome, State
from shared.chassis.errors import Refused
from shared.chassis.money import Money
from shared.chassis.values import replace
from tests.unit.registration.deals import DAY, ME, RIVAL, T0, TICK, WINDOW, a_deal, some_terms, won

FIRST = UUID(int=1)


def _close(deal: Deal) -> object:
    return life.close(deal, outcome=Outcome.WON, terms=some_terms(), now=T0 + 20 * DAY, credit=None)


def _amend(deal: Deal) -> object:
    return life.amend(deal, terms=some_terms(5), reason="x", now=T0 + 20 * DAY)


def _reopen(deal: Deal) -> object:
    return life.reopen(deal, reason="x", now=T0 + 20 * DAY, free=True)


def _withdraw(deal: Deal) -> object:
    return life.withdraw(deal, reason="x", now=T0 + 20 * DAY)


def _extend(deal: Deal) -> object:
    return exclusivity.extend(deal, by=WINDOW, times=1, now=T0 + 20 * DAY)


def _refund(deal: Deal) -> object:
    return life.refund(deal, refund_id=FIRST, wanted=Wanted(), reason=None, now=T0 + 20 * DAY)


LOST = life.close(a_deal(), outcome=Outcome.LOST, terms=some_terms(), now=T0 + 10 * DAY, credit=None)[0]
WITHDRAWN = life.withdraw(a_deal(), reason="x", now=T0)[0]
STEPS: tuple[Callable[[Deal], object], ...] = (_close, _amend, _reopen, _withdraw, _extend, _refund)
ALLOWED = {
    State.OPEN: {_close, _withdraw, _extend},
    State.WON: {_amend, _reopen, _refund},
    State.LOST: {_reopen},
    State.WITHDRAWN: set(),
}


@pytest.mark.parametrize("deal", [a_deal(), won(), LOST, WITHDRAWN], ids=lambda deal: deal.state.value)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__[1:])
def test_step_when_the_state_does_not_allow_it_then_refused(deal: Deal, step: Callable[[Deal], object]) -> None:
    if step in ALLOWED[deal.state]:
        assert step(deal)
    else:
        with pytest.raises(Refused):
            step(deal)


def test_close_when_closed_before_then_already_closed() -> None:
    for closed in (won(), LOST):
        with pytest.raises(no.AlreadyClosed):
            _close(closed)


@pytest.mark.parametrize(("after", "held"), [(WINDOW - TICK, True), (WINDOW, False)], ids=["last instant", "end"])
def test_close_when_at_the_edge_of_the_window_then_half_open(after: object, held: bool) -> None:
    at = T0 + after  # type: ignore[operator]
    _, fact = life.close(a_deal(), outcome=Outcome.WON, terms=some_terms(at=at), now=at, credit=None)
    assert fact.protected is held


@pytest.mark.parametrize(
    ("policy", "rival", "refusal"),
    [
        (CreditAfterExpiry.UNLESS_RIVAL_HOLDS, False, None),
        (CreditAfterExpiry.UNLESS_RIVAL_HOLDS, True, no.CreditHeldByRival),
        (CreditAfterExpiry.NEVER, False, no.CreditExpired),
        (CreditAfterExpiry.REVIEW, False, no.CreditUnderReview),
    ],
)
def test_win_when_protection_is_over_then_the_policy_decides(policy: CreditAfterExpiry, rival: bool, refusal: type[Refused] | None) -> None:
    at, rule = T0 + 57 * DAY, CreditRule(policy, rival)
    if refusal is None:
        assert life.close(a_deal(), outcome=Outcome.WON, terms=some_terms(at=at), now=at, credit=rule)
    else:
        with pytest.raises(refusal):
            life.close(a_deal(), outcome=Outcome.WON, terms=some_terms(at=at), now=at, credit=rule)
        assert life.close(a_deal(), outcome=Outcome.LOST, terms=some_terms(at=at), now=at, credit=rule)


def test_close_when_the_date_is_impossible_then_refused() -> None:
    with pytest.raises(no.CloseBeforeRegistration):
        life.close(a_deal(), outcome=Outcome.WON, terms=some_terms(at=T0 - TICK), now=T0, credit=None)
    with pytest.raises(no.CloseInFuture):
        life.close(a_deal(), outcome=Outcome.WON, terms=some_terms(at=T0 + TICK), now=T0, credit=None)


@pytest.mark.parametrize("shares", [("1/3", "1/3"), ("0.5", "0.6"), ("1", "0"), ("3/2", "-1/2")])
def test_terms_when_the_shares_are_not_one_then_refused(shares: tuple[str, str]) -> None:
    with pytest.raises(no.SplitsNotOne):
        some_terms(split=tuple(Credit(who, Fraction(share)) for who, share in zip((ME, RIVAL), shares, strict=True))).check()


def test_terms_when_a_beneficiary_is_named_twice_then_refused() -> None:
    with pytest.raises(no.BeneficiaryTwice):
        some_terms(split=(Credit(ME, Fraction(1, 2)), Credit(ME, Fraction(1, 2)))).check()


def test_terms_when_the_lines_do_not_add_up_then_refused() -> None:
    with pytest.raises(no.LinesInvalid):
        replace(some_terms(1, 2), amount=Money(4, "USD")).check()


def test_terms_when_the_amount_is_beyond_any_store_then_refused() -> None:
    with pytest.raises(no.LinesInvalid):
        some_terms(2**62, 2**62).check()


def test_extend_when_at_the_end_or_used_up_then_refused() -> None:
    extended, fact = exclusivity.extend(a_deal(), by=WINDOW, times=1, now=T0 + WINDOW - TICK)
    assert (fact.previous_until, extended.protection.window.end) == (T0 + WINDOW, T0 + 2 * WINDOW)
    with pytest.raises(no.ExtensionsUsed):
        exclusivity.extend(extended, by=WINDOW, times=1, now=T0 + DAY)
    with pytest.raises(no.ProtectionOver):
        exclusivity.extend(a_deal(), by=WINDOW, times=1, now=T0 + WINDOW)


def test_expiry_when_the_window_is_over_then_due_once_and_the_deal_stays_open() -> None:
    assert not exclusivity.is_due(a_deal(), now=T0 + WINDOW - TICK)
    assert exclusivity.is_due(a_deal(), now=T0 + WINDOW)
    expired, fact = exclusivity.expire(a_deal())
    assert (expired.state, fact.at, exclusivity.is_due(expired, now=T0 + 2 * WINDOW)) == (State.OPEN, T0 + WINDOW, False)
    assert not exclusivity.is_due(a_deal(granted=False), now=T0 + WINDOW)


def test_reopen_when_the_account_is_free_then_the_rest_of_the_window_protects() -> None:
    at = T0 + 20 * DAY
    assert life.reopen(won(), reason="x", now=at, free=True)[0].protection.holds_at(at)
    assert not life.reopen(won(), reason="x", now=at, free=False)[0].protection.holds_at(at)
    assert not life.reopen(won(), reason="x", now=T0 + WINDOW, free=True)[0].protection.holds_at(T0 + WINDOW)


def test_refund_when_whole_after_parts_then_what_is_left() -> None:
    deal = won(7_000, 3_000)
    deal, _ = life.refund(deal, refund_id=FIRST, wanted=Wanted(Money(2_000, "USD")), reason=None, now=T0)
    deal, _ = life.refund(deal, refund_id=UUID(int=2), wanted=Wanted(parts=(RefundPart("1", 5_000),)), reason=None, now=T0)
    deal, fact = life.refund(deal, refund_id=UUID(int=3), wanted=Wanted(), reason=None, now=T0)
    assert (fact.refund.amount.minor, fact.refund.parts) == (3_000, (RefundPart("1", 600), RefundPart("2", 2_400)))
    with pytest.raises(no.RefundExceedsSale):
        life.refund(deal, refund_id=UUID(int=4), wanted=Wanted(), reason=None, now=T0)


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (Wanted(Money(10_001, "USD")), no.RefundExceedsSale),
        (Wanted(Money(1, "EUR")), no.RefundInvalid),
        (Wanted(Money(0, "USD")), no.RefundInvalid),
        (Wanted(parts=(RefundPart("1", 7_001),)), no.RefundExceedsSale),
        (Wanted(parts=(RefundPart("3", 1),)), no.RefundInvalid),
        (Wanted(parts=(RefundPart("1", 1), RefundPart("1", 1))), no.RefundInvalid),
        (Wanted(Money(3, "USD"), (RefundPart("1", 1),)), no.RefundInvalid),
    ],
)
def test_refund_when_it_does_not_fit_then_refused(wanted: Wanted, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        life.refund(won(7_000, 3_000), refund_id=FIRST, wanted=wanted, reason=None, now=T0)


def test_refund_when_its_id_is_known_then_refused() -> None:
    deal, _ = life.refund(won(), refund_id=FIRST, wanted=Wanted(Money(1, "USD")), reason=None, now=T0)
    with pytest.raises(no.RefundKnown):
        life.refund(deal, refund_id=FIRST, wanted=Wanted(Money(1, "USD")), reason=None, now=T0)


def test_amend_when_it_would_fall_below_the_refunds_then_refused() -> None:
    deal, _ = life.refund(won(7_000, 3_000), refund_id=FIRST, wanted=Wanted(parts=(RefundPart("2", 3_000),)), reason=None, now=T0)
    for terms in (some_terms(10_000), some_terms(7_000, 2_999)):
        with pytest.raises(no.AmendBelowRefunds):
            life.amend(deal, terms=terms, reason="x", now=T0 + 10 * DAY)
    assert life.amend(deal, terms=some_terms(1, 3_000), reason="x", now=T0 + 10 * DAY)[0].revision == 1
