"""A deal to start from, and the times around it."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import Deal, protected_window
from services.registration.domain.deals.protection import Scope
from services.registration.domain.values import AccountId, Credit, DealId, Line, Outcome, PartnerId, Terms
from shared.chassis.money import Money

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
WINDOW = 30 * DAY
ME, RIVAL = PartnerId(UUID(int=1)), PartnerId(UUID(int=2))
ACCOUNT = AccountId(UUID(int=7))


def a_deal(
    number: int = 1, *, partner: PartnerId = ME, families: tuple[str, ...] = ("GTX",), path: str = "/EMEA/DE", granted: bool = True
) -> Deal:
    return Deal(
        id=DealId(UUID(int=100)),
        partner_id=ME,
        account_name="Acme",
        scope=Scope(ACCOUNT, ("GTX",), "/EMEA/DE"),
        territory="DE",
        country="DE",
        registered_at=T0,
        protection=protected_window(T0, days=WINDOW, granted=granted),
    )


def some_terms(*amounts: int, at: datetime = T0 + 10 * DAY, split: tuple[Credit, ...] = (Credit(ME, Fraction(1)),)) -> Terms:
    lines = tuple(Line(str(n), f"P{n}", "GTX", 1, amount) for n, amount in enumerate(amounts or (10_000,), start=1))
    return Terms(closed_at=at, amount=Money(sum(line.amount_minor for line in lines), "USD"), lines=lines, credits=split)


def won(*amounts: int, at: datetime = T0 + 10 * DAY) -> Deal:
    return life.close(a_deal(), outcome=Outcome.WON, terms=some_terms(*amounts, at=at), now=at, credit=None)[0]
