"""What is known of the population in a window: net won revenue and certified people."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from services.tiering.domain.scoring import Measures
from shared.chassis.database import UnitOfWork

_POPULATION = """
select partner_id, enrolled_at from partners
where status = 'active' and enrolled_at is not null and ($1::timestamptz is null or enrolled_at <= $1)"""
_REVENUE = """
select partner_id, sum(revenue_minor)::bigint from revenue
where closed_at > $1 and closed_at <= $2 and currency = $3 group by partner_id"""
_PEOPLE = """
select partner_id, level, count(distinct person_id) from certificates
where valid_from <= $1 and valid_until > $1 group by partner_id, level"""
_CERTIFIED = """
select partner_id, count(distinct person_id) from certificates
where valid_from <= $1 and valid_until > $1 group by partner_id"""


async def population(
    uow: UnitOfWork, *, since: datetime, as_of: datetime, currency: str, enrolled_by: datetime | None = None
) -> list[Measures]:
    """Every signed partner that is not suspended, measured over `(since, as_of]`; certificates as they stand at `as_of`."""
    revenue = {row[0]: row[1] for row in await uow.fetch(_REVENUE, since, as_of, currency)}
    people: defaultdict[UUID, dict[int, int]] = defaultdict(dict)
    for partner_id, level, number in await uow.fetch(_PEOPLE, as_of):
        people[partner_id][level] = number
    certified = {row[0]: row[1] for row in await uow.fetch(_CERTIFIED, as_of)}
    return [
        Measures(partner_id, enrolled_at, revenue.get(partner_id, 0), people.get(partner_id), certified.get(partner_id, 0))
        for partner_id, enrolled_at in await uow.fetch(_POPULATION, enrolled_by)
    ]
