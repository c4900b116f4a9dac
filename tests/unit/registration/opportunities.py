"""Opportunities as a sales system tells of them, and a desk to take them in."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.protection import Board
from services.registration.domain.deals.territories import Territories
from services.registration.domain.intake.desk import Desk, Key, Rules
from services.registration.domain.intake.opportunity import Exclusivity, Opportunity, OwnerChange, Stage
from services.registration.domain.values import CreditAfterExpiry, DealId, PartnerId, Terms
from tests.unit.registration.deals import ACCOUNT, DAY, ME, T0, WINDOW, some_terms

NOW = T0 + 60 * DAY


def seen(stage: Stage = Stage.OPEN, *, terms: Terms | None = None, partner: PartnerId = ME, **changed: Any) -> Opportunity:
    """An opportunity engaged at T0; closed ones have terms."""
    told: dict[str, Any] = {
        "source": "crm",
        "external_id": "O1",
        "partner_id": partner,
        "customer": Customer(name="Acme"),
        "families": ("GTX",),
        "territory": "DE",
        "engaged_at": T0,
        "stage": stage,
        "terms": terms if stage is not Stage.OPEN and terms else some_terms() if stage is not Stage.OPEN else None,
        "changed_at": None,
    }
    return Opportunity(**told | changed)


def desk(
    deals: Iterable[Deal] = (), *, on_owner_change: OwnerChange = OwnerChange.REVIEW, now: datetime = NOW, others: Iterable[Deal] = ()
) -> Desk:
    """A desk that knows `deals` by their origins, and records history as it was."""
    numbers = count(1_000)
    rules = Rules(
        exclusivity=Exclusivity.RECORD,
        protection=WINDOW,
        territories=Territories({"EMEA": ["DE"]}),
        credit_after_expiry=CreditAfterExpiry.UNLESS_RIVAL_HOLDS,
        on_owner_change=on_owner_change,
    )
    known: dict[Key, Deal] = {(deal.origin.source, deal.origin.external_id): deal for deal in deals if deal.origin}
    make_id: Callable[[], DealId] = lambda: DealId(UUID(int=next(numbers)))  # noqa: E731
    return Desk(known, Board(), rules, now=now, make_id=make_id, others=others)


def take(where: Desk, *states: Opportunity) -> list[Any]:
    """What became of each."""
    return [where.take(state, ACCOUNT) for state in states]


def only(where: Desk) -> Deal:
    """The one deal of a desk that began empty."""
    (deal,) = where.new_deals()
    return deal
