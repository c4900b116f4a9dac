"""Legal names: what is one company's name in two spellings, and what must stay two."""

import pytest

from services.registration.domain.accounts.names import folded, legal_name, spelling, stem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme GmbH", "ACME Gesellschaft mit beschränkter Haftung"),
        ("The Acme Company, Limited", "Acme Co. Ltd."),
        ("Acme S.A. de C.V.", "Acme SA de CV"),
        ("Acme Sp. z o.o.", "Acme Spółka z ograniczoną odpowiedzialnością"),
        ("Acme sp. z.o.o.", "Acme SP Z O O"),
        ("ООО Ромашка", "Ромашка ООО"),
        ("PT Maju Jaya", "Maju Jaya PT"),
        ("Smith & Sons", "Smith und Sons"),
        ("J. P. Arkwell", "JP Arkwell"),
        ("O'Malloran Ltd", "OMalloran Limited"),
        ("Fjord A/S", "Fjord AS"),
        ("株式会社ミラノ", "ミラノ 株式会社"),
        ("Ｍｉｒａｎｏ KK", "Mirano K.K."),
        ("Acme GmbH & Co. KG", "Acme GmbH und Co KG"),
    ],
)
def test_legal_name_when_spelt_in_two_ways_then_one(one: str, other: str) -> None:
    assert legal_name(one) == legal_name(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme GmbH", "Acme AG"),
        ("Acme GmbH", "Acme"),
        ("Müller", "Muller"),
        ("Straße", "Strase"),
        ("Smith & Sons", "Smith Sons"),
        ("Acme 1", "Acme 2"),
        ("AB Systems", "A Systems"),
        ("हिन्दी", "हिनदी"),
    ],
)
def test_legal_name_when_it_may_be_another_company_then_two(one: str, other: str) -> None:
    assert legal_name(one) != legal_name(other)


@pytest.mark.parametrize("name", ["GmbH", "The", "AB", "Co. Ltd.", "Coop", "S.A.", "OOO", "IKS APS", "the the"])
def test_names_when_they_are_forms_alone_then_something_is_left(name: str) -> None:
    assert legal_name(name)
    assert stem(folded(name))


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("Hello World Co. Ltd", ["hello", "world"]),
        ("Example Pty Limited", ["example"]),
        ("OOO Romashka", ["romashka"]),
        ("Coop", ["coop"]),
        ("Acme Private Bank", ["acme", "private", "bank"]),
        ("Land Gut KG", ["land", "gut"]),
    ],
)
def test_stem_when_forms_are_stacked_or_before_then_all_are_gone(name: str, left: list[str]) -> None:
    assert stem(folded(name)) == left


@pytest.mark.parametrize(
    ("one", "other"), [("Müller", "Mueller"), ("Müller", "Muller"), ("Łódź", "Lodz"), ("Ærø", "Aero"), ("Ромашка", "Romashka")]
)
def test_folded_when_written_without_its_own_letters_then_alike(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_spelling_when_taken_apart_then_core_trade_place_and_form() -> None:
    found = spelling("Nordlicht Zirkel Deutschland Technik GmbH")
    assert (found.core, found.trades, found.places, found.form) == (("nordlicht", "zirkel"), {"technology"}, {"de"}, "gmbh")


def test_spelling_when_it_has_general_words_alone_then_they_are_its_core() -> None:
    assert spelling("Global Consulting Group").core == ("global", "consulting", "group")
