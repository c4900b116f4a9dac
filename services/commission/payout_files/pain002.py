"""What a bank reports of a batch: ISO 20022 pain.002.001.10, or the .03 of older banks.

Checked by its structure as far as it is read, not by the standard's schema, which no package that is used here brings. What is not
read may be anything.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lxml import etree

from services.commission.domain.bank_reports import Report, Told
from services.commission.domain.payout_refusals import StatusReportUnreadable

NAMESPACES = tuple(f"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}" for version in ("10", "03"))
MOST_LINES = 20_000
_ROOT, _MESSAGE = "Document", "CstmrPmtStsRpt"
_MOST_TEXT = 35
_MOST_STATUS = 4
_ONCE, _MAYBE, _MANY = (1, 1), (0, 1), (0, MOST_LINES)


class _Part(NamedTuple):
    """A child that is read, and how often it may stand there (at least, at most)."""

    tag: str
    times: tuple[int, int]


# Children in the order of the standard; others may stand between them.
_SHAPES: dict[str, tuple[_Part, ...]] = {
    _ROOT: (_Part(_MESSAGE, _ONCE),),
    _MESSAGE: (_Part("GrpHdr", _ONCE), _Part("OrgnlGrpInfAndSts", _ONCE), _Part("OrgnlPmtInfAndSts", _MANY)),
    "GrpHdr": (_Part("MsgId", _ONCE), _Part("CreDtTm", _ONCE)),
    "OrgnlGrpInfAndSts": (
        _Part("OrgnlMsgId", _ONCE),
        _Part("OrgnlMsgNmId", _ONCE),
        _Part("GrpSts", _MAYBE),
        _Part("StsRsnInf", _MANY),
    ),
    "OrgnlPmtInfAndSts": (
        _Part("OrgnlPmtInfId", _ONCE),
        _Part("PmtInfSts", _MAYBE),
        _Part("StsRsnInf", _MANY),
        _Part("TxInfAndSts", _MANY),
    ),
    "TxInfAndSts": (_Part("OrgnlEndToEndId", _ONCE), _Part("TxSts", _MAYBE), _Part("StsRsnInf", _MANY)),
    "StsRsnInf": (_Part("Rsn", _MAYBE), _Part("AddtlInf", _MANY)),
}
_TEXTS = {"MsgId": _MOST_TEXT, "OrgnlMsgId": _MOST_TEXT, "OrgnlPmtInfId": _MOST_TEXT, "OrgnlEndToEndId": _MOST_TEXT}
_TEXTS |= {"GrpSts": _MOST_STATUS, "PmtInfSts": _MOST_STATUS, "TxSts": _MOST_STATUS}


def read(content: bytes) -> Report:
    """The report. What it says of the whole counts where it names no payment. Raises StatusReportUnreadable."""
    message = _message(content)
    group, infos = _child(message, "OrgnlGrpInfAndSts"), _children(message, "OrgnlPmtInfAndSts")
    of_group = _told(group, "GrpSts", Told("", ""))
    lines = [line for info in infos for line in _lines(info, _told(info, "PmtInfSts", of_group))]
    whole = _told(infos[0], "PmtInfSts", of_group) if len(infos) == 1 else of_group
    return Report(
        message_id=_text(_child(message, "GrpHdr"), "MsgId"),
        original_id=_text(group, "OrgnlMsgId"),
        lines=tuple(lines),
        whole=whole if whole.status and not lines else None,
    )


def _message(content: bytes) -> etree._Element:
    # Nothing is loaded or expanded on behalf of a file that comes from outside.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise StatusReportUnreadable(why=f"it is no XML ({error})") from error
    name = etree.QName(root)
    if name.localname != _ROOT or name.namespace not in NAMESPACES:
        raise StatusReportUnreadable(why="it is no pain.002.001.10 or pain.002.001.03")
    _check(root)
    return _child(root, _MESSAGE)


def _check(element: etree._Element) -> None:
    """Every part that is read stands as often and in the order that the standard says. Raises StatusReportUnreadable."""
    shape = _SHAPES[_name(element)]
    order = [part.tag for part in shape]
    tags = [_name(child) for child in element.iterchildren(etree.Element) if _name(child) in order]
    if tags != sorted(tags, key=order.index):
        raise StatusReportUnreadable(why=f"the parts of {_name(element)} stand in another order than the standard's")
    for tag, (least, most) in shape:
        if not least <= tags.count(tag) <= most:
            raise StatusReportUnreadable(why=f"{tag} stands {tags.count(tag)} times in {_name(element)}")
    for child in element.iterchildren(etree.Element):
        if _name(child) in _SHAPES and _name(child) in order:
            _check(child)
        elif _name(child) in order and (longest := _TEXTS.get(_name(child))):
            _short(child, longest)


def _short(element: etree._Element, longest: int) -> None:
    if not 1 <= len((element.text or "").strip()) <= longest:
        raise StatusReportUnreadable(why=f"{_name(element)} has none or more than {longest} characters")


def _lines(info: etree._Element, above: Told) -> Iterator[Told]:
    for line in _children(info, "TxInfAndSts"):
        yield _told(line, "TxSts", above)._replace(payment=_text(line, "OrgnlEndToEndId"))


def _told(element: etree._Element, tag: str, above: Told) -> Told:
    """Status and reason as they stand here, else those of the level above."""
    status = _text(element, tag)
    if not status:
        return above
    return Told("", status, next((reason for each in _children(element, "StsRsnInf") if (reason := _reason(each))), None))


def _reason(info: etree._Element) -> str | None:
    """`AC04: the account was closed`."""
    reasons = _children(info, "Rsn")
    code = (_text(reasons[0], "Cd") or _text(reasons[0], "Prtry")) if reasons else ""
    more = " ".join(text for each in _children(info, "AddtlInf") if (text := (each.text or "").strip()))
    return ": ".join(part for part in (code, more) if part) or None


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _children(element: etree._Element, tag: str) -> Sequence[etree._Element]:
    return [child for child in element.iterchildren(etree.Element) if _name(child) == tag]


def _child(element: etree._Element, tag: str) -> etree._Element:
    return _children(element, tag)[0]


def _text(element: etree._Element, tag: str) -> str:
    found = _children(element, tag)
    return (found[0].text or "").strip() if found else ""
