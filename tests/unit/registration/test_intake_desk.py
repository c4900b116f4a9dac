"""What the desk makes of versions, echoes of our own changes, and changes of the partner."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.registration.domain.deals.deal import Origin
from services.registration.domain.deals.facts import Closed, Registered, Reopened, Withdrawn
from services.registration.domain.deals.turns import turns
from services.registration.domain.intake.desk import OWNER_CHANGED
from services.registration.domain.intake.news import News
from services.registration.domain.intake.opportunity import OwnerChange, Stage
from services.registration.domain.values import State
from tests.unit.registration.deals import DAY, ME, RIVAL, T0, a_deal, some_terms
from tests.unit.registration.opportunities import NOW, desk, only, seen, take

FOLLOWED = replace(a_deal(), origin=Origin("crm", "O1"))


@pytest.mark.parametrize(
    ("first", "then", "news"),
    [
        ({"version": 1}, {"version": 2}, News.FRESH),
        ({"version": 2}, {"version": 1}, News.STALE),
        ({"version": 2}, {"version": 2}, News.REPEAT),
        # the version decides, whatever the time says
        ({"version": 1, "changed_at": T0 + DAY}, {"version": 2, "changed_at": T0}, News.FRESH),
        ({"version": 2, "changed_at": T0}, {"version": 1, "changed_at": T0 + DAY}, News.STALE),
        # without a version the time, without either the arrival
        ({"changed_at": T0}, {"changed_at": T0 + DAY}, News.FRESH),
        ({"changed_at": T0 + DAY}, {"changed_at": T0}, News.STALE),
        ({"changed_at": T0}, {"changed_at": T0}, News.FRESH),
        ({"version": 1, "changed_at": T0 + DAY}, {"changed_at": T0}, News.STALE),
        ({}, {}, News.FRESH),
        ({"changed_at": T0}, {}, News.FRESH),
    ],
)
def test_state_when_another_is_known_then_version_time_or_arrival_decides(first: dict[str, Any], then: dict[str, Any], news: News) -> None:
    assert take(desk(), seen(**first), seen(**then))[1].news is news


def test_version_when_it_comes_with_another_content_then_refused_and_what_was_first_stands() -> None:
    here = desk()
    _, other = take(here, seen(version=3), seen(Stage.WON, version=3))
    assert (other.refusal.code, only(here).state) == ("opportunity_conflict", State.OPEN)


def test_version_when_its_content_is_written_down_otherwise_then_it_is_a_repeat() -> None:
    one = seen(Stage.WON, version=3)
    assert take(desk(), one, replace(one, changed_at=NOW, origin="crm"))[1].news is News.REPEAT


def test_version_when_states_without_one_come_between_then_it_still_stands() -> None:
    here = desk()
    states = (seen(version=5, changed_at=T0), seen(Stage.WON, changed_at=T0 + 20 * DAY), seen(version=5, changed_at=T0), seen(version=4))
    assert [one.news for one in take(here, *states)] == [News.FRESH, News.FRESH, News.REPEAT, News.STALE]
    assert only(here).state is State.WON


def test_refused_state_when_an_older_one_comes_then_that_still_counts() -> None:
    here = desk()
    wrong, older = take(here, seen(Stage.WON, version=2, terms=some_terms(at=T0 - DAY)), seen(version=1))
    assert (wrong.refusal.code, older.news, only(here).state) == ("close_before_registration", News.FRESH, State.OPEN)


def test_echo_when_the_state_is_ours_then_no_step_and_its_version_is_known() -> None:
    here = desk([replace(FOLLOWED, version=7)])
    echo = seen(Stage.WON, version=4, origin=f"hansa:{FOLLOWED.id}@7")
    [taken, again, next_one] = take(here, echo, echo, seen(Stage.WON, version=5))
    assert (taken.news, taken.steps, again.news) == (News.ECHO, (), News.REPEAT)
    assert [type(fact) for _, fact in next_one.steps] == [Closed]


@pytest.mark.parametrize("origin", ["hansa", "HANSA", f"hansa:{FOLLOWED.id}@3"])
def test_echo_when_it_names_the_deal_or_nobody_then_nothing_changes(origin: str) -> None:
    here = desk([replace(FOLLOWED, version=3)])
    assert take(here, seen(Stage.WON, origin=origin))[0].news is News.ECHO
    assert [deal.state for deal in here.changed_deals()] in ([], [State.OPEN])


@pytest.mark.parametrize("origin", [f"hansa:{FOLLOWED.id}@4", f"hansa:{UUID(int=9)}@1", "hansa:x", f"hansa:{FOLLOWED.id}@0"])
def test_echo_when_it_names_what_we_never_wrote_then_refused(origin: str) -> None:
    here = desk([replace(FOLLOWED, version=3)])
    assert take(here, seen(Stage.WON, origin=origin))[0].refusal.code == "origin_unknown"
    assert here.changed_deals() == []


def test_echo_when_we_made_the_opportunity_there_then_the_deal_follows_it_from_now_on() -> None:
    ours = a_deal()
    here = desk(others=[ours])
    made, won = take(here, seen(version=1, origin=f"hansa:{ours.id}@1"), seen(Stage.WON, version=2))
    assert (made.steps, made.registered, here.new_deals()) == ((), False, [])
    assert (won.deal.id, won.deal.state) == (ours.id, State.WON)


@pytest.mark.parametrize("ours", [a_deal(), FOLLOWED], ids=["of another partner", "with an opportunity of its own"])
def test_echo_when_the_deal_is_not_for_this_opportunity_then_refused(ours: Any) -> None:
    told = seen(external_id="O2", partner=RIVAL if ours.origin is None else ME, origin=f"hansa:{ours.id}@1")
    assert take(desk(others=[ours]), told)[0].refusal.code == "origin_unknown"


def test_owner_when_changed_and_reviewed_then_refused() -> None:
    here = desk([FOLLOWED])
    assert take(here, seen(partner=RIVAL))[0].refusal.code == "partner_changed"
    assert here.changed_deals() == []


def test_owner_when_changed_and_followed_then_withdrawn_here_and_registered_there_from_that_moment() -> None:
    here = desk([FOLLOWED], on_owner_change=OwnerChange.FOLLOW)
    [taken] = take(here, seen(partner=RIVAL, changed_at=T0 + 5 * DAY))
    (former, gone), (new, begun) = taken.steps
    assert (type(gone), gone.reason, type(begun)) == (Withdrawn, OWNER_CHANGED, Registered)
    assert (former.state, former.origin, former.protection.ended_at) == (State.WITHDRAWN, None, T0 + 5 * DAY)
    assert (new.partner_id, new.registered_at, new.protection.granted, new.conflict) == (RIVAL, T0 + 5 * DAY, True, False)
    assert [deal.id for deal in here.changed_deals()] == [FOLLOWED.id]
    assert [deal.id for deal in here.new_deals()] == [new.id]


def test_owner_when_changed_and_closed_at_once_then_registered_before_the_close() -> None:
    here = desk([FOLLOWED], on_owner_change=OwnerChange.FOLLOW)
    won = seen(Stage.WON, partner=RIVAL, changed_at=T0 + 12 * DAY, terms=some_terms(at=T0 + 10 * DAY))
    assert [type(fact) for _, fact in take(here, won)[0].steps] == [Withdrawn, Registered, Closed]


def test_owner_when_changed_after_the_close_then_reviewed_under_either_policy() -> None:
    here = desk(on_owner_change=OwnerChange.FOLLOW)
    assert take(here, seen(Stage.WON), seen(Stage.WON, partner=RIVAL))[1].refusal.code == "partner_changed"


def test_owner_when_the_former_deal_was_withdrawn_by_hand_then_the_new_one_is_registered() -> None:
    withdrawn = replace(FOLLOWED, state=State.WITHDRAWN)
    [taken] = take(desk([withdrawn]), seen(partner=RIVAL))
    assert [type(fact) for _, fact in taken.steps] == [Registered]


def test_owner_when_it_goes_back_and_forth_then_each_turn_is_a_registration() -> None:
    here = desk(on_owner_change=OwnerChange.FOLLOW)
    states = [seen(partner=who, changed_at=T0 + day * DAY) for day, who in enumerate((ME, RIVAL, ME))]
    assert [taken.registered for taken in take(here, *states)] == [True, True, True]
    assert [deal.state for deal in here.new_deals()] == [State.WITHDRAWN, State.WITHDRAWN, State.OPEN]


def test_set_when_its_states_come_inverted_then_they_take_turns_by_version_and_lose_no_step() -> None:
    states = [seen(version=3), seen(Stage.WON, version=2), seen(external_id="O2", engaged_at=T0 - DAY), seen(version=1)]
    assert turns(states) == [2, 3, 1, 0]
    here = desk()
    steps = [type(fact) for place in turns(states) for _, fact in here.take(states[place], a_deal().scope.account_id).steps]
    assert steps == [Registered, Registered, Closed, Reopened]
    assert turns([seen(version=2), seen(), seen(version=1)]) == [0, 1, 2]
