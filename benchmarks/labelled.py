"""Pairs of companies with the truth about each, made by hand for the purpose, and how well the rules of account identity tell it."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from services.registration.domain.accounts import hosts
from services.registration.domain.accounts.identifiers import Customer, Identifier, identifiers
from services.registration.domain.accounts.likeness import Matching, compare
from services.registration.domain.accounts.profile import Profile, keys, profile
from services.registration.suffixes import registrable_domain

PAIRS = Path(__file__).parent / "matching_pairs.csv"
FREE_MAIL = frozenset({"gmail.com", "outlook.com", "web.de"})


class Truth(StrEnum):
    """What two companies are to each other; the companies are invented."""

    SAME = "same"
    RELATED = "related"
    DIFFERENT = "different"


class Found(StrEnum):
    """What the rules say."""

    EXACT = "exact"
    PROBABLE = "probable"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two companies, the truth, and of what kind the difficulty is."""

    truth: Truth
    kind: str
    one: Customer
    other: Customer


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair with what the rules found, why, and how sure (0 to 100)."""

    pair: Pair
    found: Found
    score: float
    reasons: tuple[str, ...] = ()


def pairs() -> list[Pair]:
    """The list."""
    with PAIRS.open(encoding="utf-8", newline="") as file:
        return [Pair(Truth(row["truth"]), row["kind"], _customer(row, ""), _customer(row, "other_")) for row in csv.DictReader(file)]


def _customer(row: dict[str, str], prefix: str) -> Customer:
    domain, tax_id = row[f"{prefix}domain"] or None, row[f"{prefix}tax_id"] or None
    return Customer(name=row[f"{prefix}name"], country=row[f"{prefix}country"] or None, domain=domain, tax_id=tax_id)


def names_of(customer: Customer) -> tuple[Identifier, ...]:
    """Its identifiers, by the public suffix list."""
    return identifiers(customer, registrable=registrable_domain, free_mail=FREE_MAIL)


def _profile(customer: Customer) -> Profile:
    host = hosts.host_in(customer.domain) if customer.domain else ""
    return profile(names_of(customer), suspicious=host if host and hosts.is_mixed(host) else None)


def judge(pair: Pair, *, matching: Matching) -> Judged:
    """As registration does: identifiers first, then the likeness of those that share a key."""
    if set(names_of(pair.one)) & set(names_of(pair.other)):
        return Judged(pair, Found.EXACT, 100.0)
    one, other = _profile(pair.one), _profile(pair.other)
    judged = compare(one, other)
    if not set(keys(one)) & set(keys(other)):
        return Judged(pair, Found.NOTHING, judged.score, ("no common key", *judged.reasons))
    found = Found.PROBABLE if round(judged.score) >= matching.probable_from else Found.NOTHING
    return Judged(pair, found, judged.score, judged.reasons)


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision: of what was found, how much is true; recall: of what is true, how much was found."""

    precision: float
    recall: float
    wrong: tuple[Judged, ...]
    missed: tuple[Judged, ...]

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}, recall {self.recall:.3f} ({len(self.wrong)} wrong, {len(self.missed)} missed)"


def exact(judged: Sequence[Judged]) -> Quality:
    """Exact matches against pairs that are the same company. What is missed here may still be probable."""
    return _quality(judged, found={Found.EXACT}, true={Truth.SAME})


def probable(judged: Sequence[Judged]) -> Quality:
    """All that a registration meets, exact or in review, against pairs that are the same company or belong together."""
    return _quality(judged, found={Found.EXACT, Found.PROBABLE}, true={Truth.SAME, Truth.RELATED})


def _quality(judged: Iterable[Judged], *, found: set[Found], true: set[Truth]) -> Quality:
    every = list(judged)
    hit = [each for each in every if each.found in found and each.pair.truth in true]
    wrong = tuple(each for each in every if each.found in found and each.pair.truth not in true)
    missed = tuple(each for each in every if each.found not in found and each.pair.truth in true)
    return Quality(len(hit) / max(1, len(hit) + len(wrong)), len(hit) / max(1, len(hit) + len(missed)), wrong, missed)


def told(each: Judged) -> str:
    """One line about a pair, for whoever looks at the misses."""
    pair = each.pair
    companies = " ~ ".join(" ".join(filter(None, (c.name, c.country, c.domain))) for c in (pair.one, pair.other))
    return f"{pair.truth.value}/{pair.kind}: {companies} -> {each.found.value} {each.score:.0f} ({'; '.join(each.reasons)})"
