"""What is known of partners: one row each, the highest version wins."""

from collections.abc import Iterable
from datetime import datetime

from services.tiering.domain.partners import PartnerFact
from shared.chassis.database import UnitOfWork

# The activation may come after a suspension that followed it: its status is old by then, its enrolment date is not.
_HEAR = """
insert into partners (partner_id, sequence, status, enrolled_at)
select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[]) as heard(partner_id, sequence, status, enrolled_at)
order by partner_id
on conflict (partner_id) do update set
    sequence = greatest(partners.sequence, excluded.sequence),
    status = case when excluded.sequence > partners.sequence then excluded.status else partners.status end,
    enrolled_at = least(partners.enrolled_at, excluded.enrolled_at)"""


async def hear(uow: UnitOfWork, facts: Iterable[PartnerFact]) -> None:
    """Keep the newest status of each partner and its earliest enrolment."""
    newest: dict[object, PartnerFact] = {}
    for fact in facts:
        known = newest.get(fact.partner_id)
        newest[fact.partner_id] = fact if known is None else _merge(known, fact)
    rows = list(newest.values())
    await uow.fetch(
        _HEAR, [f.partner_id for f in rows], [f.sequence for f in rows], [f.status.value for f in rows], [f.enrolled_at for f in rows]
    )


def _merge(known: PartnerFact, fact: PartnerFact) -> PartnerFact:
    newer = max(known, fact, key=lambda one: one.sequence)
    enrolled = min((one.enrolled_at for one in (known, fact) if one.enrolled_at is not None), default=None)
    return PartnerFact(newer.partner_id, newer.sequence, newer.status, enrolled)


async def any_enrolled(uow: UnitOfWork, *, by: datetime) -> bool:
    """Whether any partner that may be ranked had enrolled by then."""
    return bool(await uow.fetch("select 1 from partners where status = 'active' and enrolled_at <= $1 limit 1", by))
