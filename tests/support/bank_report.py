"""Status reports (pain.002) as banks write them."""

from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """What a report says of one payment."""

    payment: str
    status: str | None
    code: str | None = None
    more: str | None = None


def pain002(
    original: str,
    *lines: Line,
    message: str = "BANK-1",
    version: str = "10",
    group: str | None = None,
    info: str | None = None,
    why: Sequence[str] = (),
) -> bytes:
    """A report; `group` and `info` are the statuses of the whole, `why` its reason's code and words."""
    transactions = "".join(
        f"<TxInfAndSts><StsId>x</StsId><OrgnlInstrId>{line.payment}</OrgnlInstrId><OrgnlEndToEndId>{line.payment}</OrgnlEndToEndId>"
        f"{_status('TxSts', line.status)}{_reason(line.code, line.more)}</TxInfAndSts>"
        for line in lines
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt>
  <GrpHdr><MsgId>{message}</MsgId><CreDtTm>2026-05-05T10:00:00Z</CreDtTm><DbtrAgt><FinInstnId/></DbtrAgt></GrpHdr>
  <OrgnlGrpInfAndSts><OrgnlMsgId>{original}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
    {_status("GrpSts", group)}{_reason(*why) if group else ""}</OrgnlGrpInfAndSts>
  <OrgnlPmtInfAndSts><OrgnlPmtInfId>{original}</OrgnlPmtInfId>{_status("PmtInfSts", info)}{_reason(*why) if info else ""}{transactions}
  </OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>""".encode()


def _status(tag: str, status: str | None) -> str:
    return f"<{tag}>{status}</{tag}>" if status else ""


def _reason(code: str | None = None, more: str | None = None) -> str:
    found = f"<Rsn><Cd>{code}</Cd></Rsn>" if code else ""
    found += f"<AddtlInf>{more}</AddtlInf>" if more else ""
    return f"<StsRsnInf>{found}</StsRsnInf>" if found else ""
