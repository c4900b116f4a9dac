"""An agreement to start from: me as registrant, and a rival who helps."""

from datetime import timedelta
from fractions import Fraction
from uuid import UUID

from services.registration.domain.coselling import agreement as life
from services.registration.domain.coselling.agreement import Agreement, AgreementId, Party, Signer
from services.registration.domain.values import DealId
from tests.unit.registration.deals import DAY, ME, RIVAL, T0

HALVES = (Party(ME, "sourcing", Fraction(1, 2)), Party(RIVAL, "delivery", Fraction(1, 2)))
EMPTY = Agreement(id=AgreementId(UUID(int=50)), deal_id=DealId(UUID(int=100)), registrant=ME)
WAIT = 14 * DAY
TICK = timedelta(microseconds=1)


def proposed(agreement: Agreement = EMPTY, parties: tuple[Party, ...] = HALVES, *, vendor: bool = True) -> Agreement:
    return life.propose(agreement, parties, terms="", vendor_signs=vendor, respond_by=T0 + WAIT, now=T0)[0]


def signed(agreement: Agreement, *signers: Signer) -> Agreement:
    """Signed by these; by all without any."""
    version = agreement.versions[-1]
    for signer in signers or sorted(version.sides, key=str):
        agreement, _ = life.sign(agreement, version.number, signer=signer, signed_hash=version.hash, by="x", now=T0)
    return agreement
