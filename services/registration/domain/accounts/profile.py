"""What of a company is compared when no identifier matches exactly, and the keys by which those to compare are found."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.registration.domain.accounts import hosts
from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.accounts.names import Spelling, spelling

_MOST_SPELLINGS = 8  # an account that many imports named in many ways is compared by some of them
_MOST_TOKENS = 4
_SHORTEST_TOKEN, _EDGE, _SHORT_BRAND = 4, 6, 8
_VOWELS = re.compile(r"[aeiouyhw]")
_TWICE = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Profile:
    """A company by its names, countries (codes, as far as known), registrable domains and tax ids.

    `labels` is what somebody chose of each domain, folded: "acme" of acme.co.uk.
    """

    spellings: tuple[Spelling, ...]
    countries: frozenset[str]
    domains: frozenset[str]
    taxes: frozenset[str]
    labels: frozenset[str]


def profile(identifiers: Iterable[Identifier], *, suspicious: str | None = None) -> Profile:
    """The profile that identifiers give; `suspicious` is a domain that may not identify, and is compared all the same."""
    of_kind: dict[IdentifierKind, list[str]] = {kind: [] for kind in IdentifierKind}
    for kind, value in sorted(identifiers):
        of_kind[kind].append(value)
    domains = frozenset([*of_kind[IdentifierKind.DOMAIN], *([suspicious] if suspicious else [])])
    named = [value.rpartition("|") for value in of_kind[IdentifierKind.NAME]]
    return Profile(
        tuple(dict.fromkeys(spelling(name) for name, _, _ in named if name))[:_MOST_SPELLINGS],
        frozenset(country for _, _, country in named if country),
        domains,
        frozenset(tax_number(value) for value in of_kind[IdentifierKind.TAX]),
        frozenset(label for domain in domains if (label := folded_label(domain))),
    )


def folded_label(domain: str) -> str:
    """The chosen label as names are folded, in one word."""
    return "".join(spelling(hosts.name_label(domain)).tokens)


def tax_number(value: str) -> str:
    """A tax id without the country before it: "DE123456789" and "123456789" are one."""
    return value[2:] if value[:2].isalpha() and any(c.isdigit() for c in value[2:]) else value


def keys(of: Profile) -> tuple[int, ...]:
    """The blocking keys, sorted: two companies that are worth comparing share one. 64 bits each, of a text that nobody needs to read."""
    return tuple(sorted({_number(key) for key in _texts(of)}))


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), signed=True)


def _texts(of: Profile) -> Iterator[str]:
    for each in of.spellings:
        yield from _of_name(each)
    for label in of.labels:
        yield f"one {label}"
    for domain in of.domains:
        yield f"eye {hosts.skeleton(hosts.name_label(domain))}"
    for tax in of.taxes:
        yield f"tax {tax}"


def _of_name(each: Spelling) -> Iterator[str]:
    core = each.compact_core
    yield f"all {' '.join(sorted(set(each.tokens)))}"
    yield f"one {each.compact}"
    yield f"one {core}"
    for token in sorted(set(each.core), key=lambda token: (-len(token), token))[:_MOST_TOKENS]:
        if len(token) >= _SHORTEST_TOKEN:
            yield f"word {token}"
    if len(skeleton := _consonants(core)) >= 3:
        yield f"sound {skeleton}"
    yield from _for_slips(core)
    if len(each.tokens) >= 3:
        yield f"initials {each.initials}"
    if len(each.core) == 1 and 3 <= len(core) <= 5:
        yield f"initials {core}"


def _for_slips(core: str) -> Iterator[str]:
    """Keys that survive a slip of the pen: both ends of a long name, and a short one with each letter left out."""
    if len(core) > _EDGE:
        yield f"head {core[:_EDGE]}"
        yield f"tail {core[-_EDGE:]}"
    if _SHORTEST_TOKEN < len(core) <= _SHORT_BRAND:
        yield f"slip {core}"
        yield from (f"slip {core[:place]}{core[place + 1 :]}" for place in range(len(core)))


def _consonants(text: str) -> str:
    """How a name sounds, roughly: the first letter and the consonants, each once in a row, alike ones as one."""
    alike = text.replace("ph", "f").replace("ck", "k").replace("z", "s").replace("c", "k").replace("v", "f").replace("x", "ks")
    return _TWICE.sub(r"\1", alike[:1] + _VOWELS.sub("", alike[1:]))
