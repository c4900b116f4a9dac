"""What an import did, as figures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hansa.crm.names import Match
from hansa.crm.opportunities import Reject
from shared.chassis.money import Money


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """One partner's part of the import."""

    name: str
    deals_won: int
    revenue: Money
    commission: Money


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole import: `read` = `won` + `lost` + `open` + everything skipped."""

    read: int
    won: int
    lost: int
    open: int
    fresh: int
    conflicts: int
    rejects: Sequence[Reject]
    matches: Sequence[Match]
    partners: Sequence[PartnerLine]
    currency: str

    @property
    def registered(self) -> int:
        """Opportunities that stand as deals now."""
        return self.won + self.lost + self.open

    @property
    def skipped(self) -> list[tuple[str, int]]:
        """Reasons and how many rows each cost, the most frequent first."""
        counts = Counter(reject.reason for reject in self.rejects)
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    @property
    def total_revenue(self) -> Money:
        return total((line.revenue for line in self.partners), currency=self.currency)

    @property
    def total_commission(self) -> Money:
        return total((line.commission for line in self.partners), currency=self.currency)

    def as_json(self) -> dict[str, object]:
        """The figures for programs; money is text in major units."""
        return {
            "read": self.read,
            "registered": self.registered,
            "won": self.won,
            "lost": self.lost,
            "open": self.open,
            "skipped": [{"reason": reason, "count": count} for reason, count in self.skipped],
            "conflicts": self.conflicts,
            "partners": [
                {"name": line.name, "deals_won": line.deals_won, "revenue": str(line.revenue), "commission": str(line.commission)}
                for line in self.partners
            ],
            "total_commission": str(self.total_commission),
        }


def total(amounts: Iterable[Money], *, currency: str) -> Money:
    """The sum of amounts in one currency."""
    return sum(amounts, start=Money(0, currency))
