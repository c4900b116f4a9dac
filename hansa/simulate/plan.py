"""What the network will do, drawn from a seed before anything runs: the same seed plans the same year."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from hansa.simulate import names

COURSES = ("foundation", "sales", "technical", "advanced")
KINDS = ("channel", "reseller_affiliate", "strategic_alliance", "technology_integration", "co_marketing")
YEAR = timedelta(days=365)


class Ending(StrEnum):
    """What becomes of a deal within the year."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Training:
    """A course that a person finished, and when it was certified, if it was."""

    course: str
    enrolled_at: datetime
    completed_at: datetime
    passed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    trainings: tuple[Training, ...]


@dataclass(frozen=True, slots=True)
class PartnerPlan:
    """A partner; `weight` is how much of the network's business it makes."""

    name: str
    kind: str
    region: str
    country: str
    enrolled_at: datetime
    weight: float
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class DealPlan:
    """One deal of the year. `partner` and `co_seller` are positions in the plan's list of partners; money is in cents."""

    number: int
    partner: int
    co_seller: int | None
    account: int
    product: str
    family: str
    minor: int
    engaged_at: datetime
    ending: Ending
    closed_at: datetime | None
    refunds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LiveDeal:
    """A deal registered today by the partner itself. `rival` tries to register the same account right after."""

    deal: DealPlan
    rival: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole year: `history` happened before today, `live` happens while one watches."""

    seed: int
    partners: tuple[PartnerPlan, ...]
    history: tuple[DealPlan, ...]
    live: tuple[LiveDeal, ...]


def draw(*, seed: int, partners: int, deals: int, now: datetime) -> Plan:
    """Plan a year that ends at `now`, for at least two partners; one deal in ten is registered live."""
    rng = Random(seed)
    network = tuple(_partner(rng, number, now=now) for number in range(partners))
    weights = [one.weight for one in network]
    live_count = max(1, deals // 10)
    history = tuple(_deal(rng, number, weights=weights, now=now, live=False) for number in range(deals - live_count))
    live = tuple(_live(rng, deals - live_count + number, weights=weights, now=now) for number in range(live_count))
    return Plan(seed, network, tuple(sorted(history, key=lambda deal: deal.engaged_at)), live)


def _partner(rng: Random, number: int, *, now: datetime) -> PartnerPlan:
    region, country = rng.choice(names.PLACES)
    enrolled_at = now - YEAR - timedelta(days=rng.randint(1, 300))
    people = tuple(_person(rng, now=now) for _ in range(rng.randint(0, 3)))
    # A few partners make most of the business, as everywhere.
    return PartnerPlan(names.partner(number), rng.choice(KINDS), region, country, enrolled_at, rng.paretovariate(1.2), people)


def _person(rng: Random, *, now: datetime) -> Person:
    at = now - timedelta(days=rng.randint(20, 420))
    trainings: list[Training] = []
    for course in COURSES[: rng.randint(1, len(COURSES))]:
        completed_at = at + timedelta(days=rng.randint(1, 5))
        passed_at = completed_at + timedelta(hours=rng.randint(1, 20)) if rng.random() < 0.8 else None
        if (passed_at or completed_at) >= now:
            break
        trainings.append(Training(course, at, completed_at, passed_at))
        at = completed_at + timedelta(days=1)
    return Person(names.person(rng), tuple(trainings))


def _deal(rng: Random, number: int, *, weights: list[float], now: datetime, live: bool) -> DealPlan:
    partner = rng.choices(range(len(weights)), weights)[0]
    engaged_at = now if live else now - timedelta(seconds=rng.randint(86_400, int(YEAR.total_seconds())))
    ending = rng.choices(list(Ending), (20, 50, 30))[0]
    days_to_close = min(rng.randint(5, 120), max(1, (now - engaged_at).days - 1))
    closed_at = None if live or ending is Ending.OPEN else min(engaged_at + timedelta(days=days_to_close), now - timedelta(hours=1))
    product, family, price = rng.choice(names.PRODUCTS)
    minor = price * 100 * rng.randint(1, 6) - rng.randint(0, 9_999)
    refunds = _refunds(rng, minor) if ending is Ending.WON else ()
    co_seller = (partner + 1) % len(weights) if rng.random() < 0.1 else None
    # A history has its overlaps: now and then an account that somebody had before.
    account = number if live or rng.random() > 0.08 else rng.randrange(number + 1)
    return DealPlan(number, partner, co_seller, account, product, family, minor, engaged_at, ending, closed_at, refunds)


def _live(rng: Random, number: int, *, weights: list[float], now: datetime) -> LiveDeal:
    deal = _deal(rng, number, weights=weights, now=now, live=True)
    rival = (deal.partner + 1 + rng.randrange(len(weights) - 1)) % len(weights)
    return LiveDeal(deal, rival if rng.random() < 0.4 else None)


def _refunds(rng: Random, minor: int) -> tuple[int, ...]:
    """One won deal in twelve gives money back: all of it at once, a part, or all in two parts."""
    if rng.random() > 1 / 12:
        return ()
    if rng.random() < 0.4:
        return (minor,)
    first = rng.randint(1, minor - 1)
    return (first, minor - first) if rng.random() < 0.5 else (first,)
