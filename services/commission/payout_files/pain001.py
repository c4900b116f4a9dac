"""A batch as an ISO 20022 customer credit transfer initiation (pain.001.001.09), checked against the standard's own schema."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import as_file, files

from lxml import etree
from text_unidecode import unidecode

from services.commission.domain.payout_refusals import FileInvalid
from services.commission.payout_files.payment import BankAccount, Order, Payment
from services.commission.payout_rules import Debtor

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_SCHEMA = "schemas/pain.001.001.09.xsd"
_UNKNOWN_BANK = "NOTPROVIDED"  # what banks expect where an IBAN says it all


def render(order: Order, debtor: Debtor) -> bytes:
    """The file for the bank. Raises FileInvalid rather than hand out what a bank would send back."""
    root = etree.Element(_tag("Document"), nsmap={None: NAMESPACE})
    message = _add(root, "CstmrCdtTrfInitn")
    _header(message, order, debtor)
    _instruction(message, order, debtor)
    check(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def check(document: etree._Element) -> None:
    """Raises FileInvalid with the first fault."""
    schema = _schema()
    if not schema.validate(document):
        raise FileInvalid(why=str(schema.error_log.last_error.message))


@cache
def _schema() -> etree.XMLSchema:
    with as_file(files("sepaxml") / _SCHEMA) as path:
        return etree.XMLSchema(etree.parse(path))


def _header(message: etree._Element, order: Order, debtor: Debtor) -> None:
    header = _add(message, "GrpHdr")
    _add(header, "MsgId", order.batch_id.hex)  # a bank refuses a second file of the same name, so a batch is not paid twice
    _add(header, "CreDtTm", f"{order.made_at:%Y-%m-%dT%H:%M:%SZ}")
    _sums(header, order)
    _add(_add(header, "InitgPty"), "Nm", _plain(debtor.name))


def _sums(parent: etree._Element, order: Order) -> None:
    _add(parent, "NbOfTxs", str(len(order.payments)))
    _add(parent, "CtrlSum", str(order.total))


def _instruction(message: etree._Element, order: Order, debtor: Debtor) -> None:
    sepa = is_sepa(order.currency, (payment.account for payment in order.payments))
    info = _add(message, "PmtInf")
    _add(info, "PmtInfId", order.batch_id.hex)
    _add(info, "PmtMtd", "TRF")
    _sums(info, order)
    if sepa:
        _add(_add(_add(info, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _add(_add(info, "ReqdExctnDt"), "Dt", order.execute_on.isoformat())
    _add(_add(info, "Dbtr"), "Nm", _plain(debtor.name))
    _account(info, "DbtrAcct", BankAccount(iban=debtor.iban))
    _bank(info, "DbtrAgt", debtor.bic or _UNKNOWN_BANK)
    _add(info, "ChrgBr", "SLEV" if sepa else "SHAR")
    for payment in order.payments:
        _payment(info, order, payment)


def is_sepa(currency: str, accounts: Iterable[BankAccount]) -> bool:
    """Whether all may go as SEPA credit transfers: euros, to IBANs."""
    return currency == "EUR" and all(account.iban for account in accounts)


def _payment(info: etree._Element, order: Order, payment: Payment) -> None:
    transfer = _add(info, "CdtTrfTxInf")
    names = _add(transfer, "PmtId")
    _add(names, "InstrId", payment.id.hex)
    _add(names, "EndToEndId", payment.id.hex)
    amount = _add(_add(transfer, "Amt"), "InstdAmt", str(payment.money))
    amount.set("Ccy", payment.money.currency)
    if payment.account.bic:
        _bank(transfer, "CdtrAgt", payment.account.bic)
    creditor = _add(transfer, "Cdtr")
    _add(creditor, "Nm", _plain(payment.name))
    if payment.account.town and payment.account.country:
        address = _add(creditor, "PstlAdr")
        _add(address, "TwnNm", _plain(payment.account.town, most=35))
        _add(address, "Ctry", payment.account.country)
    _account(transfer, "CdtrAcct", payment.account)
    _add(_add(transfer, "RmtInf"), "Ustrd", order.remittance(payment))


def _account(parent: etree._Element, tag: str, account: BankAccount) -> None:
    identified = _add(_add(parent, tag), "Id")
    if account.iban:
        _add(identified, "IBAN", account.iban)
    else:
        _add(_add(identified, "Othr"), "Id", account.number)


def _bank(parent: etree._Element, tag: str, bic: str) -> None:
    bank = _add(_add(parent, tag), "FinInstnId")
    if bic == _UNKNOWN_BANK:
        _add(_add(bank, "Othr"), "Id", bic)
    else:
        _add(bank, "BICFI", bic)


def _add(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, _tag(tag))
    child.text = text
    return child


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _plain(text: str, *, most: int = 70) -> str:
    """In the letters that every bank takes: Müller → Muller. At most 70 of them in a name."""
    return (unidecode(text).strip() or "-")[:most]
