"""Telling the world what happened to deals, in the transaction in which it happened."""

from collections.abc import Iterable

from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.facts import Fact
from services.registration.mapping.deals import event_of
from shared.chassis.database import UnitOfWork


def publish(uow: UnitOfWork, steps: Iterable[tuple[Deal, Fact]], *, partner_kind: str | None = None, told_by: str | None = None) -> None:
    """Emit each fact with the version that its deal then has; `told_by` names the sales system that made it happen."""
    for deal, fact in steps:
        uow.emit(event_of(deal, fact, recorded_at=uow.now, partner_kind=partner_kind, told_by=told_by), sequence=deal.version)
