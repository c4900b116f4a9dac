"""What is put up for review: customers that could not be told apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.registration.domain.accounts import Identifier, IdentifierKind
from services.registration.domain.values import PartnerId
from services.registration.store.tables import account_reviews as reviews
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import derived_id

_RAISE = """
insert into account_reviews (id, partner_id, account_name, identifiers, reason, raised_at) values ($1, $2, $3, $4::jsonb, $5, $6)
on conflict do nothing"""


@dataclass(frozen=True, slots=True)
class Review:
    """A customer as a partner gave it, and why somebody has to look."""

    id: UUID
    partner_id: UUID
    account_name: str
    identifiers: tuple[Identifier, ...]
    reason: str
    raised_at: datetime


async def put_up(uow: UnitOfWork, partner_id: PartnerId, *, name: str, wanted: Sequence[Identifier], reason: str) -> None:
    """Put a customer up for review, once for each partner that names it so."""
    names = orjson.dumps([[i.kind.value, i.value] for i in wanted]).decode()
    await uow.fetch(_RAISE, derived_id("review", partner_id, *_flat(wanted)), partner_id, name, names, reason, uow.now)


def _flat(wanted: Iterable[Identifier]) -> list[str]:
    return [text for identifier in wanted for text in (identifier.kind.value, identifier.value)]


async def listed(uow: UnitOfWork, *, after: UUID | None, limit: int) -> Sequence[Review]:
    """At most `limit` reviews after `after`."""
    query = sa.select(reviews).order_by(reviews.c.id).limit(limit)
    if after is not None:
        query = query.where(reviews.c.id > after)
    return [
        Review(
            row.id,
            row.partner_id,
            row.account_name,
            tuple(Identifier(IdentifierKind(kind), value) for kind, value in row.identifiers),
            row.reason,
            row.raised_at,
        )
        for row in (await uow.execute(query)).all()
    ]
