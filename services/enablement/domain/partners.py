"""What this service knows of partners: whether their people may learn and be certified."""

from dataclasses import dataclass
from enum import StrEnum

from services.enablement.domain.record import PartnerId
from services.enablement.domain.refusals import PartnerNotActive


class Standing(StrEnum):
    """A partner's standing as last heard of; a prospect is not heard of at all."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class KnownPartner:
    """`sequence` is the partner's version that the standing comes from."""

    id: PartnerId
    standing: Standing
    sequence: int


def expect_active(partner: KnownPartner) -> None:
    """Raises PartnerNotActive."""
    if partner.standing is not Standing.ACTIVE:
        raise PartnerNotActive(standing=partner.standing.value)
