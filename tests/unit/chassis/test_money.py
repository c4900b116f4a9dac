"""Amounts as people write them: read exactly, or refused."""

import pytest

from shared.chassis.money import AmountInvalid, AmountPrecision, Money


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1054.00", "USD", 105_400),
        (" 0.5 ", "USD", 50),
        ("-7", "USD", -700),
        ("+7", "USD", 700),
        ("335.000", "JPY", 335),
        ("1.2345000", "KWD", None),
        ("92233720368547758.07", "USD", 2**63 - 1),
        ("0.000000000000000000000000000000", "USD", 0),
    ],
)
def test_an_amount_when_it_fits_the_currency_then_it_is_read_exactly(text: str, currency: str, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(AmountPrecision):
            Money.parse(text, currency)
    else:
        assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text", ["", "1_000", "1e3", "1,000.00", "12,5", ".5", "5.", "NaN", "Infinity", "٣", "--1", "92233720368547758.08", "9" * 40, "1\n2"]
)
def test_an_amount_when_it_is_no_plain_number_or_too_large_then_it_is_refused(text: str) -> None:
    with pytest.raises(AmountInvalid):
        Money.parse(text, "USD")


def test_an_amount_when_it_has_more_decimals_than_a_decimal_context_then_it_is_never_rounded() -> None:
    with pytest.raises(AmountPrecision):
        Money.parse("1.00" + "0" * 24 + "01", "USD")
