"""Files for the bank, checked against the schema that ISO publishes."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from lxml import etree
from pydantic import ValidationError

from services.commission.domain.payout_refusals import FileInvalid
from services.commission.payout_files import pain001, table
from services.commission.payout_files.payment import BankAccount, Order, Payment
from services.commission.payout_rules import Debtor, PayoutRules
from shared.chassis.ids import derived_id
from shared.chassis.money import Money

NS = {"p": pain001.NAMESPACE}
DEBTOR = Debtor(name="Vendor Żółć GmbH", iban="DE02 1203 0000 0000 2020 51", bic="BYLADEM1001")
GERMAN = BankAccount(iban="DE89370400440532013000", bic="COBADEFFXXX")
AMERICAN = BankAccount(number="0012345678", bic="CHASUS33", town="New York", country="US")


def order(*accounts: BankAccount, currency: str = "EUR", name: str = "Acme GmbH", minor: int = 1234_56) -> Order:
    payments = tuple(
        Payment(derived_id("payout", n), derived_id("partner", n), name, account, Money(minor, currency), Money(minor, currency), None)
        for n, account in enumerate(accounts)
    )
    return Order(derived_id("batch"), 7, currency, datetime(2026, 5, 4, 9, 30, tzinfo=UTC), date(2026, 5, 5), payments)


def rendered(given: Order, debtor: Debtor = DEBTOR) -> etree._Element:
    return etree.fromstring(pain001.render(given, debtor))


def texts(document: etree._Element, path: str) -> list[str]:
    return [each.text for each in document.iterfind(path, NS)]


@pytest.mark.parametrize(
    ("accounts", "currency", "service", "charges"),
    [([GERMAN, GERMAN], "EUR", ["SEPA"], "SLEV"), ([GERMAN, AMERICAN], "EUR", [], "SHAR"), ([AMERICAN], "USD", [], "SHAR")],
)
def test_file_when_rendered_then_the_schema_takes_it_and_it_names_its_service(
    accounts: Sequence[BankAccount], currency: str, service: list[str], charges: str
) -> None:
    document = rendered(order(*accounts, currency=currency))
    pain001.check(document)
    assert texts(document, ".//p:SvcLvl/p:Cd") == service
    assert texts(document, ".//p:ChrgBr") == [charges]


def test_file_when_read_then_its_sums_are_those_of_its_payments() -> None:
    document = rendered(order(GERMAN, GERMAN, AMERICAN))
    assert texts(document, ".//p:NbOfTxs") == ["3", "3"]
    assert texts(document, ".//p:CtrlSum") == ["3703.68", "3703.68"]
    assert [(each.text, each.get("Ccy")) for each in document.iterfind(".//p:InstdAmt", NS)] == [("1234.56", "EUR")] * 3
    assert len(set(texts(document, ".//p:EndToEndId"))) == 3


def test_file_when_the_currency_has_no_decimals_then_amounts_have_none() -> None:
    assert texts(rendered(order(AMERICAN, currency="JPY", minor=150)), ".//p:InstdAmt") == ["150"]


def test_file_when_names_are_not_latin_then_in_letters_that_every_bank_takes() -> None:
    document = rendered(order(GERMAN, name="Müller & Søn Ελλάς 株式会社 " + "x" * 60))
    (creditor,) = texts(document, ".//p:Cdtr/p:Nm")
    assert creditor.isascii()
    assert creditor.startswith("Muller & Son Ellas")
    assert len(creditor) <= 70
    assert texts(document, ".//p:Dbtr/p:Nm") == ["Vendor Zolc GmbH"]


def test_file_when_the_debtors_bank_is_not_named_then_said_so_as_banks_expect() -> None:
    document = rendered(order(GERMAN), Debtor(name="Vendor", iban="DE02120300000000202051"))
    assert texts(document, ".//p:DbtrAgt//p:Othr/p:Id") == ["NOTPROVIDED"]


def test_file_when_the_same_batch_then_the_same_bytes_and_name() -> None:
    first, second = pain001.render(order(GERMAN), DEBTOR), pain001.render(order(GERMAN), DEBTOR)
    assert first == second
    assert derived_id("batch").hex.encode() in first


def test_file_when_the_schema_does_not_take_it_then_refused_with_the_fault() -> None:
    with pytest.raises(FileInvalid, match="IBAN"):
        pain001.render(order(BankAccount(iban="no iban")), DEBTOR)
    with pytest.raises(FileInvalid, match="CdtTrfTxInf"):
        pain001.render(order(), DEBTOR)


def test_table_when_read_back_then_each_payment_is_a_line() -> None:
    lines = list(csv.DictReader(io.StringIO(table.render(order(GERMAN, AMERICAN, name='O"Neill, Sons')).decode())))
    assert [(line["name"], line["iban"], line["account_number"], line["amount"], line["execute_on"]) for line in lines] == [
        ('O"Neill, Sons', GERMAN.iban, "", "1234.56", "2026-05-05"),
        ('O"Neill, Sons', "", "0012345678", "1234.56", "2026-05-05"),
    ]
    assert all(len(line["remittance"]) <= 140 for line in lines)


def test_account_when_shown_then_by_its_end_alone() -> None:
    assert (GERMAN.hint, AMERICAN.hint) == ("DE…3000", "…5678")
    assert "370400440532" not in repr(GERMAN)
    assert BankAccount.read(AMERICAN.text()) == AMERICAN


@pytest.mark.parametrize(
    "changed",
    [
        {"minimum": "-1"},
        {"minimum": "a few"},
        {"max_payouts": 0},
        {"minimun": "1"},
        {"debtors": {"EUR": {"name": "V", "iban": "DE02120300000000202052"}}},
        {"debtors": {"QQQ": {"name": "V", "iban": "DE02120300000000202051"}}},
    ],
)
def test_rules_when_faulty_then_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PayoutRules.model_validate(changed)
