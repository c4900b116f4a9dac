"""Which versions of opportunities never came; read and written under the lock of their source's intake."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.registration.domain.intake.gaps import Filled, Span, Track
from shared.chassis.database import UnitOfWork

_OF = """
select g.source, g.external_id, g.missing::text, g.came::text from unnest($1::text[], $2::text[]) w(source, external_id)
cross join lateral (select * from intake_gaps where source = w.source and external_id = w.external_id offset 0) g"""
_WRITE = """
insert into intake_gaps as g (source, external_id, missing, came, filled_by, found_at, filled_at)
select s, e, m::jsonb, c::jsonb, f, case when m <> '[]' then $6::timestamptz end, null::timestamptz
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) r(s, e, m, c, f)
on conflict (source, external_id) do update set missing = excluded.missing, came = excluded.came,
    filled_by = case when excluded.missing = '[]' then coalesce(excluded.filled_by, g.filled_by) end,
    found_at = case when g.missing = '[]' then coalesce(excluded.found_at, g.found_at) else g.found_at end,
    filled_at = case when excluded.missing <> '[]' then null when g.missing <> '[]' then $6::timestamptz else g.filled_at end"""
_SHOWN = "select external_id, missing::text, filled_by, found_at, filled_at from intake_gaps where source = $1 and external_id > $2"
_OPEN = f"{_SHOWN} and missing <> '[]' order by external_id limit $3"
_FILLED = f"{_SHOWN} and missing = '[]' and found_at is not null order by external_id limit $3"


@dataclass(frozen=True, slots=True)
class Gap:
    """The versions of one opportunity that are missing, or how they came to their end."""

    external_id: str
    missing: tuple[Span, ...]
    filled_by: Filled | None
    found_at: datetime
    filled_at: datetime | None


async def of(uow: UnitOfWork, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Track]:
    """The tracks of these opportunities, as far as there are any."""
    sources, names = zip(*sorted(set(keys)), strict=True)
    found = await uow.fetch(_OF, list(sources), list(names))
    return {(source, name): Track(_spans(missing), _spans(came)) for source, name, missing, came in found}


async def write(uow: UnitOfWork, tracks: Mapping[tuple[str, str], Track]) -> None:
    """Write tracks that changed."""
    if tracks:
        keys = sorted(tracks)
        missing, came = ([_text(getattr(tracks[key], field)) for key in keys] for field in ("missing", "came"))
        filled = [tracks[key].filled for key in keys]
        await uow.fetch(_WRITE, [key[0] for key in keys], [key[1] for key in keys], missing, came, filled, uow.now)


async def listed(uow: UnitOfWork, source: str, *, is_open: bool, after: str, limit: int) -> list[Gap]:
    """Opportunities of a source with versions that are missing (or were, and are not any more), by external id."""
    rows = await uow.fetch(_OPEN if is_open else _FILLED, source, after, limit)
    return [Gap(name, _spans(missing), Filled(by) if by else None, found_at, filled_at) for name, missing, by, found_at, filled_at in rows]


def _spans(text: str) -> tuple[Span, ...]:
    pairs: list[list[Any]] = orjson.loads(text)
    return tuple(Span(first, last) for first, last in pairs)


def _text(spans: Sequence[Span]) -> str:
    return orjson.dumps([[span.first, span.last] for span in spans]).decode()
