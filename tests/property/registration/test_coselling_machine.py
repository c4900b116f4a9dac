"""Whatever is done to an agreement, in any order: in force is only what all sides signed, and no version ever changes."""

from datetime import timedelta
from fractions import Fraction
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.registration.domain.coselling import agreement as life
from services.registration.domain.coselling.agreement import Party, Signer, Step, VersionState, What, hash_of
from services.registration.domain.values import PartnerId
from shared.chassis.errors import Refused
from tests.unit.registration.cosell import EMPTY
from tests.unit.registration.deals import ME, RIVAL, T0

THIRD = PartnerId(UUID(int=3))
SIGNERS: st.SearchStrategy[Signer] = st.sampled_from([ME, RIVAL, THIRD, None])
SHARES = st.sampled_from(["1", "1/2", "1/3", "2/3", "0.5", "0", "-1", "3/2"]).map(Fraction)
PARTIES = st.lists(st.builds(Party, st.sampled_from([ME, RIVAL, THIRD]), st.just("role"), SHARES, st.booleans()), min_size=1, max_size=3)
NUMBERS = st.integers(0, 4)


class AgreementMachine(RuleBasedStateMachine):
    """Steps in any order, at a time that only moves on; a refusal changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.agreement = EMPTY
        self.now = T0
        self.written: dict[int, tuple[str, tuple[Party, ...]]] = {}
        self.signed: dict[int, dict[Signer, str]] = {}

    def attempt(self, step: object, /, *values: object, **arguments: object) -> bool:
        before = self.agreement
        try:
            made: Step = step(self.agreement, *values, **arguments)  # type: ignore[operator]
        except Refused:
            return False
        self.agreement, told = made
        assert self.agreement.revision == before.revision + 1
        assert len({(one.what, one.version.number, one.party.partner_id) for one in told}) == len(told)
        agreed = {one.version.number for one in told if one.what is What.AGREED}
        in_force = self.agreement.in_state(VersionState.IN_FORCE)
        assert agreed <= {in_force.number if in_force else 0}
        return True

    @rule(days=st.integers(0, 10))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(parties=PARTIES, vendor=st.booleans(), fair=st.booleans())
    def propose(self, parties: list[Party], vendor: bool, fair: bool) -> None:
        mine = tuple(parties) if not fair else (Party(ME, "a", Fraction(1, 3)), Party(RIVAL, "b", Fraction(2, 3)))
        until = self.now + timedelta(days=14)
        if self.attempt(life.propose, mine, terms="", vendor_signs=vendor, respond_by=until, now=self.now):
            version = self.agreement.versions[-1]
            self.written[version.number] = (version.document, version.parties)

    @rule(number=NUMBERS, of=NUMBERS, signer=SIGNERS)
    def sign(self, number: int, of: int, signer: Signer) -> None:
        other = self.agreement.version(of)
        signed_hash = other.hash if other else "0"
        if self.attempt(life.sign, number, signer=signer, signed_hash=signed_hash, by="x", now=self.now):
            assert number == of
            self.signed.setdefault(number, {})[signer] = signed_hash

    @rule(signer=SIGNERS)
    def sign_the_open_one(self, signer: Signer) -> None:
        if version := self.agreement.in_state(VersionState.PROPOSED):
            self.sign(version.number, version.number, signer)

    @rule(number=NUMBERS, signer=SIGNERS)
    def decline(self, number: int, signer: Signer) -> None:
        self.attempt(life.decline, number, signer=signer, now=self.now)

    @rule(signer=SIGNERS)
    def leave(self, signer: Signer) -> None:
        self.attempt(life.leave, signer=signer, now=self.now)

    @rule()
    def lapse(self) -> None:
        if step := life.lapse(self.agreement, now=self.now):
            self.agreement = step[0]

    @invariant()
    def what_was_in_force_was_signed_by_all_with_its_own_hash(self) -> None:
        for version in self.agreement.versions:
            if version.in_force_from is not None:
                assert self.signed[version.number] == dict.fromkeys(version.sides, version.hash)

    @invariant()
    def shares_are_exactly_one(self) -> None:
        for version in self.agreement.versions:
            assert sum(credit.share for credit in version.credits) == 1
            assert ME in {party.partner_id for party in version.parties}

    @invariant()
    def versions_never_change(self) -> None:
        assert [version.number for version in self.agreement.versions] == list(self.written)
        for version in self.agreement.versions:
            assert (version.document, version.parties) == self.written[version.number]
            assert version.hash == hash_of(version.document)

    @invariant()
    def at_most_one_is_open_and_one_in_force(self) -> None:
        states = [version.state for version in self.agreement.versions]
        assert states.count(VersionState.PROPOSED) <= 1
        assert states.count(VersionState.IN_FORCE) <= 1


TestAgreementMachine = AgreementMachine.TestCase
TestAgreementMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
