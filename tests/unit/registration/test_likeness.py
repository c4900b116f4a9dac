"""Who is probably the same company: scores with reasons, keys that find, and what only looks alike."""

from uuid import UUID

import pytest

from services.registration.domain.accounts.identifiers import Customer, identifiers
from services.registration.domain.accounts.likeness import Judgement, Matching, compare, likenesses
from services.registration.domain.accounts.profile import Profile, keys, profile
from services.registration.domain.values import AccountId
from services.registration.suffixes import registrable_domain

A, B, C = (AccountId(UUID(int=number)) for number in (1, 2, 3))


def a_profile(name: str, country: str | None = "DE", **known: object) -> Profile:
    customer = Customer(name=name, country=country, **known)  # type: ignore[arg-type]
    return profile(identifiers(customer, registrable=registrable_domain, free_mail=frozenset({"gmail.com"})))


def judged(one: Profile, other: Profile) -> Judgement:
    assert compare(one, other) == compare(other, one)
    return compare(one, other)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (a_profile("Nordlicht Optik AG"), "another legal form"),
        (a_profile("Nordlciht Optik"), "a few letters"),
        (a_profile("Optik Nordlicht"), "the same distinguishing words"),
        (a_profile("Nord Licht Optik"), "spaced otherwise"),
        (a_profile("Nordlicht Optik Österreich", "AT"), "perhaps a subsidiary"),
        (a_profile("Muster Acht", domain="nordlichtoptik.com"), "one's name is the other's domain"),
    ],
)
def test_compare_when_probably_the_same_then_above_the_threshold_with_its_reason(other: Profile, reason: str) -> None:
    found = judged(a_profile("Nordlicht Optik GmbH"), other)
    assert found.score >= Matching().probable_from
    assert any(reason in each for each in found.reasons), found.reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_profile("Summit Bakery"), a_profile("Summit Insurance")),
        (a_profile("Plant 1 Metallbau"), a_profile("Plant 2 Metallbau")),
        (a_profile("Global Consulting Group"), a_profile("Global Consulting Services")),
        (a_profile("Apex", "GB"), a_profile("Apex", "FR")),
        (a_profile("Red Lion Inns"), a_profile("Red Line Inns")),
        (a_profile("Bolt"), a_profile("Volt")),
    ],
)
def test_compare_when_it_only_looks_alike_then_below(one: Profile, other: Profile) -> None:
    assert judged(one, other).score < Matching().probable_from


def test_compare_when_the_tax_number_is_the_same_but_for_its_country_then_probable() -> None:
    found = judged(a_profile("One", tax_id="DE 123 456 789"), a_profile("Other", tax_id="123456789"))
    assert (found.score, found.reasons) == (97.0, ("the same tax number, written with another country or none",))


def test_compare_when_a_domain_is_made_to_be_taken_for_another_then_probable() -> None:
    spoof = profile([], suspicious="rnarigold.ie")
    assert judged(a_profile("Marigold", domain="marigold.ie"), spoof).score >= 95


def test_keys_when_names_are_alike_then_one_is_shared_and_few_are_made() -> None:
    one = keys(a_profile("Nordlicht Optik GmbH", domain="nordlicht.de"))
    for other in ("Nordlciht Optik", "Optik Nordlicht AG", "NordlichtOptik", "Nordlicht"):
        assert set(one) & set(keys(a_profile(other)))
    assert len(one) <= 20
    assert one == tuple(sorted(one))


def test_likenesses_when_some_were_told_apart_then_not_named_again() -> None:
    others = {A: a_profile("Nordlicht Optik AG"), B: a_profile("Nordlicht Optik"), C: a_profile("Something Else")}
    found = likenesses(a_profile("Nordlicht Optik GmbH"), others, matching=Matching())
    assert [one.account_id for one in found] == [B, A]
    assert [one.account_id for one in likenesses(a_profile("Nordlicht Optik GmbH"), others, matching=Matching(), besides=[B])] == [A]
    assert likenesses(a_profile("Nordlicht Optik GmbH"), others, matching=Matching(probable_from=101)) == ()
