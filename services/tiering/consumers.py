"""Which events lead to which use case. Every batch is taken in with a handful of set-based statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.tiering.domain.certificates import Certificate
from services.tiering.domain.partners import PartnerFact
from services.tiering.domain.revenue import Correction, Terms
from services.tiering.mapping import certificate_of, correction_of, end_of, partner_heard, terms_of
from services.tiering.use_cases.count_deals import close_name, correct, take_terms
from services.tiering.use_cases.hear_of_partners import hear_of_partners
from services.tiering.use_cases.hold_certificates import certificate_name, end_certificate, take_certificates
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Handlers, Incoming
from shared.schemas.deals import DealAmended, DealClosed, DealRefunded, DealReopened
from shared.schemas.enablement import CertificationExpired, CertificationPassed
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated


def handlers() -> Handlers:
    """Facts about partners, deals and certificates, in whatever order their topics deliver them."""
    partners = (PartnerActivated, PartnerSuspended, PartnerTerminated)
    deals = (DealClosed, DealAmended, DealReopened, DealRefunded)
    types = (*partners, *deals, CertificationPassed, CertificationExpired)
    return Handlers(types=types, batch=_take_in, locks=_locks)


def _locks(incoming: Incoming[Any]) -> Iterable[str]:
    match incoming.event:
        case DealClosed() | DealAmended() | DealReopened() | DealRefunded() as event:
            return (close_name((event.deal_id, event.close_number)),)
        case CertificationPassed() | CertificationExpired() as event:
            return (certificate_name(event.certificate_id),)
        case _:
            return ()


async def _take_in(uow: UnitOfWork, incomings: Sequence[Incoming[Any]]) -> None:
    """By kind instead of by arrival: newer versions win and corrections find their close, so the outcome is the same."""
    sorted_out = _Batch()
    for incoming in incomings:
        sorted_out.add(incoming)
    await hear_of_partners(uow, sorted_out.partners)
    await take_terms(uow, sorted_out.terms)
    await correct(uow, sorted_out.corrections)
    await take_certificates(uow, sorted_out.certificates)
    for incoming, event in sorted_out.expiries:
        await end_certificate(uow, event.certificate_id, at=end_of(event), incoming=incoming)


@dataclass
class _Batch:
    """The events of one batch, by what they mean here."""

    partners: list[PartnerFact] = field(default_factory=list)
    terms: list[Terms] = field(default_factory=list)
    corrections: list[tuple[Correction, Incoming[Any]]] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    expiries: list[tuple[Incoming[Any], CertificationExpired]] = field(default_factory=list)

    def add(self, incoming: Incoming[Any]) -> None:
        match incoming.event:
            case PartnerActivated() | PartnerSuspended() | PartnerTerminated() as event:
                self.partners.append(partner_heard(event, sequence=incoming.sequence))
            case DealClosed() | DealAmended() as event:
                self.terms.append(terms_of(event, sequence=incoming.sequence))
            case DealReopened() | DealRefunded() as event:
                self.corrections.append((correction_of(event), incoming))
            case CertificationPassed() as event:
                self.certificates.append(certificate_of(event))
            case CertificationExpired() as event:
                self.expiries.append((incoming, event))
