"""Reading an export: every row becomes an opportunity, or a reject with its line and reason."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hansa.crm.failures import ExportInvalid, MappingInvalid
from hansa.crm.mapping import DEFAULT, Mapping, load
from hansa.crm.opportunities import Export, read_export
from hansa.crm.rejects import write
from shared.chassis.money import Money

SAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "crm"
HEADER = b"opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An export with the sample's products, accounts and agents, and no opportunities yet."""
    for name in ("products.csv", "accounts.csv", "sales_teams.csv"):
        (tmp_path / name).write_bytes((SAMPLE / name).read_bytes())
    return tmp_path


def export_of(folder: Path, *rows: bytes, mapping: Mapping | None = None, header: bytes = HEADER) -> Export:
    (folder / "sales_pipeline.csv").write_bytes(header + b"".join(row + b"\n" for row in rows))
    return read_export(folder, mapping or load(), currency="USD")


def test_won_row_becomes_a_registration_and_a_close_at_midnight_utc(folder: Path) -> None:
    (one,) = export_of(folder, b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,1054").opportunities
    assert (one.id, one.partner, one.family, one.stage, one.amount) == ("A1", "Chen Wei", "Kiln", "won", Money(105400, "USD"))
    assert (one.customer.name, one.customer.country) == ("Cobalt Foods", "Japan")
    assert one.engaged_at == datetime(2025, 2, 3, tzinfo=UTC)
    assert one.closed_at == datetime(2025, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Prospecting,,,", "no_engage_date"),
        (b"A1,Chen Wei,Kiln 40,,Engaging,2025-02-03,,", "missing_account"),
        (b"A1,Chen Wei,Spindle,Cobalt Foods,Won,2025-02-03,2025-03-10,5", "unknown_product"),
        (b"A1,Chen Wei,,Cobalt Foods,Won,2025-02-03,2025-03-10,5", "unknown_product"),
        (b"A1,,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,5", "missing_partner"),
        (b",Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,5", "missing_id"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Waiting,2025-02-03,2025-03-10,5", "unknown_stage"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,03.02.2025,2025-03-10,5", "broken_date"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-30,2025-03-10,5", "broken_date"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,,5", "no_close_date"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,", "broken_number"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,-5", "broken_number"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,1_000", "broken_number"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,1.005", "broken_number"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,NaN", "broken_number"),
        (b"A1,Chen Wei,Kiln 40,Caf\xe9,Won,2025-02-03,2025-03-10,5", "wrong_encoding"),
        (b"A1,Chen Wei,Kiln 40,Caf\x00,Won,2025-02-03,2025-03-10,5", "wrong_encoding"),
        (b"A1,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,2,400", "broken_row"),
        (b"A1,Chen Wei", "broken_row"),
    ],
)
def test_broken_row_is_rejected_with_its_line_and_reason_and_the_next_is_read(folder: Path, row: bytes, reason: str) -> None:
    export = export_of(folder, row, b"B2,Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,5")
    assert [(reject.line, reject.reason) for reject in export.rejects] == [(2, reason)]
    assert [one.id for one in export.opportunities] == ["B2"]
    assert export.read == 2


def test_repeated_id_is_rejected_but_not_when_the_first_was_rejected_itself(folder: Path) -> None:
    good = b",Chen Wei,Kiln 40,Cobalt Foods,Won,2025-02-03,2025-03-10,5"
    export = export_of(folder, b"A1" + good, b"A1" + good, b"B2,Chen Wei,Kiln 40,,Won,2025-02-03,2025-03-10,5", b"B2" + good)
    assert [(reject.line, reject.reason) for reject in export.rejects] == [(3, "duplicate_id"), (4, "missing_account")]
    assert [one.line for one in export.opportunities] == [2, 5]


def test_names_that_differ_in_spacing_or_case_are_matched_and_reported(folder: Path) -> None:
    export = export_of(folder, b"A1,chen  wei,KILN40,cobalt foods,Won,2025-02-03,2025-03-10,5")
    one = export.opportunities[0]
    assert (one.partner, one.product, one.customer.name) == ("Chen Wei", "Kiln 40", "Cobalt Foods")
    assert [(match.kind, match.written, match.taken_as, match.rows) for match in export.matches] == [
        ("partner", "chen  wei", "Chen Wei", 1),
        ("product", "KILN40", "Kiln 40", 1),
        ("account", "cobalt foods", "Cobalt Foods", 1),
    ]


def test_account_that_the_export_does_not_list_is_taken_unless_the_mapping_requires_it(folder: Path) -> None:
    row = b"A1,Chen Wei,Kiln 40,Gale Works,Engaging,2025-02-03,,"
    assert export_of(folder, row).opportunities[0].customer.country is None
    rules = load()
    assert rules.accounts is not None
    strict = rules.model_copy(update={"accounts": rules.accounts.model_copy(update={"required": True})})
    assert [reject.reason for reject in export_of(folder, row, mapping=strict).rejects] == ["unknown_account"]


def test_another_export_is_read_with_a_mapping_of_its_own(folder: Path) -> None:
    text = DEFAULT.read_text().replace("encoding: utf-8", "encoding: cp1252").replace('delimiter: ","', 'delimiter: ";"')
    text = (
        text.replace('"%Y-%m-%d"', '"%d.%m.%Y"')
        .replace('decimal_mark: "."', 'decimal_mark: ","')
        .replace('group_mark: ""', 'group_mark: "."')
    )
    text = text.replace("won: [Won]", "won: [Gewonnen]")
    for name in ("products.csv", "accounts.csv", "sales_teams.csv"):
        (folder / name).write_bytes((folder / name).read_bytes().replace(b",", b";"))
    (folder / "mapping.yaml").write_text(text)
    row = b"A1;Chen Wei;Kiln 40;Caf\xe9;GEWONNEN;03.02.2025;10.03.2025;2.400,50"
    export = export_of(folder, row, mapping=load(folder / "mapping.yaml"), header=HEADER.replace(b",", b";"))
    assert [(one.customer.name, one.amount) for one in export.opportunities] == [("Café", Money(240050, "USD"))]


def test_quoted_fields_may_span_lines_and_a_byte_order_mark_is_no_part_of_a_name(folder: Path) -> None:
    rows = (b'A1,"Chen Wei",Kiln 40,"Cobalt\nFoods",Engaging,2025-02-03,,', b"B2,Chen Wei,Kiln 40,,Engaging,2025-02-03,,")
    export = export_of(folder, *rows, header=b"\xef\xbb\xbf" + HEADER)
    assert [one.customer.name for one in export.opportunities] == ["Cobalt Foods"]
    assert [reject.line for reject in export.rejects] == [4]


def test_missing_column_or_file_is_told_in_a_sentence(folder: Path) -> None:
    with pytest.raises(ExportInvalid, match=r"sales_pipeline.csv cannot be read"):
        read_export(folder, load(), currency="USD")
    with pytest.raises(ExportInvalid, match=r"sales_pipeline.csv is not text in utf-8"):
        export_of(folder, header="opportunity_id,sales_agent\n".encode("utf-16"))
    with pytest.raises(ExportInvalid, match=r"sales_pipeline.csv has no column sales_agent"):
        export_of(folder, header=HEADER.replace(b"sales_agent", b"rep"))


@pytest.mark.parametrize("text", ["[", "source: x", "source: 5\nopportunities: {}", "encoding: nothing-like-it"])
def test_mapping_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    with pytest.raises(MappingInvalid, match=r"mapping\.yaml"):
        load(path)


def test_documented_mapping_is_the_default_one() -> None:
    assert (SAMPLE / "mapping.yaml").read_text() == DEFAULT.read_text()


def test_sample_shows_every_kind_of_reject(tmp_path: Path) -> None:
    export = read_export(SAMPLE, load(), currency="USD")
    assert export.read == len(export.opportunities) + len(export.rejects) == 54
    write(tmp_path / "rejects.csv", export.rejects)
    lines = (tmp_path / "rejects.csv").read_bytes().splitlines()
    assert lines[0] == b"line,id,reason,detail,row"
    assert [line.split(b",")[2].decode() for line in lines[1:]] == [
        "no_engage_date",
        "missing_account",
        "unknown_product",
        "broken_row",
        "broken_number",
        "wrong_encoding",
        "broken_date",
    ]
    assert b"Caf\xe9 Corner" in lines[6]
