"""What is wrong with a version of the plan that somebody wrote, and what is odd about it, before it rules anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from services.commission.domain.brackets import Fault
from services.commission.domain.drafting import ONE_VERSION
from services.commission.domain.plan import Plan
from services.commission.domain.refusals import PlanInvalid
from services.commission.plan_document import PlanDocument
from services.commission.store import plans
from services.commission.store.drafts import Json
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Checked:
    """All faults with their places, all warnings, and the document if it could be read."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    document: PlanDocument | None


async def check(uow: UnitOfWork, draft: Json, *, start: date | None = None) -> Checked:
    """Check a draft as if it started on `start` (else on the day that it names, else today)."""
    plan = await plans.on_record(uow)
    today = plan.calendar.day(uow.now)
    try:
        document = PlanDocument.read(dated(draft, start=start, otherwise=today))
    except PlanInvalid as refusal:
        return Checked((*_found(refusal), *_versions(draft)), (), None)
    faults = (*_versions(draft), *_against(document, plan, today=today))
    return Checked(faults, tuple(document.warnings()), document)


def dated(draft: Json, *, start: date | None, otherwise: date) -> Json:
    """The draft with a first day for its version: `start`, else the one that it names, else `otherwise`."""
    versions: Any = draft.get("versions")
    if not isinstance(versions, list) or not versions or not isinstance(versions[0], dict):
        return draft
    first = start.isoformat() if start else versions[0].get("effective_from") or otherwise.isoformat()
    return {**draft, "versions": [{**versions[0], "effective_from": first}, *versions[1:]]}


def _found(refusal: PlanInvalid) -> tuple[Fault, ...]:
    """The refusal's faults; a list with a faulty part counts as too short as well, which is no fault of its own."""
    found = cast("tuple[Fault, ...]", refusal.details["found"])
    return tuple(
        fault for fault in found if fault.code != "too_short" or not any(each.place.startswith(f"{fault.place}[") for each in found)
    )


def _versions(draft: Json) -> Iterator[Fault]:
    versions = draft.get("versions")
    if isinstance(versions, list) and len(versions) > 1:
        yield ONE_VERSION


def strangers(document: PlanDocument) -> Iterator[Fault]:
    """Partners that are not named by an id: a quote may call them anything, but a plan on record would mean nobody."""
    for index, version in enumerate(document.versions):
        place = f"versions[{index}]"
        whom = version.assigned_to.partners if version.assigned_to else ()
        named: list[tuple[str | None, str]] = [(each, f"{place}.assigned_to.partners[{number}]") for number, each in enumerate(whom)]
        for part in ("rules", "spiffs"):
            whens = enumerate(getattr(version, part))
            named += [(each.when.partner, f"{place}.{part}[{number}].when.partner") for number, each in whens]
        yield from (Fault("partner_invalid", where) for name, where in named if name is not None and not _is_id(name))


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True


def _against(document: PlanDocument, plan: Plan, *, today: date) -> Iterator[Fault]:
    """Faults that only the plan on record shows."""
    yield from strangers(document)
    fixed = {"currency": plan.currency, "timezone": plan.calendar.timezone, "year_starts": plan.calendar.year_starts}
    for name, value in fixed.items():
        if getattr(document, name) != value:
            yield Fault("plan_currency_fixed", name)
    for index, version in enumerate(document.versions):
        if version.effective_from < today:
            yield Fault("plan_starts_in_past", f"versions[{index}].effective_from")
