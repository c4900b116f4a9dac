"""Who the customer is: identifiers that name an account exactly, and the rule that finds the account by them."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from services.registration.domain.accounts import hosts
from services.registration.domain.accounts.countries import country_code
from services.registration.domain.accounts.names import legal_name, visible
from services.registration.domain.refusals import AccountAmbiguous, AccountNameMissing
from services.registration.domain.values import AccountId
from shared.chassis.values import Value

_LONGEST = 1_000  # bytes
_NOT_WORD = re.compile(r"[\W_]+")

Registrable = Callable[[str], str | None]
"""The registrable domain of a host by the public suffix list ("shop.acme.co.uk" → "acme.co.uk"), or None."""


class IdentifierKind(StrEnum):
    """Ways to name an account; a match of any one is exact."""

    CRM = "crm"
    DOMAIN = "domain"
    NAME = "name"
    TAX = "tax"


class Identifier(NamedTuple):
    """One normalised name of an account, e.g. (domain, acme.co.uk) or (name, acme holding|DE)."""

    kind: IdentifierKind
    value: str


class Customer(Value, frozen=True, kw_only=True):
    """The customer as given: whatever is known of it."""

    name: str
    domain: str | None = None
    country: str | None = None
    tax_id: str | None = None
    crm_ids: tuple[str, ...] = ()


@lru_cache(maxsize=16_384)  # customers come again, in a history by the thousand
def identifiers(customer: Customer, *, registrable: Registrable, free_mail: frozenset[str]) -> tuple[Identifier, ...]:
    """Every identifier of `customer`, sorted. Raises AccountNameMissing."""
    found = name_identifiers(customer.name, customer.country)
    host = registrable(hosts.host_in(customer.domain)) if customer.domain else None
    if host and host not in free_mail and not hosts.is_mixed(host):
        found.add(Identifier(IdentifierKind.DOMAIN, host))
    if customer.tax_id and (tax := _NOT_WORD.sub("", customer.tax_id).upper()):
        found.add(Identifier(IdentifierKind.TAX, tax))
    found |= {Identifier(IdentifierKind.CRM, crm.strip()) for crm in customer.crm_ids if crm.strip()}
    return tuple(sorted(identifier._replace(value=_bounded(identifier.value)) for identifier in found))


def name_identifiers(name: str, country: str | None) -> set[Identifier]:
    """Legal name and country as identifiers: as `legal_name` has it and, where that differs, word for word.

    The words alone were the only form once, and signs that nobody sees parted them. All forms are kept, so that what was entered then is
    found as before. Raises AccountNameMissing.
    """
    plain, former = _words(visible(name)), _words(name)
    if not plain:
        raise AccountNameMissing
    where = country_code(country) or _words(country) if country else ""
    return {Identifier(IdentifierKind.NAME, _bounded(f"{each}|{where}")) for each in (plain, former, legal_name(name) or plain)}


def _bounded(value: str) -> str:
    """What an index can hold: a monstrous name stands as its digest, which is as exact."""
    data = value.encode()
    return value if len(data) <= _LONGEST else hashlib.sha256(data).hexdigest()


def _words(text: str) -> str:
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def find(known: Mapping[Identifier, AccountId], wanted: Iterable[Identifier]) -> AccountId | None:
    """The account that any of `wanted` names, None if it is new. Two accounts are never merged: raises AccountAmbiguous."""
    matches = {known[identifier] for identifier in wanted if identifier in known}
    if len(matches) > 1:
        raise AccountAmbiguous
    return next(iter(matches), None)
