"""Two accounts as one: who keeps protection, and what becomes of the slots."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.registration.domain.accounts.joining import Keep, join, yield_protection
from services.registration.domain.accounts.refusals import MergeCollides
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.protection import Scope, Slot, Window, slots_for
from services.registration.domain.values import AccountId, DealId
from shared.chassis.values import replace
from tests.unit.registration.deals import DAY, T0, WINDOW, a_deal

GONE, INTO = AccountId(UUID(int=1)), AccountId(UUID(int=2))
NOW = T0 + 10 * DAY


def held(number: int, account: AccountId, start: timedelta, *, path: str = "/EMEA/DE") -> tuple[Deal, tuple[Slot, ...]]:
    scope = Scope(account, ("GTX",), path)
    deal = replace(a_deal(), id=DealId(UUID(int=number)), scope=scope, registered_at=T0 + start)
    return deal, slots_for(deal.id, scope, Window(T0 + start, T0 + start + WINDOW))


FIRST, FIRST_SLOTS = held(11, GONE, 0 * DAY)
SECOND, SECOND_SLOTS = held(12, INTO, 5 * DAY, path="/EMEA")
DEALS = {FIRST.id: FIRST, SECOND.id: SECOND}
SLOTS = (*FIRST_SLOTS, *SECOND_SLOTS)


def test_join_when_both_protect_the_same_and_nothing_says_who_keeps_it_then_refused() -> None:
    with pytest.raises(MergeCollides) as refused:
        join(SLOTS, DEALS, into=INTO, keep=None, now=NOW)
    assert str(FIRST.id) in refused.value.message
    assert str(SECOND.id) in refused.value.message


def test_join_when_asked_to_keep_then_the_earlier_registered_does() -> None:
    joined = join(SLOTS, DEALS, into=INTO, keep=Keep(), now=NOW)
    assert joined.yielded == (SECOND.id,)
    assert joined.rewritten[FIRST.id] == (replace(FIRST_SLOTS[0], account_id=INTO),)
    assert joined.rewritten[SECOND.id] == (), "what it held until now was the other's too"


def test_join_when_a_deal_is_named_then_it_keeps_its_protection_and_the_past_stays_the_earlier_ones() -> None:
    joined = join(SLOTS, DEALS, into=INTO, keep=Keep(frozenset({SECOND.id})), now=NOW)
    assert joined.yielded == (FIRST.id,)
    assert [slot.window for slot in joined.rewritten[FIRST.id]] == [Window(T0, NOW)]
    assert [slot.window for slot in joined.rewritten[SECOND.id]] == [Window(NOW, T0 + 5 * DAY + WINDOW)]


def test_join_when_they_met_in_the_past_alone_then_nobody_is_asked_and_history_has_one_holder() -> None:
    joined = join(SLOTS, DEALS, into=INTO, keep=None, now=T0 + 50 * DAY)
    assert joined.yielded == ()
    assert [slot.window for slot in joined.rewritten[SECOND.id]] == [Window(T0 + WINDOW, T0 + 5 * DAY + WINDOW)]


def test_join_when_they_never_meet_then_slots_move_and_that_is_all() -> None:
    other, other_slots = held(13, INTO, 1 * DAY, path="/APAC")
    joined = join((*FIRST_SLOTS, *other_slots), {FIRST.id: FIRST, other.id: other}, into=INTO, keep=None, now=NOW)
    assert (joined.yielded, set(joined.rewritten)) == ((), {FIRST.id})


def test_yield_when_a_deal_loses_its_protection_then_for_good_and_it_lives_on() -> None:
    after, fact = yield_protection(FIRST, now=NOW)
    assert not after.protection.holds_at(NOW)
    assert (after.state, after.protection.expired, after.version, fact.at) == (FIRST.state, True, 2, NOW)
