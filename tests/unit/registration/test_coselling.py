"""What all sides must have signed, what a version holds, and what it makes of the terms of a close."""

import json
from fractions import Fraction
from uuid import UUID

import pytest

from services.registration.domain.coselling import agreement as life
from services.registration.domain.coselling import joint_plan as plan
from services.registration.domain.coselling import refusals as no
from services.registration.domain.coselling.agreed_split import AgreedSplit, apply, chosen
from services.registration.domain.coselling.agreement import Because, Party, VersionState, What
from services.registration.domain.coselling.joint_plan import PlanStep, StepId, StepState
from services.registration.domain.refusals import BeneficiaryTwice, SplitsNotOne
from services.registration.domain.values import Credit, PartnerId
from shared.chassis.values import replace
from tests.unit.registration.cosell import EMPTY, HALVES, TICK, WAIT, proposed, signed
from tests.unit.registration.deals import ME, RIVAL, T0, a_deal, some_terms, won

THIRD = PartnerId(UUID(int=3))
SPLIT = AgreedSplit(UUID(int=50), 2, (Credit(ME, Fraction(1, 3)), Credit(RIVAL, Fraction(2, 3))), (Credit(THIRD, Fraction(3, 2)),))


@pytest.mark.parametrize(
    ("parties", "refusal"),
    [
        ((Party(ME, "a", Fraction(1, 2)), Party(RIVAL, "b", Fraction(1, 3))), SplitsNotOne),
        ((Party(ME, "a", Fraction(2)), Party(RIVAL, "b", Fraction(-1))), SplitsNotOne),
        ((Party(ME, "a", Fraction(1)), Party(ME, "b", Fraction(1), overlay=True)), BeneficiaryTwice),
        ((Party(RIVAL, "a", Fraction(1)),), no.RegistrantMissing),
    ],
)
def test_propose_when_the_split_is_not_right_then_refused(parties: tuple[Party, ...], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        proposed(parties=parties)


def test_document_when_written_then_canonical_and_with_exact_shares() -> None:
    parties = (
        Party(ME, "sourcing", Fraction("0.50")),
        Party(RIVAL, "delivery", Fraction(2, 4)),
        Party(THIRD, "influence", Fraction("1.5"), True),
    )
    version = proposed(parties=parties).versions[0]
    content = json.loads(version.document)
    assert [row["share"] for row in content["credits"]] == ["1/2", "1/2"]
    assert [row["share"] for row in content["overlays"]] == ["3/2"]
    assert version.document == json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert version.hash == life.hash_of(version.document)


def test_sign_when_one_side_is_missing_then_not_in_force() -> None:
    agreement = signed(proposed(), ME, RIVAL)
    assert agreement.in_state(VersionState.IN_FORCE) is None
    assert signed(agreement, None).in_state(VersionState.IN_FORCE) is not None


def test_sign_when_the_vendor_need_not_then_the_parties_are_enough_and_it_is_no_side() -> None:
    agreement = proposed(vendor=False)
    with pytest.raises(no.NoSide):
        signed(agreement, None)
    assert signed(agreement).in_state(VersionState.IN_FORCE) is not None


def test_sign_when_another_versions_hash_then_refused() -> None:
    first = proposed()
    second = proposed(first)
    with pytest.raises(no.OtherDocument):
        life.sign(second, 2, signer=ME, signed_hash=first.versions[0].hash, by="x", now=T0)
    with pytest.raises(no.VersionNotProposed):
        life.sign(second, 1, signer=ME, signed_hash=first.versions[0].hash, by="x", now=T0)


def test_sign_when_twice_or_by_a_stranger_then_refused() -> None:
    with pytest.raises(no.AlreadySigned):
        signed(proposed(), ME, ME)
    with pytest.raises(no.NoSide):
        signed(proposed(), THIRD)


def test_sign_when_at_the_deadline_then_over_and_a_tick_before_not() -> None:
    agreement = proposed()
    version = agreement.versions[0]
    with pytest.raises(no.VersionNotProposed):
        life.sign(agreement, 1, signer=ME, signed_hash=version.hash, by="x", now=T0 + WAIT)
    life.sign(agreement, 1, signer=ME, signed_hash=version.hash, by="x", now=T0 + WAIT - TICK)
    assert life.lapse(agreement, now=T0 + WAIT - TICK) is None
    lapsed = life.lapse(agreement, now=T0 + WAIT)
    assert lapsed is not None
    assert lapsed[0].versions[0].state is VersionState.LAPSED


def test_proposal_when_new_then_what_is_in_force_stays_until_all_signed_and_those_left_out_are_told() -> None:
    in_force = signed(proposed())
    alone = (Party(ME, "sourcing", Fraction(1)),)
    pending = proposed(in_force, alone)
    assert [version.state for version in pending.versions] == [VersionState.IN_FORCE, VersionState.PROPOSED]
    pending = signed(pending, ME)
    changed, told = life.sign(pending, 2, signer=None, signed_hash=pending.versions[1].hash, by="x", now=T0)
    assert [version.state for version in changed.versions] == [VersionState.REPLACED, VersionState.IN_FORCE]
    assert [(one.what, one.party.partner_id) for one in told] == [(What.ENDED, RIVAL), (What.AGREED, ME)]


def test_decline_and_leave_when_done_then_over_for_all() -> None:
    declined, told = life.decline(proposed(), 1, signer=RIVAL, now=T0)
    assert declined.versions[0].state is VersionState.DECLINED
    assert [one.party.partner_id for one in told] == [ME, RIVAL]
    left, _ = life.leave(signed(proposed()), signer=RIVAL, now=T0)
    assert left.versions[0].state is VersionState.ENDED
    with pytest.raises(no.NothingInForce):
        life.leave(left, signer=ME, now=T0)
    with pytest.raises(no.NoSide):
        life.leave(signed(proposed()), signer=THIRD, now=T0)


def test_call_off_when_the_deal_is_over_then_what_is_proposed_is_void_and_what_is_signed_ends() -> None:
    both = proposed(signed(proposed()))
    (_, of_proposed), (changed, of_signed) = life.call_off(both, because=Because.DEAL_OVER, now=T0)
    assert [version.state for version in changed.versions] == [VersionState.ENDED, VersionState.VOID]
    assert {(one.what, one.because) for one in (*of_proposed, *of_signed)} == {(What.ENDED, Because.DEAL_OVER)}
    assert [one.version.number for one in (*of_proposed, *of_signed)] == [2, 2, 1, 1]
    assert life.call_off(changed, because=Because.DEAL_OVER, now=T0) == ()


def test_call_off_when_a_party_is_told_twice_then_under_two_revisions() -> None:
    """Else who keeps the highest of an agreement's sequence takes the second for a repeat of the first."""
    both = proposed(signed(proposed()))
    steps = life.call_off(both, because=Because.DEAL_OVER, now=T0)
    assert [changed.revision for changed, _ in steps] == [both.revision + 1, both.revision + 2]


def test_call_off_when_of_one_party_then_only_that_of_which_it_is_one() -> None:
    alone = (Party(ME, "all", Fraction(1)),)
    both = proposed(signed(proposed()), alone)
    [(changed, _)] = life.call_off(both, because=Because.PARTNER_INACTIVE, now=T0, party=RIVAL)
    assert [version.state for version in changed.versions] == [VersionState.ENDED, VersionState.PROPOSED]
    assert life.call_off(both, because=Because.PARTNER_INACTIVE, now=T0, party=RIVAL, signed=False) == ()
    assert life.call_off(both, because=Because.PARTNER_INACTIVE, now=T0, party=THIRD) == ()


def test_split_when_none_is_given_then_the_agreed_one_with_its_trace() -> None:
    terms = apply(some_terms(100), SPLIT, given=False)
    assert (terms.credits, terms.overlays) == (SPLIT.credits, SPLIT.overlays)
    assert terms.attributes == {"cosell_agreement": str(SPLIT.agreement_id), "cosell_version": "2"}


def test_split_when_another_is_given_then_refused_unless_a_reason_says_why() -> None:
    given = some_terms(100)
    with pytest.raises(no.SplitAgreed):
        apply(given, SPLIT, given=True)
    assert apply(given, SPLIT, given=True, override="Settled by phone").attributes["cosell_override"] == "Settled by phone"
    same = replace(given, credits=tuple(reversed(SPLIT.credits)), overlays=SPLIT.overlays)
    assert apply(same, SPLIT, given=True).attributes["cosell_version"] == "2"


def test_trace_when_nothing_was_agreed_then_nobody_can_write_one() -> None:
    forged = replace(some_terms(100), attributes={"cosell_agreement": "x", "note": "y"})
    assert apply(forged, None, given=False).attributes == {"note": "y"}


def test_split_when_the_deal_is_closed_then_the_version_of_its_close_counts() -> None:
    older = replace(SPLIT, number=1)
    signed_versions = {1: older, 2: SPLIT}
    assert chosen(a_deal(), signed_versions, in_force=2) == SPLIT
    closed = won(100)
    assert chosen(closed, signed_versions, in_force=2) is None
    under_one = replace(closed, terms=apply(some_terms(100), older, given=False))
    assert chosen(under_one, signed_versions, in_force=2) == older


def test_plan_when_not_a_party_of_what_is_in_force_then_refused() -> None:
    agreement = signed(proposed())
    plan.check_owner(agreement, ME, by=ME)
    plan.check_owner(agreement, RIVAL, by=None)
    with pytest.raises(no.StepOfOther):
        plan.check_owner(agreement, RIVAL, by=ME)
    with pytest.raises(no.NoSide):
        plan.check_owner(agreement, THIRD, by=None)
    with pytest.raises(no.NothingInForce):
        plan.check_reader(proposed(), by=ME)


def test_step_when_put_off_then_it_may_be_overdue_again() -> None:
    step = PlanStep(id=StepId(UUID(int=1)), agreement_id=EMPTY.id, owner=ME, title="Demo", due_on=T0.date(), overdue_told=True)
    later = plan.move(step, state=StepState.UNDER_WAY, due_on=T0.date() + WAIT, notes=None)
    assert (later.overdue_told, later.version) == (False, 2)
    assert plan.move(step, state=StepState.DONE, due_on=T0.date(), notes=None).overdue_told
    assert HALVES[0].partner_id == ME
