"""Notice versions of opportunities that never came, where the source counts without holes, and ask for them."""

from collections import defaultdict
from collections.abc import Iterable

from services.registration.domain.intake.desk import Key, Taken
from services.registration.domain.intake.error import Rejected
from services.registration.domain.intake.gaps import Span, Step, Track, follow
from services.registration.policy import Policy
from services.registration.store import gaps
from shared.chassis.database import UnitOfWork
from shared.schemas.crm import RereadRequested


async def watch_versions(uow: UnitOfWork, taken: Iterable[Taken], unread: Iterable[Rejected], *, policy: Policy) -> None:
    """Follow the versions in the order in which they were decided; each hole that opens is asked for once. The unread have come."""
    steps: defaultdict[Key, list[Step]] = defaultdict(list)
    for row in unread:
        if row.external_id and row.source_version is not None and policy.counts_without_gaps(row.source):
            steps[row.source, row.external_id].append(Step(row.source_version, None, None))
    for one in taken:
        seen = one.seen
        if seen.version is not None and policy.counts_without_gaps(seen.source):
            steps[seen.source, seen.external_id].append(Step(seen.version, one.known, one.news))
    if not steps:
        return
    tracks = await gaps.of(uow, steps)
    changed: dict[Key, Track] = {}
    for key, own in steps.items():
        before = tracks.get(key, Track())
        after, opened = follow(before, own)
        if after != before:
            changed[key] = after
        for hole in opened:
            uow.emit(_request(key, hole, uow), sequence=hole.last)
    await gaps.write(uow, changed)


def _request(key: Key, hole: Span, uow: UnitOfWork) -> RereadRequested:
    source, external_id = key
    return RereadRequested(
        occurred_at=uow.now, recorded_at=uow.now, source=source, external_id=external_id, after_version=hole.first - 1, up_to=hole.last
    )
