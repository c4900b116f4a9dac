"""A file of invoices and payments: each row is read as it stands, or told why not, and nothing is lost."""

from pathlib import Path

import pytest

from hansa.crm.failures import ExportInvalid
from hansa.crm.opportunities import Reject
from hansa.crm.payments import Defaults, Told, rows

_DEAL = "01980b12-7d40-7c3e-9a21-4f0c8d2e7b10"


def _read(folder: Path, text: str, defaults: Defaults = Defaults(), *, encoding: str = "utf-8") -> list[Told | Reject]:
    file = folder / "payments.csv"
    file.write_bytes(text.encode(encoding))
    return list(rows(file, defaults))


def test_row_when_it_says_all_then_its_body_is_what_the_api_takes(tmp_path: Path) -> None:
    header = "reference,kind,deal_id,close_number,amount,currency,date"
    (told,) = _read(tmp_path, f"{header}\nINV-1,Invoice,{_DEAL},2,1054.00,EUR,2026-03-31T12:00:00+02:00\n")
    assert isinstance(told, Told)
    assert told.body == {
        "kind": "invoice",
        "reference": "INV-1",
        "deal_id": _DEAL,
        "close_number": 2,
        "amount": "1054.00",
        "currency": "EUR",
        "at": "2026-03-31T12:00:00+02:00",
    }
    assert (told.line, told.key) == (2, ("invoice", "INV-1"))


def test_row_when_it_says_little_then_the_rest_is_what_the_call_says(tmp_path: Path) -> None:
    (told,) = _read(tmp_path, "reference,external_id,amount,date\nP-1,O-17,5,2026-03-31\n", Defaults("payment", "salesforce", "GBP"))
    assert isinstance(told, Told)
    assert told.body == {
        "kind": "payment",
        "reference": "P-1",
        "source": "salesforce",
        "external_id": "O-17",
        "amount": "5",
        "currency": "GBP",
        "at": "2026-03-31T00:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",O-1,5,2026-03-31", "missing_reference"),
        ("P-1,,5,2026-03-31", "deal_unnamed"),
        ("P-1,O-1,-5,2026-03-31", "broken_number"),
        ("P-1,O-1,1e3,2026-03-31", "broken_number"),
        ("P-1,O-1,,2026-03-31", "broken_number"),
        ("P-1,O-1,5,31.03.2026", "broken_date"),
        ("P-1,O-1,5,", "broken_date"),
        ("P-1,O-1,5", "broken_row"),
        ("P-1,O-1,5,2026-03-31,more", "broken_row"),
    ],
)
def test_row_when_it_cannot_be_read_then_rejected_with_its_line_and_text(tmp_path: Path, row: str, reason: str) -> None:
    found = _read(tmp_path, f"reference,external_id,amount,date\nP-0,O-0,5,2026-03-31\n{row}\n")
    assert isinstance(found[0], Told)
    assert isinstance(found[1], Reject)
    assert (found[1].line, found[1].reason, found[1].text) == (3, reason, row)


def test_row_when_its_close_number_is_no_number_then_rejected(tmp_path: Path) -> None:
    (found,) = _read(tmp_path, "reference,external_id,amount,date,close_number\nP-1,O-1,5,2026-03-31,last\n")
    assert isinstance(found, Reject)
    assert found.reason == "broken_number"


def test_row_when_in_another_encoding_then_rejected_and_the_next_is_read(tmp_path: Path) -> None:
    file = tmp_path / "payments.csv"
    file.write_bytes(b"reference,external_id,amount,date\nM\xfcller,O-1,5,2026-03-31\nP-2,O-2,5,2026-03-31\n")
    first, second = rows(file, Defaults())
    assert isinstance(first, Reject)
    assert first.reason == "wrong_encoding"
    assert isinstance(second, Told)


@pytest.mark.parametrize("header", ["reference,amount,date", "reference,external_id,amount", ""])
def test_file_when_it_lacks_a_column_then_told_at_once(tmp_path: Path, header: str) -> None:
    with pytest.raises(ExportInvalid):
        _read(tmp_path, f"{header}\n1,2,3\n")
