"""The error queue: one open error of an opportunity at a time, closed by whoever corrects or drops it, or by a later success."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.registration.domain.intake.error import ErrorState, IntakeError, Rejected, Way
from services.registration.store.tables.intake import intake_errors as errors
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound
from shared.chassis.ids import new_id_text

# What is older than the state on record was settled by it; what is older than the error on record leaves that as it is.
_RECORD = """
insert into intake_errors as e (id, partner_id, source, name, external_id, way, exclusivity, code, message, row, line, source_version,
    changed_at, state, times, first_seen, last_seen)
select r.id, r.partner_id, r.source, r.name, r.external_id, r.way, r.exclusivity, r.code, r.message, r.row, r.line, r.source_version,
    r.changed_at, 'open', r.times, $2, $2
from jsonb_populate_recordset(null::intake_errors, $1::jsonb) r
where not exists (
    select 1 from deals d where d.source = r.source and d.external_id = r.name
    and coalesce(d.source_version > r.source_version, d.source_changed_at > r.changed_at, false))
order by r.source, r.name
on conflict (source, name) where state = 'open' do update set partner_id = excluded.partner_id, way = excluded.way,
    exclusivity = excluded.exclusivity, code = excluded.code, message = excluded.message, row = excluded.row, line = excluded.line,
    source_version = excluded.source_version, changed_at = excluded.changed_at, times = e.times + excluded.times,
    last_seen = excluded.last_seen
where coalesce(excluded.source_version >= e.source_version, excluded.changed_at >= e.changed_at, true)
returning e.source, e.name, e.id, e.times"""
_ANY_OPEN = "select 1 from intake_errors where state = 'open' and source = any($1::text[]) limit 1"
_SUPERSEDE = """
update intake_errors e set state = 'superseded', decided_at = $5
from (select e.id from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) s(source, name, version, changed_at)
      join intake_errors e on e.source = s.source and e.name = s.name and e.state = 'open'
      where coalesce(s.version >= e.source_version, s.changed_at >= e.changed_at, true)
      order by e.source, e.name for update of e) settled
where e.id = settled.id"""
_ONE = "select * from intake_errors where source = $1 and id = $2 for update"
_AMONG = "select * from intake_errors where source = $1 and id = any($2::uuid[])"
_SETTLE = "update intake_errors set state = $2, decided_at = $3, decided_by = $4, reason = $5 where id = $1"


@dataclass(frozen=True, slots=True)
class Settled:
    """An opportunity that was taken in: its state and what is older have no open error any more."""

    source: str
    name: str
    version: int | None
    changed_at: datetime | None

    def settles(self, rejected: Rejected) -> bool:
        """Whether what was refused is no newer: where neither version nor time tell, its arrival did."""
        if self.version is not None and rejected.source_version is not None:
            return self.version >= rejected.source_version
        return self.changed_at is None or rejected.changed_at is None or self.changed_at >= rejected.changed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which errors of a source a list shows."""

    state: ErrorState | None = ErrorState.OPEN
    code: str | None = None
    external_id: str | None = None


async def record(uow: UnitOfWork, rejected: Iterable[Rejected]) -> dict[tuple[str, str], tuple[UUID, bool]]:
    """Put what was refused on record, by source and name: its error's id, and whether it is a new one.

    Of several states of one opportunity the newest stands. What a newer state has settled already is left out.
    """
    newest: dict[tuple[str, str], Rejected] = {}
    times: Counter[tuple[str, str]] = Counter()
    for one in rejected:
        key = (one.source, one.name)
        times[key] += 1
        if key not in newest or (one.source_version or 0) >= (newest[key].source_version or 0):
            newest[key] = one
    if not newest:
        return {}
    rows = [{"id": new_id_text(), **asdict(one), "times": times[key]} for key, one in newest.items()]
    found = await uow.fetch(_RECORD, orjson.dumps(rows, default=str).decode(), uow.now)
    return {(source, name): (id_, count == times[source, name]) for source, name, id_, count in found}


async def supersede(uow: UnitOfWork, settled: Sequence[Settled]) -> None:
    """Close the errors of opportunities that were taken in."""
    # Mostly nothing is open: then there is nothing to look up for each of them.
    if settled and await uow.fetch(_ANY_OPEN, sorted({one.source for one in settled})):
        columns = [[getattr(one, field) for one in settled] for field in ("source", "name", "version", "changed_at")]
        await uow.fetch(_SUPERSEDE, *columns, uow.now)


async def one(uow: UnitOfWork, source: str, error_id: UUID) -> IntakeError:
    """The error, locked. Raises NotFound."""
    found = await uow.fetch(_ONE, source, error_id)
    if not found:
        raise NotFound(what="error")
    return _read(found[0])


async def seen(uow: UnitOfWork, source: str, error_id: UUID) -> IntakeError:
    """The error, not locked. Raises NotFound."""
    found = (await uow.execute(sa.select(errors).where(errors.c.source == source, errors.c.id == error_id))).first()
    if found is None:
        raise NotFound(what="error")
    return _read(found)


async def among(uow: UnitOfWork, source: str, ids: Iterable[UUID]) -> list[IntakeError]:
    """Those of the errors that there are, not locked."""
    return [_read(row) for row in await uow.fetch(_AMONG, source, list(ids))]


async def listed(uow: UnitOfWork, source: str, wanted: Filter, *, after: UUID | None, limit: int) -> list[IntakeError]:
    """At most `limit` errors of a source after `after`, oldest first."""
    query = sa.select(errors).where(errors.c.source == source).order_by(errors.c.id).limit(limit)
    for name in ("state", "code", "external_id"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(errors.c[name] == value)
    if after is not None:
        query = query.where(errors.c.id > after)
    return [_read(row) for row in (await uow.execute(query)).all()]


async def settle(uow: UnitOfWork, error_id: UUID, state: ErrorState, *, by: str, reason: str | None = None) -> None:
    """Close an error that was read under its lock."""
    await uow.fetch(_SETTLE, error_id, state.value, uow.now, by, reason)


def _read(row: Row) -> IntakeError:
    rejected = Rejected(
        source=row.source,
        name=row.name,
        external_id=row.external_id,
        partner_id=row.partner_id,
        way=Way(row.way),
        exclusivity=row.exclusivity,
        code=row.code,
        message=row.message,
        row=row.row,
        line=row.line,
        source_version=row.source_version,
        changed_at=row.changed_at,
    )
    return IntakeError(
        id=row.id,
        rejected=rejected,
        state=ErrorState(row.state),
        count=row.times,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reason=row.reason,
    )
