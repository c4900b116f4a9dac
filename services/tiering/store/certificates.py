"""Certificates of partners' people, with the time over which each is valid."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.tiering.domain.certificates import Certificate
from shared.chassis.database import UnitOfWork

_TAKE = """
insert into certificates (certificate_id, partner_id, person_id, level, valid_from, valid_until)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::timestamptz[], $6::timestamptz[]) as r(c, p, o, l, f, u)
order by c
on conflict do nothing"""
_END = "update certificates set valid_until = least(valid_until, $2) where certificate_id = $1 returning 1"


async def take(uow: UnitOfWork, certificates: Sequence[Certificate]) -> None:
    """Keep new certificates."""
    await uow.fetch(
        _TAKE,
        [c.certificate_id for c in certificates],
        [c.partner_id for c in certificates],
        [c.person_id for c in certificates],
        [c.level for c in certificates],
        [c.valid_from for c in certificates],
        [c.valid_until for c in certificates],
    )


async def end(uow: UnitOfWork, certificate_id: UUID, *, at: datetime) -> bool:
    """Let a certificate end at `at`, if that is earlier than planned; False when it is not known."""
    return bool(await uow.fetch(_END, certificate_id, at))
