"""A proposed rule: patched, checked, and tried over a small history whose figures are known."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.registration.domain.conflicts import refusals as no
from services.registration.domain.conflicts.conflict import Kind, Said
from services.registration.domain.conflicts.proposals import (
    Body,
    Proposal,
    RuleProposalState,
    check_patch,
    check_switch,
    declined,
    has_path,
    switched_on,
)
from services.registration.domain.conflicts.trial import PastConflict, Rules, Trial, compare
from services.registration.domain.deals import deal as life
from services.registration.domain.deals.assignment import Assignment
from services.registration.domain.deals.deal import Deal, Origin, protected_window
from services.registration.domain.deals.territories import Territories
from services.registration.domain.intake.opportunity import Exclusivity
from services.registration.domain.merge_patch import merged
from services.registration.domain.values import CreditAfterExpiry, DealId, Outcome, PartnerId
from services.registration.policy import Policy
from services.registration.use_cases.rules.propose import patched
from services.registration.use_cases.rules.triable import check_triable
from shared.chassis.values import replace
from tests.unit.registration.deals import DAY, ME, RIVAL, T0, a_deal, some_terms

TREE = Territories({"EMEA": ["DE", "FR"]})
NOW = Rules(
    exclusivity=Exclusivity.RECORD,
    protection=30 * DAY,
    extension=30 * DAY,
    extensions=1,
    credit=CreditAfterExpiry.UNLESS_RIVAL_HOLDS,
    cool_off=timedelta(0),
    limit=500,
    territories=TREE,
    assignment=Assignment(),
)


def registered(number: int, *, partner: PartnerId = ME, day: int = 0, imported: bool = False, conflict: bool = False) -> Deal:
    at = T0 + day * DAY
    protection = protected_window(at, days=30 * DAY, granted=not conflict)
    origin = Origin("crm", str(number)) if imported else None
    return replace(
        a_deal(), id=DealId(UUID(int=number)), partner_id=partner, registered_at=at, protection=protection, origin=origin, conflict=conflict
    )


def closed(deal: Deal, outcome: Outcome, *, day: int) -> Deal:
    at = T0 + day * DAY
    return life.close(deal, outcome=outcome, terms=some_terms(at=at), now=at, credit=None)[0]


def withdrawn(deal: Deal, *, day: int) -> Deal:
    return life.withdraw(deal, reason="x", now=T0 + day * DAY)[0]


def tried(history: list[Deal], then: Rules, cases: tuple[PastConflict, ...] = (), *, since: datetime = T0) -> Trial:
    return compare(history, cases, {}, now=NOW, then=then, since=since)


def figures(trial: Trial) -> tuple[int, int, int]:
    """How many conflicts there were, how many would have been prevented, how many honest deals blocked."""
    return len(trial.conflicts), len(trial.prevented), len(trial.honest_blocked)


HISTORY = [
    registered(1, imported=True),
    registered(2, partner=RIVAL, day=5, imported=True, conflict=True),
    closed(registered(3, partner=RIVAL, day=10, imported=True, conflict=True), Outcome.WON, day=40),
]


def test_trial_when_overlaps_are_refused_then_prevented_and_what_was_won_is_blocked_honestly() -> None:
    trial = tried(HISTORY, replace(NOW, exclusivity=Exclusivity.ENFORCE))
    assert figures(trial) == (2, 2, 1)
    assert [(one.deal.id.int, one.code, one.honest) for one in trial.blocked] == [(2, "account_taken", False), (3, "account_taken", True)]


def test_trial_when_a_conflict_was_opened_then_it_counts_once_and_not_by_the_mark_on_its_deal() -> None:
    case = PastConflict(Kind.OVERLAP, (DealId(UUID(int=1)), DealId(UUID(int=2))))
    assert figures(tried(HISTORY, replace(NOW, exclusivity=Exclusivity.ENFORCE), (case,))) == (2, 2, 1)


def test_trial_when_windows_are_shorter_then_what_no_longer_meets_is_prevented_and_nobody_blocked() -> None:
    assert figures(tried(HISTORY, replace(NOW, protection=7 * DAY))) == (2, 1, 0), "the fifth day meets still, the tenth does not"


def test_trial_when_a_cool_off_is_longer_then_who_comes_back_too_soon_is_blocked() -> None:
    history = [withdrawn(registered(1), day=10), registered(2, day=20), registered(3, partner=RIVAL, day=60)]
    assert figures(tried(history, replace(NOW, cool_off=9 * DAY))) == (0, 0, 0)
    trial = tried(history, replace(NOW, cool_off=11 * DAY))
    assert [(one.deal.id.int, one.code, one.honest) for one in trial.blocked] == [(2, "cool_off", True)]


def test_trial_when_the_limit_is_lower_then_whoever_has_more_open_is_blocked() -> None:
    history = [closed(registered(1), Outcome.LOST, day=3), *(replace(registered(n, day=n), scope=_other(n)) for n in range(2, 6))]
    trial = tried(history, replace(NOW, limit=2))
    assert [one.deal.id.int for one in trial.blocked] == [4, 5], "on the fourth day the first is closed, and two are open"


def _other(number: int) -> life.Scope:
    return replace(a_deal().scope, families=(f"family {number}",))


def test_trial_when_territories_are_assigned_then_breaches_are_prevented_by_refusal() -> None:
    case = PastConflict(Kind.TERRITORY_BREACH, (DealId(UUID(int=1)),))
    assigned = Assignment(partners={ME: ["FR"]})
    now = replace(NOW, assignment=assigned)
    then = replace(NOW, assignment=replace(assigned, refuses=True))
    history = [registered(1)]
    trial = compare(history, [case], {}, now=now, then=then, since=T0)
    assert figures(trial) == (1, 1, 0)
    assert [one.code for one in trial.blocked] == ["territory_not_allowed"]


@pytest.mark.parametrize(("kind", "prevented"), [(Kind.DIRECT_SALES, 1), (Kind.PROBABLE_DUPLICATE, 1)])
def test_trial_when_a_deal_of_the_conflict_would_have_been_refused_then_prevented(kind: Kind, prevented: int) -> None:
    case = PastConflict(kind, (DealId(UUID(int=2)),))
    assert figures(tried(HISTORY, replace(NOW, exclusivity=Exclusivity.ENFORCE), (case,)))[:2] == (2, 1 + prevented)


def test_trial_when_the_tree_of_territories_is_another_then_what_met_in_it_meets_no_more() -> None:
    history = [replace(HISTORY[0], territory="EMEA"), replace(HISTORY[1], territory="FR")]
    assert figures(tried(history, replace(NOW, territories=Territories({"DACH": ["DE"]})))) == (1, 1, 0)


def test_trial_when_the_rules_of_now_would_refuse_it_too_then_no_merit_of_the_others() -> None:
    history = [replace(registered(n), scope=_other(n)) for n in range(1, 4)]
    now = replace(NOW, limit=2)
    trial = compare(history, [], {}, now=now, then=replace(NOW, limit=1), since=T0)
    assert [one.deal.id.int for one in trial.blocked] == [2], "the third was accepted against the rules of now"


def test_trial_when_the_rules_are_the_same_then_nothing_is_prevented_and_nobody_blocked() -> None:
    assert figures(tried(HISTORY, NOW)) == (2, 0, 0)


def test_trial_when_a_deal_is_older_than_the_period_then_it_takes_its_place_and_is_not_judged() -> None:
    trial = tried(HISTORY, replace(NOW, exclusivity=Exclusivity.ENFORCE), since=T0 + 7 * DAY)
    assert (trial.deals, [one.deal.id.int for one in trial.blocked]) == (1, [3])


def test_patch_when_merged_then_as_the_standard_says() -> None:
    body: Body = {"a": 1, "extension": {"days": 30, "times": 1}, "gone": True}
    assert merged(body, {"a": 2, "extension": {"times": 2}, "gone": None}) == {"a": 2, "extension": {"days": 30, "times": 2}}
    assert body["a"] == 1


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"cool_of_days": 3},
        {"cool_off_days": "soon"},
        {"cool_off_days": -1},
        {"cool_off_days": 10**9},
        {"territories": {"A": ["B"], "B": ["A"]}},
        {"conflicts": {"letters": {"deal_lost": "$rival"}}},
        {"review_limit_days": 100_000},
        {"leads": {"answer_within_hours": 10_000}, "business_hours": {"days": ["mon"], "from": "12:00", "until": "13:00"}},
        {"approval": {"mode": "rules", "rules": [{"name": "large", "then": "review", "min_amount": "a lot"}]}},
    ],
)
def test_patch_when_the_rules_would_not_be_valid_then_refused(patch: Body) -> None:
    with pytest.raises(no.RuleInvalid):
        patched({"protection_days": 30}, patch)


def test_patch_when_it_is_right_then_the_service_reads_it() -> None:
    changed, policy = patched({"protection_days": 20}, {"extension": {"times": 3}})
    assert (changed["protection_days"], policy.protection_days, policy.extension.times) == (20, 20, 3)
    check_patch({"cool_off_days": 30}, known=frozenset({"cool_off_days"}))


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("registration.extension.days", True),
        ("registration.extension", True),
        ("registration.extension.weeks", False),
        ("registration.extension.days.x", False),
        ("registration", False),
        ("commission.extension", False),
        ("", False),
    ],
)
def test_clause_when_looked_up_then_found_only_where_it_stands(path: str, there: bool) -> None:
    assert has_path({"extension": {"days": 30}}, path, section="registration") is there


def test_proposal_when_settled_then_not_again_and_never_by_who_proposed_it() -> None:
    proposal = Proposal(id=UUID(int=1), patch={"cool_off_days": 3}, proposed=Said("x", T0, "ann"))
    with pytest.raises(no.SamePerson):
        check_switch(proposal, Said("x", T0, "ann"), effective_from=T0)
    with pytest.raises(no.RuleStartsInPast):
        check_switch(proposal, Said("x", T0 + DAY, "bob"), effective_from=T0)
    on = switched_on(proposal, Said("x", T0, "bob"), policy_version=2, effective_from=T0)
    assert (on.state, on.policy_version, on.version) == (RuleProposalState.SWITCHED_ON, 2, 2)
    with pytest.raises(no.ProposalSettled):
        declined(on, Said("x", T0, "bob"))


LATE = closed(registered(1, day=0), Outcome.WON, day=40)
PROLONGED = replace(LATE, protection=replace(LATE.protection, extensions=1))


@pytest.mark.parametrize(("credit", "code"), [(CreditAfterExpiry.NEVER, "credit_expired"), (CreditAfterExpiry.REVIEW, "credit_review")])
def test_trial_when_a_win_came_after_the_end_of_its_protection_then_credited_as_the_rules_say(credit: CreditAfterExpiry, code: str) -> None:
    trial = tried([LATE, closed(registered(2, day=0), Outcome.WON, day=20)], replace(NOW, credit=credit))
    assert [(one.deal.id.int, one.code) for one in trial.uncredited] == [(1, code)]
    assert trial.blocked == ()


def test_trial_when_a_rival_holds_at_the_late_win_then_credit_no_longer_asked_for_is_no_merit() -> None:
    history = [LATE, registered(2, partner=RIVAL, day=35)]
    assert tried(history, NOW).uncredited == ()
    now, then = replace(NOW, credit=CreditAfterExpiry.NEVER), replace(NOW, credit=CreditAfterExpiry.UNLESS_RIVAL_HOLDS)
    assert compare(history, [], {}, now=now, then=then, since=T0).uncredited == (), "it was not credited before either"


def test_trial_when_windows_are_shorter_then_a_rival_who_comes_meanwhile_takes_the_credit() -> None:
    history = [closed(registered(1), Outcome.WON, day=25), registered(2, partner=RIVAL, day=22, imported=True)]
    trial = tried(history, replace(NOW, protection=20 * DAY))
    assert [(one.deal.id.int, one.code) for one in trial.uncredited] == [(1, "credit_held_by_rival")]


def test_trial_when_history_was_told_by_a_sales_system_then_asked_for_credit_only_where_exclusivity_is_enforced() -> None:
    late = closed(registered(1, imported=True), Outcome.WON, day=40)
    never = replace(NOW, credit=CreditAfterExpiry.NEVER)
    assert tried([late], never).uncredited == ()
    assert len(tried([late], replace(never, exclusivity=Exclusivity.ENFORCE)).uncredited) == 1


def test_trial_when_fewer_extensions_are_given_then_windows_end_sooner() -> None:
    never = replace(NOW, credit=CreditAfterExpiry.NEVER)
    assert tried([PROLONGED], never).uncredited == (), "it was extended, and won in time"
    assert len(tried([PROLONGED], replace(never, extensions=0)).uncredited) == 1


TRIABLE = [
    {"protection_days": 20},
    {"extension": {"days": 10}},
    {"extension": {"times": 0}},
    {"credit_after_expiry": "never"},
    {"opportunity_exclusivity": "enforce"},
    {"cool_off_days": 3},
    {"open_registrations_limit": 3},
    {"territories": {"EMEA": ["DE"]}},
    {"partner_territories": {"on_breach": "refuse"}},
    {"free_mail_domains": ["gmx.example"]},
    {"conflicts": {"decide_days": 9, "owner": "x"}},
    {"approval": {"owner": "x"}},
    {"expiring_soon_days": 3},
]
REFUSED = [
    ({"extension": {"times": 2}}, "extension.times", "one more extension"),
    ({"extension": {"decide_within_days": 9}}, "extension.decide_within_days", "requests"),
    ({"account_likeness": {"probable_from": 90}}, "account_likeness", "by people"),
    ({"approval": "manual"}, "approval.mode", "people would have decided"),
    ({"conflicts": {"probable_duplicates": True}}, "conflicts.probable_duplicates", "looked alike"),
    ({"quiet": {"after_days": 9}}, "quiet", "spoke of a deal"),
    ({"leads": {"answer_within_hours": 3}}, "leads", "not on record"),
]


@pytest.mark.parametrize("patch", TRIABLE)
def test_change_when_history_tells_enough_or_it_has_no_bearing_then_it_can_be_tried(patch: Body) -> None:
    check_triable(Policy(), patched({}, patch)[1])


@pytest.mark.parametrize(("patch", "rule", "reason"), REFUSED)
def test_change_when_history_does_not_tell_what_it_would_have_done_then_its_trial_is_refused(patch: Body, rule: str, reason: str) -> None:
    with pytest.raises(no.RuleNotTriable, match=reason) as refused:
        check_triable(Policy(), patched({}, patch)[1])
    assert f"A change of {rule} cannot" in refused.value.message


def test_change_when_a_domain_is_to_name_customers_again_then_its_trial_is_refused() -> None:
    now = Policy(free_mail_domains=frozenset({"gmx.example"}))
    with pytest.raises(no.RuleNotTriable, match="free_mail_domains"):
        check_triable(now, Policy())


def test_rules_when_listed_then_each_is_tried_or_without_bearing_or_refused_with_its_own_path() -> None:
    """A rule that a later version reads is refused until somebody says how it is tried."""
    from services.registration.use_cases.rules import triable

    known = set(Policy.model_fields)
    assert {rule.split(".")[0] for rule in (*triable._TRIED, *triable._WITHOUT_BEARING, *triable._REASONS)} <= known
