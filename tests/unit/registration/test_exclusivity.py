"""How protection goes on and ends: extensions that are asked for, stages, silence, warnings."""

import pytest

from services.registration.domain import refusals as no
from services.registration.domain.deals import exclusivity
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.exclusivity import Asked
from services.registration.domain.deals.facts import Ending
from services.registration.domain.deals.phases import Phase, phase_of
from services.registration.domain.values import State
from shared.chassis.values import replace
from tests.unit.registration.deals import DAY, T0, TICK, WINDOW, a_deal, won

END = T0 + WINDOW
KEEP = 5 * DAY
STAGES = ("qualified", "proposal", "negotiation")


def asked_at(now: object) -> Deal:
    return exclusivity.ask_extension(a_deal(), keep=KEEP, times=1, now=now)[0]  # type: ignore[arg-type]


def test_ask_when_in_the_last_moment_then_protection_is_kept_for_the_days_of_the_decision() -> None:
    deal = asked_at(END - TICK)
    assert deal.protection.window.end == END - TICK + KEEP
    assert asked_at(T0).protection.window.end == END
    with pytest.raises(no.ProtectionOver):
        asked_at(END)


def test_grant_when_it_was_asked_for_then_counted_from_the_regular_end() -> None:
    deal, fact = exclusivity.extend(asked_at(END - TICK), by=WINDOW, times=1, now=END + DAY, asked=Asked(END, END - TICK + KEEP))
    assert (fact.previous_until, deal.protection.window.end, deal.protection.extensions) == (END, END + WINDOW, 1)


def test_decline_when_before_the_regular_end_then_that_stands_and_after_it_protection_ends_now() -> None:
    early, _ = exclusivity.decline_extension(asked_at(END - DAY), asked=Asked(END, END - DAY + KEEP), reason="x", now=END - TICK)
    late, fact = exclusivity.decline_extension(asked_at(END - DAY), asked=Asked(END, END - DAY + KEEP), reason="x", now=END + DAY)
    assert early.protection.window.end == END
    assert (late.protection.window.end, fact.until) == (END + DAY, END + DAY)
    assert exclusivity.is_due(late, now=END + DAY)


def test_decision_when_the_deal_is_closed_then_refused() -> None:
    closed = won()
    with pytest.raises(no.NotOpen):
        exclusivity.decline_extension(closed, asked=Asked(END, END), reason="x", now=T0)
    with pytest.raises(no.NotOpen):
        exclusivity.ask_extension(closed, keep=KEEP, times=1, now=T0)
    with pytest.raises(no.NotOpen):
        exclusivity.move_stage(closed, stage="proposal", stages=STAGES, renew=None, now=T0)


def test_stage_when_it_advances_then_protection_is_renewed_where_the_programme_says_so() -> None:
    now = T0 + 20 * DAY
    first, _ = exclusivity.move_stage(a_deal(), stage="qualified", stages=STAGES, renew=None, now=T0 + DAY)
    assert (first.stage, first.stage_at, first.protection.window.end) == ("qualified", T0 + DAY, END)
    advanced, fact = exclusivity.move_stage(first, stage="proposal", stages=STAGES, renew=WINDOW, now=now)
    assert (fact.renewed, fact.previous, advanced.protection.window.end) == (True, "qualified", now + WINDOW)
    back, fact = exclusivity.move_stage(advanced, stage="qualified", stages=STAGES, renew=WINDOW, now=now + DAY)
    assert (fact.renewed, back.protection.window.end) == (False, now + WINDOW)


def test_stage_when_protection_is_over_then_an_advance_renews_nothing() -> None:
    moved, fact = exclusivity.move_stage(a_deal(), stage="proposal", stages=STAGES, renew=WINDOW, now=END)
    assert (fact.renewed, moved.protection.window.end) == (False, END)


def test_stage_when_the_programme_does_not_know_it_then_refused_and_without_stages_any_word_will_do() -> None:
    with pytest.raises(no.StageUnknown):
        exclusivity.move_stage(a_deal(), stage="lunch", stages=STAGES, renew=None, now=T0)
    moved, fact = exclusivity.move_stage(a_deal(), stage="lunch", stages=(), renew=WINDOW, now=T0 + DAY)
    assert (moved.stage, fact.renewed) == ("lunch", False)


def test_silence_when_longer_than_allowed_then_it_ends_protection_before_the_window() -> None:
    assert exclusivity.ends_by_itself(a_deal(), quiet=None) == (END, Ending.WINDOW)
    assert exclusivity.ends_by_itself(a_deal(), quiet=10 * DAY) == (T0 + 10 * DAY, Ending.QUIET)
    told = replace(a_deal(), stage_at=T0 + 25 * DAY)
    assert exclusivity.ends_by_itself(told, quiet=10 * DAY) == (END, Ending.WINDOW)
    lapsed, fact = exclusivity.lapse(a_deal(), now=T0 + 10 * DAY)
    assert (lapsed.state, fact.because, lapsed.protection.holds_at(T0 + 10 * DAY)) == (State.OPEN, Ending.QUIET, False)
    assert phase_of(lapsed, now=T0 + 10 * DAY) is Phase.EXPIRED


def test_warning_when_given_then_once_until_protection_is_prolonged() -> None:
    warned, fact = exclusivity.warn(a_deal(), quiet=None, now=END - DAY)
    assert (warned.warned, fact.ends_at, phase_of(warned, now=END - DAY)) == (True, END, Phase.EXPIRING)
    extended, _ = exclusivity.extend(warned, by=WINDOW, times=1, now=END - DAY)
    assert (extended.warned, phase_of(extended, now=END)) == (False, Phase.EXTENDED)


def test_phase_when_open_then_it_says_how_protection_stands() -> None:
    assert phase_of(a_deal(), now=T0) is Phase.PROTECTED
    assert phase_of(a_deal(), now=END) is Phase.EXPIRED
    assert phase_of(a_deal(granted=False), now=T0) is Phase.UNPROTECTED
    assert phase_of(won(), now=T0) is Phase.WON
