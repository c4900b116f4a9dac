"""What is held at the end of a statement's period on paper: its disputes, and what conflicts hold."""

from typing import Any
from zoneinfo import ZoneInfo

from services.commission.statement_paper import FAINT, Cell, Paper
from services.commission.statement_words import MOST, WIDTHS, label, moment, money, rest

Json = dict[str, Any]
_CONTESTED, _CONTESTED_WIDTHS = [Cell("Entry"), Cell("Held", right=True)], (146.0, 32.0)
_HEAD = [Cell("Opened"), Cell("Settled"), Cell("Dispute"), Cell("Held", right=True)]


def contested(paper: Paper, document: Json) -> None:
    """What is held at the end of the period since a conflict over its deal is open."""
    rows = document["closing"].get("contested", [])
    if not rows:
        return
    currency = document["plan"][0]["document"]["currency"]  # that of all that deals earn
    paper.heading("Held while a conflict is open")
    paper.note("It goes on by itself once the conflict is decided.")
    with paper.table(_CONTESTED, _CONTESTED_WIDTHS):
        for row in rows[:MOST]:
            paper.row([Cell(row["entry_id"]), money(row["held"], currency)], _CONTESTED_WIDTHS)
    rest(paper, rows)


def disputes(paper: Paper, document: Json, zone: ZoneInfo) -> None:
    """Each with what it holds at the end of the period; the former format knows no more than the entries that are held."""
    if "disputes" not in document:
        _held(paper, document["closing"]["disputed"])
        return
    rows = document["disputes"]
    if not rows:
        return
    paper.heading("Disputes")
    with paper.table(_HEAD, WIDTHS):
        for dispute in rows[:MOST]:
            paper.row(_row(dispute, zone), WIDTHS)
    rest(paper, rows)
    paper.note("As of the end of the period. What both sides wrote is kept with the dispute.")


def _row(dispute: Json, zone: ZoneInfo) -> list[Cell]:
    settled = moment(dispute["settled_at"], zone) if dispute["settled_at"] else "–"
    held = money(dispute["held"], dispute["currency"]) if dispute["held"] else Cell("nothing", right=True, color=FAINT)
    return [Cell(moment(dispute["opened_at"], zone)), Cell(settled, color=FAINT), Cell(_state(dispute, zone), under=_about(dispute)), held]


def _state(dispute: Json, zone: ZoneInfo) -> str:
    if dispute["state"] == "answered":
        return f"Answered on {moment(dispute['answered_at'], zone)}, to be decided"
    return "Open, to be answered" if dispute["state"] == "open" else label(dispute["state"])


def _about(dispute: Json) -> str:
    lines = [f"Entry {dispute['entry_id']}", f"Deal {dispute['deal_id']}" if dispute["deal_id"] else "No deal"]
    lines += [f"Adjusted by entry {dispute['adjustment_id']}"] if dispute["adjustment_id"] else []
    return "\n".join((*lines, f"Dispute {dispute['id']}"))


def _held(paper: Paper, disputed: list[str]) -> None:
    if disputed:
        paper.heading("In dispute at the end of the period")
        paper.note("These entries are held until they are decided: " + ", ".join(disputed) + ".")
