"""Rows as they come: read, or refused with what the error queue keeps of them."""

import orjson
import pytest

from services.registration.domain.intake.error import UNNAMED, Way
from services.registration.reading import known_fields, read_row, rejected

ROW = {
    "source": "crm",
    "external_id": "O1",
    "partner_id": "01980a6e-3c00-7a10-8c55-6b1d0f3e9a01",
    "account_name": "Acme",
    "families": ["GTX"],
    "engaged_at": "2026-01-01T00:00:00Z",
    "stage": "open",
}


def _rejected(text: bytes) -> object:
    arrival = read_row(text, line=3)
    assert arrival.fault
    return rejected(arrival, arrival.fault, way=Way.BULK, exclusivity="record")


def test_row_when_it_holds_what_the_intake_does_not_know_then_that_is_not_kept() -> None:
    told = ROW | {
        "contact_email": "ann@acme.example",
        "lines": [{"product": "P", "family": "GTX", "amount": "1", "sold_by": "Ann"}],
        "credits": "Ann",
        "country": {"name": "Ann"},
        "crm_ids": [{"owner": "Ann"}, "X"],
    }
    assert "Ann" not in str({**known_fields(told), "credits": None})
    assert known_fields(told)["lines"] == [{"product": "P", "family": "GTX", "amount": "1"}]


def test_row_when_a_field_is_wrong_then_it_is_named_as_far_as_it_can_be_read() -> None:
    kept = _rejected(orjson.dumps(ROW | {"stage": "maybe", "source_version": 4, "occurred_at": "2026-01-02T00:00:00Z"}))
    assert (kept.source, kept.name, kept.code, kept.source_version, kept.line) == ("crm", "O1", "row_invalid", 4, 3)  # type: ignore[attr-defined]
    assert kept.changed_at is not None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text", [b"{", b"7", b"[]", b"\xff", b'{"source": 7, "external_id": ""}', b'{"occurred_at": "0001-01-01T00:00:00Z"}']
)
def test_row_when_it_cannot_be_read_then_it_is_named_by_its_bytes(text: bytes) -> None:
    kept = _rejected(text)
    assert (kept.source, kept.external_id, kept.partner_id, kept.changed_at) == (UNNAMED, None, None, None)  # type: ignore[attr-defined]
    assert len(kept.name) == 64  # type: ignore[attr-defined]


def test_row_when_its_name_is_endless_then_an_index_can_hold_it() -> None:
    assert len(_rejected(orjson.dumps(ROW | {"external_id": "x" * 10_000})).name) == 64  # type: ignore[attr-defined]


def test_row_when_a_sign_turns_its_name_around_then_it_is_read_without_and_keeps_the_marks_that_writing_needs() -> None:
    seen = read_row(orjson.dumps(ROW | {"account_name": "\u202eemcA\u202c \u0646\u200c\u0645\u200f \u2067GmbH\u2069"}), line=1).seen
    assert seen
    assert seen.customer.name == "emcA \u0646\u200c\u0645\u200f GmbH"
