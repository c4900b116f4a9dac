"""Who is the same customer, and who must not be taken for one."""

from uuid import UUID

import pytest

from services.registration.domain.accounts.directory import Party, introduce
from services.registration.domain.accounts.identifiers import Customer, Identifier, IdentifierKind, find, identifiers
from services.registration.domain.refusals import AccountAmbiguous, AccountNameMissing
from services.registration.domain.values import AccountId
from services.registration.suffixes import registrable_domain

FREE = frozenset({"gmail.com"})


def names(**known: object) -> set[str]:
    customer = Customer(**({"name": "Acme"} | known))  # type: ignore[arg-type]
    return {f"{kind.value}:{value}" for kind, value in identifiers(customer, registrable=registrable_domain, free_mail=FREE)}


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("https://shop.Acme.co.uk:8080/a?b", "domain:acme.co.uk"),
        ("Ann@mail.acme.co.uk", "domain:acme.co.uk"),
        ("acme.co.uk.", "domain:acme.co.uk"),
        ("münchen.de", "domain:xn--mnchen-3ya.de"),
        ("acme.blogspot.com", "domain:acme.blogspot.com"),
    ],
)
def test_domain_when_written_in_any_way_then_the_registrable_one_names(domain: str, expected: str) -> None:
    assert names(domain=domain) == {"name:acme|", expected}


@pytest.mark.parametrize(
    "domain", ["gmail.com", "someone@gmail.com", "co.uk", "localhost", "10.0.0.1", "...", "a" * 300, "blogspot.com", ""]
)
def test_domain_when_it_is_nobodys_own_then_it_names_nobody(domain: str) -> None:
    assert names(domain=domain) == {"name:acme|"}


def test_name_when_spelt_differently_then_the_same_and_the_country_tells_apart() -> None:
    assert names(name="  ACME,  Holding ", country="Germany") == names(name="Acme Holding", country="de") == {"name:acme holding|DE"}
    assert names(name="Acme Holding", country="AT") != names(name="Acme Holding", country="DE")


def test_tax_and_crm_ids_when_given_then_they_name_exactly() -> None:
    assert names(tax_id="de 123-456", crm_ids=("sf:0015", " ")) == {"name:acme|", "tax:DE123456", "crm:sf:0015"}


def test_name_when_it_is_monstrous_then_short_and_still_its_own() -> None:
    one, other = names(name="\ufdfa" * 300), names(name="\ufdfa" * 299)
    assert one != other
    assert all(len(name) < 100 for name in one | other)


def test_name_when_it_holds_no_word_then_refused() -> None:
    with pytest.raises(AccountNameMissing):
        names(name=" ._- ")


def _id(kind: IdentifierKind, value: str) -> Identifier:
    return Identifier(kind, value)


A, B = AccountId(UUID(int=1)), AccountId(UUID(int=2))
NAME, DOMAIN = _id(IdentifierKind.NAME, "acme|"), _id(IdentifierKind.DOMAIN, "acme.com")


def test_find_when_any_identifier_matches_then_that_account() -> None:
    assert find({DOMAIN: A}, [NAME, DOMAIN]) == A
    assert find({}, [NAME]) is None


def test_find_when_two_accounts_match_then_never_merged() -> None:
    with pytest.raises(AccountAmbiguous):
        find({NAME: A, DOMAIN: B}, [NAME, DOMAIN])


def test_introduce_when_a_later_party_shares_a_new_name_then_the_same_account() -> None:
    ids = iter((A, B))
    parties = [Party("Acme", None, (NAME,)), Party("Acme Inc", None, (NAME, DOMAIN)), Party("X", None, (DOMAIN,))]
    made = introduce({}, parties, make_id=lambda: next(ids))
    assert (made.accounts, len(made.new_accounts), made.new_names) == ([A, A, A], 1, {NAME: A, DOMAIN: A})
