"""Telling the world what happened to deals, in the transaction in which it happened."""

from collections.abc import Iterable

from services.registration.domain.deal import Deal
from services.registration.domain.facts import Fact
from services.registration.mapping import event_of
from shared.chassis.database import UnitOfWork


def publish(uow: UnitOfWork, steps: Iterable[tuple[Deal, Fact]], *, partner_kind: str | None = None) -> None:
    """Emit each fact with the version that its deal then has."""
    for deal, fact in steps:
        uow.emit(event_of(deal, fact, recorded_at=uow.now, partner_kind=partner_kind), sequence=deal.version)
