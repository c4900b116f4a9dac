"""Plans and facts for tests of the pure rules, in as few words as they need."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from uuid import UUID

from services.commission.domain.brackets import Bracket, Mode
from services.commission.domain.calendar import PeriodKind
from services.commission.domain.facts import Amended, Closed, Credit, Line, Refunded, Reopened, Terms
from services.commission.domain.options import Base, Split
from services.commission.domain.plan import Plan, PlanVersion
from shared.chassis.ids import derived_id

AT = datetime(2026, 3, 1, tzinfo=UTC)
SEED = (
    Bracket(0, 100_000_00, Fraction("0.15")),
    Bracket(100_000_00, 500_000_00, Fraction("0.20")),
    Bracket(500_000_00, None, Fraction("0.25")),
)
Shares = Sequence[tuple[UUID, Fraction]]


def plan(
    brackets: Sequence[Bracket] = SEED,
    *,
    base: Base = Base.CUMULATIVE,
    period: PeriodKind = PeriodKind.YEAR,
    mode: Mode = Mode.GRADUATED,
    split: Split = Split.REVENUE,
) -> Plan:
    return Plan("USD", (PlanVersion(1, date(2000, 1, 1), tuple(brackets), base, period, mode, split),))


def who(number: int) -> UUID:
    return derived_id("partner", number)


def deal(number: int) -> UUID:
    return derived_id("deal", number)


def terms(
    amount: int, *, shares: Shares | None = None, at: datetime = AT, lines: Sequence[tuple[str, int]] = (), currency: str = "USD"
) -> Terms:
    credits_ = tuple(Credit(partner_id, share) for partner_id, share in shares or [(who(1), Fraction(1))])
    return Terms(at, currency, amount, credits_, tuple(Line(line, "alpha", "core", part) for line, part in lines))


def closed(number: int, given: Terms | None, *, event: str = "", close: int = 1, by: int = 1) -> Closed:
    return Closed(event or f"close {number}.{close}", deal(number), who(by), AT, close, given)


def refunded(number: int, amount: int, *, event: str, close: int = 1, lines: Sequence[tuple[str, int]] = (), revision: int = 0) -> Refunded:
    return Refunded(event, deal(number), who(1), AT, close, amount, "USD", tuple(lines), revision)


def amended(number: int, given: Terms, *, event: str, revision: int = 1, close: int = 1) -> Amended:
    return Amended(event, deal(number), who(1), AT, close, revision, given)


def reopened(number: int, *, event: str, close: int = 1) -> Reopened:
    return Reopened(event, deal(number), who(1), AT, close)
