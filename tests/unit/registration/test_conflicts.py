"""Steps go in order; a decision does to the deal what it says; each side's letter is its own."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest

from services.registration.conflict_policy import ConflictRules
from services.registration.domain import refusals
from services.registration.domain.conflicts import decisions
from services.registration.domain.conflicts import refusals as no
from services.registration.domain.conflicts.conflict import (
    STEPS,
    Clause,
    Conflict,
    ConflictOutcome,
    ConflictState,
    ConflictStep,
    Effect,
    Kind,
    Ruling,
    Said,
    Side,
    affected,
    check_open,
    complete,
    decide,
    escalate,
    fingerprint,
    is_late,
)
from services.registration.domain.conflicts.letters import WORDING, check_words, unknown_names, write
from services.registration.domain.deals import deal as life
from services.registration.domain.deals import exclusivity
from services.registration.domain.deals.assignment import Assignment
from services.registration.domain.deals.deal import Origin
from services.registration.domain.deals.territories import Territories
from services.registration.domain.intake.opportunity import Opportunity, Stage, follow
from services.registration.domain.values import Credit, DealId, PartnerId
from services.registration.policy import Policy
from shared.chassis.values import replace
from tests.unit.registration.deals import ACCOUNT, DAY, ME, RIVAL, T0, a_deal, some_terms, won

LIMITS = Policy().conflict_limits
SAID = Said("because", T0 + DAY, "judge")
THIRD = PartnerId(UUID(int=3))
HALF = (Credit(ME, Fraction(1, 3)), Credit(RIVAL, Fraction(2, 3)))


def a_conflict(step: ConflictStep = ConflictStep.IDENTIFY) -> Conflict:
    opened = Said("seen", T0, "rule")
    due = LIMITS.due(step, since=T0)
    return Conflict(
        id=UUID(int=50), kind=Kind.OVERLAP, account_id=ACCOUNT, by_rule=True, opened=opened, step=step, step_due_at=due, owner="managers"
    )


def a_ruling(outcome: ConflictOutcome, *, to: PartnerId | None = None, credits_: tuple[Credit, ...] = ()) -> Ruling:
    clause = Clause(1, "registration.credit_after_expiry")
    return Ruling(outcome=outcome, clause=clause, said=SAID, deal_id=DealId(UUID(int=100)), to=to, credits=credits_)


def a_side(partner: PartnerId | None, *, name: str = "Acme", deal: int = 100) -> Side:
    number = partner.int if partner else 9
    return Side(
        id=UUID(int=600 + number), conflict_id=UUID(int=50), partner_id=partner, deal_ids=(DealId(UUID(int=deal)),), account_name=name
    )


def test_steps_when_done_in_their_order_then_the_conflict_is_closed_after_the_sixth() -> None:
    conflict = a_conflict()
    for step in STEPS:
        assert (conflict.step, conflict.state is ConflictState.CLOSED) == (step, False)
        if step is ConflictStep.DECIDE:
            conflict = decide(conflict, a_ruling(ConflictOutcome.UPHOLD), limits=LIMITS)
            assert conflict.state is ConflictState.DECIDED
        else:
            conflict = complete(conflict, step, limits=LIMITS, now=T0)
    assert (conflict.state, conflict.version) == (ConflictState.CLOSED, 7)


def test_step_when_the_one_before_is_done_then_due_after_its_own_limit_and_no_longer_escalated() -> None:
    late = escalate(a_conflict(), owner="head", now=T0 + 9 * DAY)
    done = complete(late, ConflictStep.IDENTIFY, limits=LIMITS, now=T0 + 10 * DAY)
    assert (done.step_due_at, done.escalated_at, done.owner) == (datetime(2026, 1, 16, 17, tzinfo=UTC), None, "head"), (
        "a Sunday, and the five days after it"
    )


@pytest.mark.parametrize("step", [each for each in STEPS if each is not ConflictStep.MEDIATE])
def test_step_when_out_of_order_then_refused(step: ConflictStep) -> None:
    with pytest.raises(no.StepOutOfOrder, match="mediate"):
        complete(a_conflict(ConflictStep.MEDIATE), step, limits=LIMITS, now=T0)


def test_decision_when_there_is_one_then_another_is_refused() -> None:
    decided = decide(a_conflict(ConflictStep.DECIDE), a_ruling(ConflictOutcome.UPHOLD), limits=LIMITS)
    with pytest.raises(no.ConflictDecided):
        decide(decided, a_ruling(ConflictOutcome.UPHOLD), limits=LIMITS)
    with pytest.raises(no.ConflictDecided):
        check_open(decided)


def test_conflict_when_closed_then_nothing_more_is_done() -> None:
    closed = replace(a_conflict(ConflictStep.PREVENT), state=ConflictState.CLOSED)
    with pytest.raises(no.ConflictClosed):
        complete(closed, ConflictStep.PREVENT, limits=LIMITS, now=T0)
    with pytest.raises(no.ConflictClosed):
        check_open(closed)


def test_step_when_its_time_is_over_then_late_until_it_is_escalated() -> None:
    conflict = a_conflict()
    due = conflict.step_due_at
    assert [is_late(conflict, now=at) for at in (due - timedelta(microseconds=1), due)] == [False, True]
    assert not is_late(escalate(conflict, owner="head", now=due), now=due + DAY)


def test_fingerprint_when_the_deals_are_the_same_in_another_order_then_the_same() -> None:
    one, two = DealId(UUID(int=1)), DealId(UUID(int=2))
    assert fingerprint(Kind.OVERLAP, [one, two]) == fingerprint(Kind.OVERLAP, [two, one])
    assert fingerprint(Kind.OVERLAP, [one]) != fingerprint(Kind.DIRECT_SALES, [one])


def test_reassign_when_the_deal_is_open_then_it_goes_over_with_its_window_and_without_what_was_expected() -> None:
    deal = a_deal()
    moved, fact = decisions.reassign(deal, to=RIVAL, reason="first meeting", now=T0 + DAY)
    assert (moved.partner_id, moved.reassigned_from, moved.version) == (RIVAL, ME, 2)
    assert (moved.protection, moved.expected) == (deal.protection, None)
    assert (fact.former, fact.reason) == (ME, "first meeting")


def test_reassign_when_back_again_then_nothing_is_remembered() -> None:
    there, _ = decisions.reassign(a_deal(), to=RIVAL, reason="x", now=T0)
    back, fact = decisions.reassign(there, to=ME, reason="x", now=T0)
    assert (back.partner_id, back.reassigned_from, fact.former) == (ME, None, RIVAL)


def test_reassign_when_it_cannot_be_then_refused() -> None:
    with pytest.raises(no.RulingInvalid, match="already"):
        decisions.reassign(a_deal(), to=ME, reason="x", now=T0)
    with pytest.raises(refusals.NotOpen):
        decisions.reassign(won(), to=RIVAL, reason="x", now=T0)


def test_protection_when_a_decision_ends_it_then_neither_extension_nor_reopening_brings_it_back() -> None:
    ended, fact = decisions.end_protection(a_deal(), reason="x", now=T0 + DAY)
    assert (ended.protection.holds_at(T0 + DAY), fact.at, ended.version) == (False, T0 + DAY, 2)
    with pytest.raises(refusals.ProtectionOver):
        exclusivity.extend(ended, by=DAY, times=1, now=T0 + DAY)
    closed, _ = life.close(ended, outcome=life.Outcome.LOST, terms=some_terms(at=T0 + 2 * DAY), now=T0 + 2 * DAY, credit=None)
    reopened, _ = life.reopen(closed, reason="x", now=T0 + 3 * DAY, free=True)
    assert not reopened.protection.holds_at(T0 + 3 * DAY)
    with pytest.raises(refusals.ProtectionOver):
        decisions.end_protection(reopened, reason="x", now=T0 + 3 * DAY)


def test_split_when_the_deal_is_open_then_its_terms_are_credited_so_whatever_they_say() -> None:
    fixed = decisions.fix_credit(a_deal(), HALF)
    assert decisions.as_decided(fixed, some_terms(), asked=False).credits == HALF
    assert decisions.as_decided(fixed, some_terms(split=HALF), asked=True).credits == HALF
    with pytest.raises(no.CreditDecided):
        decisions.as_decided(fixed, some_terms(), asked=True)
    with pytest.raises(refusals.SplitsNotOne):
        decisions.fix_credit(a_deal(), HALF[:1])


def test_split_when_the_deal_is_won_then_amended_and_kept_by_later_corrections() -> None:
    amended, _ = decisions.change_credit(won(), HALF, now=T0 + 20 * DAY)
    assert (amended.terms and amended.terms.credits, amended.revision, amended.version) == (HALF, 1, 3)
    assert decisions.as_told(amended, some_terms(5)).credits == HALF


def test_opportunity_when_it_still_names_the_former_partner_then_the_decision_stands() -> None:
    deal = replace(a_deal(), origin=Origin("crm", "O1"))
    moved, _ = decisions.reassign(deal, to=RIVAL, reason="x", now=T0)
    terms = some_terms(split=(Credit(ME, Fraction(1, 2)), Credit(RIVAL, Fraction(1, 4)), Credit(THIRD, Fraction(1, 4))))
    seen = Opportunity(
        source="crm",
        external_id="O1",
        partner_id=ME,
        customer=None,  # type: ignore[arg-type]  # a known deal is not asked for its customer
        families=("GTX",),
        territory=None,
        engaged_at=T0,
        stage=Stage.WON,
        terms=terms,
        changed_at=None,
    )
    followed, steps = follow(moved, seen, now=T0 + 20 * DAY, credit=lambda *_: None, free=lambda _: True)
    assert followed.terms is not None
    assert followed.terms.credits == (Credit(RIVAL, Fraction(3, 4)), Credit(THIRD, Fraction(1, 4)))
    assert len(steps) == 1
    assert follow(followed, seen, now=T0 + 20 * DAY, credit=lambda *_: None, free=lambda _: True)[1] == ()


@pytest.mark.parametrize(
    ("ruling", "won_before", "effects"),
    [
        (a_ruling(ConflictOutcome.UPHOLD), False, [Effect.UNCHANGED] * 3),
        (a_ruling(ConflictOutcome.REASSIGN, to=RIVAL), False, [Effect.DEAL_LOST, Effect.DEAL_GAINED, Effect.UNCHANGED]),
        (a_ruling(ConflictOutcome.REASSIGN, to=RIVAL), True, [Effect.CREDIT_LOST, Effect.CREDIT_GAINED, Effect.UNCHANGED]),
        (a_ruling(ConflictOutcome.SPLIT, credits_=HALF), True, [Effect.CREDIT_SHARED, Effect.CREDIT_SHARED, Effect.UNCHANGED]),
        (
            a_ruling(ConflictOutcome.SPLIT, credits_=(Credit(RIVAL, Fraction(1)),)),
            True,
            [Effect.CREDIT_LOST, Effect.CREDIT_SHARED, Effect.UNCHANGED],
        ),
        (a_ruling(ConflictOutcome.END_PROTECTION), False, [Effect.PROTECTION_ENDED, Effect.UNCHANGED, Effect.UNCHANGED]),
    ],
    ids=["uphold", "reassign", "reassign won", "split", "split without the registrant", "end protection"],
)
def test_side_when_decided_then_told_what_it_means_for_it(ruling: Ruling, won_before: bool, effects: list[Effect]) -> None:
    sides = [affected(a_side(partner), ruling, won=won_before, registrant=ME) for partner in (ME, RIVAL, None)]
    assert [side.effect for side in sides] == effects
    assert [side.version for side in sides] == [2, 2, 2]


@pytest.mark.parametrize("effect", Effect)
def test_letter_when_written_then_made_of_the_sides_own_alone(effect: Effect) -> None:
    side = replace(a_side(ME, name="Acme Holding"), effect=effect, share=Fraction(1, 3))
    letter = write(side, a_ruling(ConflictOutcome.UPHOLD), wording={}, words="We thank you for $account.")
    assert "Acme Holding" in letter.subject + letter.body
    assert "We thank you for $account." in letter.body, "what people write is no template"
    assert "registration.credit_after_expiry, version 1" in letter.body
    assert not any(str(UUID(int=number)) in letter.body for number in range(1, 20))
    assert unknown_names(WORDING[effect]) == []


def test_letter_when_the_programme_has_a_wording_then_that() -> None:
    side = replace(a_side(ME), effect=Effect.DEAL_LOST)
    letter = write(side, a_ruling(ConflictOutcome.UPHOLD), wording={Effect.DEAL_LOST: "Gone: $account."}, words=None)
    assert letter.body.startswith("Gone: Acme.\n\nDecided on 2026-01-02")


@pytest.mark.parametrize("text", ["$rival", "100 $"])
def test_wording_when_nothing_fills_it_then_the_programme_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nothing fills"):
        ConflictRules(letters={Effect.DEAL_LOST: text})


@pytest.mark.parametrize("secret", [str(RIVAL), str(UUID(int=777)), "ACME Holdings Ltd", str(UUID(int=602)).upper()])
def test_words_when_they_carry_what_is_another_sides_then_refused(secret: str) -> None:
    mine, other = a_side(ME, name="Acme"), a_side(RIVAL, name="Acme Holdings Ltd", deal=777)
    with pytest.raises(no.NamesOtherSide):
        check_words(f"It went to {secret}.", mine, [mine, other])
    check_words(f"It went to {secret}.", other, [other])
    check_words("Your deal with Acme.", mine, [mine, other])


def test_territory_when_outside_of_what_the_partner_may_have_then_breached() -> None:
    tree = Territories({"EMEA": ["DACH", "FR"], "DACH": ["DE", "AT"], "AMER": ["US"]})
    assignment = Assignment(partners={ME: ["DACH"]}, kinds={"channel": ["EMEA"]})

    def breached(partner: PartnerId, territory: str, kind: str = "channel") -> bool:
        return assignment.breached(partner, kind, tree.path(territory), tree=tree)

    assert [breached(ME, name) for name in ("DE", "DACH", "FR", "EMEA", "US")] == [False, False, True, True, True]
    assert [breached(RIVAL, name) for name in ("FR", "EMEA", "US")] == [False, False, True]
    assert not breached(RIVAL, "US", kind="alliance")
    assert not breached(ME, "any"), "where the customer is not known, nothing is breached"
    assert not Assignment()


def test_step_when_a_weekend_lies_between_then_its_limit_counts_the_days_on_which_the_office_is_open() -> None:
    friday = datetime(2026, 3, 6, 16, tzinfo=UTC)
    assert LIMITS.due(ConflictStep.IDENTIFY, since=friday) == datetime(2026, 3, 10, 16, tzinfo=UTC), (
        "two days: an hour, Monday, and seven more"
    )
    assert LIMITS.due(ConflictStep.IDENTIFY, since=friday + 10 * timedelta(hours=1)) == datetime(2026, 3, 10, 17, tzinfo=UTC)


def test_step_when_the_programme_keeps_other_hours_then_its_limit_counts_by_them() -> None:
    hours = {"days": ["sun", "mon"], "from": "10:00", "until": "12:00", "time_zone": "Asia/Dubai", "closed": ["2026-03-08"]}
    policy = Policy.model_validate({"business_hours": hours, "conflicts": {"identify_days": 2}})
    friday = datetime(2026, 3, 6, 16, tzinfo=UTC)
    assert policy.conflict_limits.due(ConflictStep.IDENTIFY, since=friday) == datetime(2026, 3, 15, 8, tzinfo=UTC)
