"""The year in figures: partners by tier with their revenue and commission, deals, events, webhooks, and the audit."""

from dataclasses import asdict, dataclass
from typing import Any

from hansa.simulate.audit import Finding
from hansa.simulate.client import Api
from hansa.simulate.listener import Listener
from hansa.simulate.year import Year
from shared.chassis.money import Money

TIERS = ("platinum", "gold", "silver", "bronze")
CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class TierRow:
    """What the partners of one tier made; money in major units."""

    tier: str
    partners: int
    revenue: str
    commission: str


@dataclass(frozen=True, slots=True)
class Summary:
    """All that the demo reports. `revenue` is net of refunds over the trailing 12 months; `commission` what stands in the books."""

    tiers: list[TierRow]
    revenue: str
    commission: str
    deals: dict[str, int]
    trainings: dict[str, int]
    events_published: int
    events_consumed: int
    by_topic: dict[str, int]
    webhooks_delivered: int
    audit: list[Finding]

    @property
    def holds(self) -> bool:
        return all(finding.holds for finding in self.audit)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.holds}


async def summarise(staff: Api, year: Year, *, listener: Listener, audit: list[Finding]) -> Summary:
    """Figures as the public API gives them, beside what the simulation knows."""
    standings = [standing async for standing in staff.pages("tiering/v1/standings")]
    commission = {
        balance["partner_id"]: balance["total"]["amount_minor"]
        async for balance in staff.pages("commission/v1/balances")
        if balance["currency"] == CURRENCY
    }
    revenue = {one["partner_id"]: Money.parse(one["revenue"], CURRENCY).minor for one in standings}
    tier_of = {one["partner_id"]: one["tier"] for one in standings}
    ledger = year.ledger
    return Summary(
        tiers=[_row(tier, [partner for partner, held in tier_of.items() if held == tier], revenue, commission) for tier in TIERS],
        revenue=_major(sum(revenue.values())),
        commission=_major(sum(commission.values())),
        deals={"won": len(ledger.won), "lost": ledger.lost, "open": ledger.open, "refunds": ledger.refunds}
        | {"overlaps": ledger.overlaps, "refused": ledger.refused},
        trainings={"completed": year.completed, "certified": year.certified},
        events_published=year.flow.published,
        events_consumed=year.flow.handled,
        by_topic=dict(sorted(year.flow.by_topic.items())),
        webhooks_delivered=sum(len(inbox.verified) for inbox in listener.inboxes.values()),
        audit=audit,
    )


def _row(tier: str, partners: list[str], revenue: dict[str, int], commission: dict[str, int]) -> TierRow:
    earned = sum(commission.get(partner, 0) for partner in partners)
    return TierRow(tier, len(partners), _major(sum(revenue[partner] for partner in partners)), _major(earned))


def _major(minor: int) -> str:
    return str(Money(minor, CURRENCY))
