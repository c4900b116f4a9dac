"""An import from start to end: read the export, make its partners known, send it, wait for commission, sum up."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from hansa.crm import earnings, partners, upload
from hansa.crm.earnings import Win
from hansa.crm.mapping import Mapping
from hansa.crm.opportunities import Export, Reject
from hansa.crm.partners import Wanted
from hansa.crm.summary import PartnerLine, Summary, total
from hansa.crm.upload import Outcome
from hansa.simulate.client import Api
from shared.chassis.money import Money

Progress = Callable[[str, int, int], None]
"""What is under way, how much of it is done, of how much."""


@dataclass(frozen=True, slots=True)
class Job:
    """How to import an export."""

    mapping: Mapping
    source: str
    currency: str
    exclusivity: str
    commission_within_s: float = 300.0


async def run(api: Api, job: Job, export: Export, *, progress: Progress) -> Summary:
    """Import what was read of an export; running it again changes nothing. Raises NotHeardOf, NotCaughtUp, Rejected."""
    wanted = _wanted(export, job.mapping)
    ids = await partners.ensure(api, wanted, source=job.source, kind=job.mapping.partners.type)
    await partners.known_to_registration(api, ids, source=job.source)
    outcomes = await _send(api, export, job, ids, progress=progress)
    progress("commission", 0, len(ids))
    wins = _wins(outcomes, ids)
    earned = await earnings.commission_of(api, wins, currency=job.currency, within_s=job.commission_within_s)
    progress("commission", len(ids), len(ids))
    return _summary(export, outcomes, job, {name: earned.get(partner) for name, partner in ids.items()})


def _wanted(export: Export, mapping: Mapping) -> list[Wanted]:
    first: dict[str, Wanted] = {}
    for one in sorted(export.opportunities, key=lambda each: each.engaged_at):
        region = export.regions.get(one.partner) or mapping.partners.default_region
        first.setdefault(one.partner, Wanted(one.partner, region, one.engaged_at))
    return [first[name] for name in sorted(first)]


async def _send(api: Api, export: Export, job: Job, ids: dict[str, UUID], *, progress: Progress) -> list[Outcome]:
    sent, size = 0, len(export.opportunities)

    def done(rows: int) -> None:
        nonlocal sent
        sent += rows
        progress("opportunities", sent, size)

    progress("opportunities", 0, size)
    return await upload.send(api, export.opportunities, partners=ids, source=job.source, exclusivity=job.exclusivity, done=done)


def _won(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if not one.refused and one.stage == "won" and one.opportunity.amount is not None]


def _wins(outcomes: Sequence[Outcome], ids: dict[str, UUID]) -> dict[UUID, list[Win]]:
    wins: defaultdict[UUID, list[Win]] = defaultdict(list)
    for one in _won(outcomes):
        if one.deal_id and one.opportunity.amount:
            wins[ids[one.opportunity.partner]].append(Win(one.deal_id, one.opportunity.amount, one.fresh))
    return dict(wins)


def _summary(export: Export, outcomes: Sequence[Outcome], job: Job, earned: dict[str, Money | None]) -> Summary:
    refused = [
        Reject(one.opportunity.line, one.opportunity.id, one.refused, one.message, one.opportunity.text) for one in outcomes if one.refused
    ]
    accepted = [one for one in outcomes if not one.refused]
    return Summary(
        read=export.read,
        won=sum(one.stage == "won" for one in accepted),
        lost=sum(one.stage == "lost" for one in accepted),
        open=sum(one.stage not in {"won", "lost"} for one in accepted),
        fresh=sum(one.fresh for one in accepted),
        conflicts=sum(one.conflict or one.refused == "account_taken" for one in outcomes),
        rejects=[*export.rejects, *refused],
        matches=export.matches,
        partners=_lines(outcomes, earned, currency=job.currency),
        currency=job.currency,
    )


def _lines(outcomes: Sequence[Outcome], earned: dict[str, Money | None], *, currency: str) -> list[PartnerLine]:
    nothing = Money(0, currency)
    amounts: defaultdict[str, list[Money]] = defaultdict(list)
    for one in _won(outcomes):
        amounts[one.opportunity.partner].append(one.opportunity.amount or nothing)
    return [
        PartnerLine(name, len(amounts[name]), total(amounts[name], currency=currency), commission or nothing)
        for name, commission in sorted(earned.items())
    ]
