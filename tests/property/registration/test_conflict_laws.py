"""Whatever is tried in any order: six steps in order, one protected deal, facts without a gap, credit that totals exactly one."""

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.conflicts import decisions
from services.registration.domain.conflicts.conflict import (
    STEPS,
    Clause,
    Conflict,
    ConflictOutcome,
    ConflictState,
    ConflictStep,
    Kind,
    Ruling,
    Said,
    complete,
    decide,
)
from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import Deal, protected_window
from services.registration.domain.deals.protection import Board, Slot, Window, slots_for
from services.registration.domain.values import AccountId, Credit, DealId, PartnerId
from services.registration.domain.values import Outcome as Ending
from services.registration.policy import Policy
from shared.chassis.errors import Refused
from shared.chassis.values import replace
from tests.unit.registration.deals import DAY, T0, a_deal, some_terms

LIMITS = Policy().conflict_limits
PARTNERS = [PartnerId(UUID(int=number)) for number in (1, 2, 3)]
RULING = Ruling(outcome=ConflictOutcome.UPHOLD, clause=Clause(1, "registration.approval"), said=Said("x", T0, "y"))
OPENED = Conflict(
    id=UUID(int=5),
    kind=Kind.OVERLAP,
    account_id=AccountId(UUID(int=7)),
    by_rule=True,
    opened=Said("x", T0, "rule"),
    step=ConflictStep.IDENTIFY,
    step_due_at=T0,
    owner="x",
)


@given(st.lists(st.sampled_from(STEPS), max_size=40))
def test_steps_when_tried_in_any_order_then_done_in_theirs_alone(tried: list[ConflictStep]) -> None:
    conflict, done = OPENED, []
    for step in tried:
        try:
            conflict = (
                decide(conflict, RULING, limits=LIMITS) if step is ConflictStep.DECIDE else complete(conflict, step, limits=LIMITS, now=T0)
            )
        except Refused:
            continue
        done.append(step)
    assert done == list(STEPS[: len(done)])
    assert (conflict.state is ConflictState.CLOSED) == (len(done) == len(STEPS))
    assert (conflict.ruling is not None) == (ConflictStep.DECIDE in done)
    assert conflict.version == 1 + len(done)


splits = st.lists(st.tuples(st.sampled_from(PARTNERS), st.sampled_from(["1", "1/2", "1/3", "2/3", "0", "-1"])), min_size=1, max_size=3)
actions = st.lists(
    st.tuples(
        st.sampled_from(["reassign", "split", "end", "close", "amend", "reopen"]), st.integers(0, 2), st.sampled_from(PARTNERS), splits
    ),
    max_size=25,
)


def _deals() -> list[Deal]:
    """Three deals of rivals on one account: the second began when the first was over, the third came second and is not protected."""
    second = T0 + 30 * DAY
    return [
        replace(a_deal(), id=DealId(UUID(int=100))),
        replace(
            a_deal(),
            id=DealId(UUID(int=101)),
            partner_id=PARTNERS[1],
            registered_at=second,
            protection=protected_window(second, days=30 * DAY, granted=True),
        ),
        replace(a_deal(granted=False), id=DealId(UUID(int=102)), partner_id=PARTNERS[2], conflict=True),
    ]


@given(actions, st.integers(0, 70))
def test_decisions_when_made_in_any_order_then_one_is_protected_and_credit_totals_one(
    wanted: list[tuple[str, int, PartnerId, list[tuple[PartnerId, str]]]], days: int
) -> None:
    deals, facts, now = _deals(), [1, 1, 1], T0 + days * DAY
    for action, index, partner, shares in wanted:
        split = tuple(Credit(who, Fraction(share)) for who, share in shares)
        now += timedelta(hours=1)
        try:
            after, counted = _done(action, deals[index], partner, split, deals, now)
        except Refused:
            continue
        deals[index], facts[index] = after, facts[index] + counted
    assert [deal.version for deal in deals] == facts
    assert sum(deal.protection.holds_at(now) for deal in deals) <= 1
    for deal in deals:
        for credits_ in (deal.credits_fixed, deal.terms.credits if deal.terms else ()):
            assert not credits_ or sum(credit.share for credit in credits_) == 1
    held = sorted((slot.window for deal in deals for slot in _slots(deal)), key=lambda window: window.start)
    assert not any(one.overlaps(other) for one, other in pairwise(held))


def _done(action: str, deal: Deal, partner: PartnerId, split: tuple[Credit, ...], deals: list[Deal], at: datetime) -> tuple[Deal, int]:
    match action:
        case "reassign":
            return decisions.reassign(deal, to=partner, reason="x", now=at)[0], 1
        case "split" if deal.is_closed:
            return decisions.change_credit(deal, split, now=at)[0], 1
        case "split":
            return decisions.fix_credit(deal, split), 0
        case "end":
            return decisions.end_protection(deal, reason="x", now=at)[0], 1
        case "close":
            terms = decisions.as_decided(deal, some_terms(at=at, split=(Credit(deal.partner_id, Fraction(1)),)), asked=False)
            return life.close(deal, outcome=Ending.WON, terms=terms, now=at, credit=None)[0], 1
        case "amend":
            terms = decisions.as_decided(deal, some_terms(5, at=at, split=(Credit(partner, Fraction(1)),)), asked=False)
            return life.amend(deal, terms=terms, reason="x", now=at)[0], 1
        case _:
            board = Board(slot for other in deals for slot in _slots(other))
            left = Window(at, max(at, deal.protection.window.end))
            free = not board.holders(deal.scope, left, besides=deal.id)
            return life.reopen(deal, reason="x", now=at, free=free)[0], 1


def _slots(deal: Deal) -> tuple[Slot, ...]:
    held = deal.protection
    if not held.granted:
        return ()
    end = min(held.window.end, held.ended_at) if held.ended_at else held.window.end
    return slots_for(deal.id, deal.scope, Window(held.window.start, max(held.window.start, end)), partner_id=deal.partner_id)
