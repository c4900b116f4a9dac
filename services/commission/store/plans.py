"""Plan versions: kept as policies, written into the journal as facts, read as one plan."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from services.commission.domain.plan import Plan
from services.commission.plan_document import PlanDocument
from services.commission.plan_terms import partner_named
from services.commission.section import plan_part
from shared.chassis.database import UnitOfWork
from shared.chassis.values import replace

_POLICIES = "select version, body::text, recorded_at, recorded_by, reason from policies order by version"
_HIGHEST = """
select (select coalesce(max(version), 0) from policies), (select coalesce(max(number), 0) from journal where partner_id is null)"""
_ADD = """
insert into policies (version, effective_from, body, recorded_by, reason)
select coalesce(max(version), 0) + 1, $1, $2::text::jsonb, $3, $4 from policies"""
_JOURNAL = """
insert into journal (partner_id, number, lead, fact_id, kind, plan_known, body, recorded_at)
select null, n, true, 'plan:' || n, 'plan', 0, b::jsonb, $3 from unnest($1::bigint[], $2::text[]) as r(n, b)
where not exists (select 1 from journal where partner_id is null and number = n)"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One policy row: a document with one or more plan versions, numbered on from those before it."""

    document: PlanDocument
    first: int
    recorded_at: datetime
    recorded_by: str
    reason: str

    def visible_to(self, partner_id: UUID | None) -> "tuple[Recorded, ...]":
        """What the vendor's staff (None) may see of it: all; a partner: each version that may be its own, and no other partner's name."""
        if partner_id is None:
            return (self,)
        singles = enumerate(self.document.single(), self.first)
        return tuple(replace(self, document=seen, first=number) for number, each in singles if (seen := _seen(each, partner_id)))


def _seen(document: PlanDocument, partner_id: UUID) -> PlanDocument | None:
    """A document of one version as the partner sees it: nothing in it is another's alone. None if all of it is."""
    (version,) = document.versions
    whom = version.assigned_to
    if whom is not None:
        mine = tuple(each for each in whom.partners if partner_named(each) == partner_id)
        if not mine and not whom.types:
            return None
        whom = whom.model_copy(update={"partners": mine})
    rules = tuple(rule for rule in version.rules if _meant_for(rule.when.partner, partner_id))
    spiffs = tuple(spiff for spiff in version.spiffs if _meant_for(spiff.when.partner, partner_id))
    narrowed = version.model_copy(update={"assigned_to": whom, "rules": rules, "spiffs": spiffs})
    return document.model_copy(update={"versions": (narrowed,)})


def _meant_for(named: str | None, partner_id: UUID) -> bool:
    return named is None or partner_named(named) == partner_id


def joined(documents: list[PlanDocument]) -> Plan:
    """One plan of all documents; currency and calendar are those of the first, for good."""
    plan = documents[0].plan()
    for document in documents[1:]:
        later = document.plan(first=plan.latest + 1)
        plan = Plan(plan.currency, plan.versions + later.versions, plan.calendar)
    return plan


class Plans:
    """The plan as the policies hold it. Versions never change, so it is read again only when there are more."""

    def __init__(self) -> None:
        self._highest = 0
        self._plan: Plan | None = None

    async def current(self, uow: UnitOfWork) -> Plan:
        """The plan with every version on record; versions that are new here are journaled first."""
        highest, journaled = (await uow.fetch(_HIGHEST))[0]
        if journaled < highest:
            await record(uow)
        if self._plan is None or highest != self._highest:
            self._plan, self._highest = joined([each.document for each in await recorded(uow)]), highest
        return self._plan


async def record(uow: UnitOfWork) -> None:
    """Write every policy into the journal that is not there yet, one writer at a time; its body is the plan's document itself."""
    await uow.lock("journal of the plan")
    rows = await uow.fetch(_POLICIES)
    plans = [plan_part(orjson.loads(row[1])) for row in rows]
    for plan in plans:
        PlanDocument.read(plan)  # a faulty plan stops here, before money is figured by it
    await uow.fetch(_JOURNAL, [row[0] for row in rows], [orjson.dumps(plan).decode() for plan in plans], uow.now)


async def recorded(uow: UnitOfWork) -> list[Recorded]:
    """Every policy row in order."""
    found: list[Recorded] = []
    first = 1
    for _, body, recorded_at, recorded_by, reason in await uow.fetch(_POLICIES):
        document = PlanDocument.read(plan_part(orjson.loads(body)))
        found.append(Recorded(document, first, recorded_at, recorded_by, reason))
        first += len(document.versions)
    return found


async def on_record(uow: UnitOfWork) -> Plan:
    """The plan with every version that is recorded, for whoever may not write the journal."""
    return joined([each.document for each in await recorded(uow)])


async def add(uow: UnitOfWork, document: PlanDocument, *, by: str, reason: str) -> Recorded:
    """Keep a document as the plan's next versions; the caller holds the lock of the plan."""
    body = orjson.dumps(document.model_dump(mode="json", by_alias=True)).decode()
    await uow.fetch(_ADD, uow.now, body, by, reason)
    return (await recorded(uow))[-1]
