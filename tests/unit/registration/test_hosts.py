"""Domains: punycode and letters are one, and what is made to be taken for another names nobody."""

import pytest

from services.registration.domain.accounts.hosts import host_in, is_mixed, shown, skeleton
from services.registration.domain.accounts.identifiers import Customer, IdentifierKind, identifiers
from services.registration.suffixes import registrable_domain

CYRILLIC_A = "\N{CYRILLIC SMALL LETTER A}"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://Shop.Acme.co.uk:8080/a?b", "shop.acme.co.uk"),
        ("müllerbräu.de", "xn--mllerbru-6za7u.de"),
        ("MÜLLERBRÄU.DE", "xn--mllerbru-6za7u.de"),
        ("xn--mllerbru-6za7u.de", "xn--mllerbru-6za7u.de"),
        ("straße.de", "xn--strae-oqa.de"),
        ("strasse.de", "strasse.de"),
        ("my_shop.acme.com", "my_shop.acme.com"),
        ("i❤.ws", "xn--i-7iq.ws"),
        ("食狮。中国", "xn--85x722f.xn--fiqs8s"),
        ("a..b", ""),
        ("", ""),
        ("ü" * 70 + ".de", ""),
    ],
)
def test_host_when_written_in_any_way_then_one_spelling(text: str, host: str) -> None:
    assert host_in(text) == host


def test_shown_when_punycode_then_letters_and_nonsense_stays() -> None:
    assert (shown("xn--strae-oqa"), shown("acme"), shown("xn--i-7iq")) == ("straße", "acme", "i❤")
    assert shown("xn--\x7f!") == "xn--\x7f!"


@pytest.mark.parametrize(
    ("domain", "mixed"), [(f"{CYRILLIC_A}cme.com", True), ("acme.com", False), ("日本toyta.jp", False), ("пример.рф", False)]
)
def test_domain_when_it_mixes_scripts_then_it_is_noticed(domain: str, mixed: bool) -> None:
    assert is_mixed(domain) == is_mixed(host_in(domain)) == mixed


@pytest.mark.parametrize("other", [f"{CYRILLIC_A}cmecom", "acrnecom", "acmec0m", "ácme-com", "acmecorn"])
def test_skeleton_when_it_looks_the_same_then_it_is(other: str) -> None:
    assert skeleton(other) == skeleton("acmecom")


def test_domain_when_it_mixes_scripts_then_it_identifies_nobody() -> None:
    customer = Customer(name="Acme", domain=f"{CYRILLIC_A}cme.com")
    found = identifiers(customer, registrable=registrable_domain, free_mail=frozenset())
    assert {name.kind for name in found} == {IdentifierKind.NAME}
