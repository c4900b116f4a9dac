"""A statement on paper: pages made from the document alone, the same bytes for the same document."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from services.commission.statement_document import canonical
from services.commission.statement_paper import FAINT, INK, NEGATIVE, Cell, Paper
from services.commission.statement_pdf_disputes import contested, disputes
from services.commission.statement_words import BUCKETS, KINDS, MOST, WIDTHS, amount, day, label, moment, money, rest

Json = dict[str, Any]

_SUMMARY = (58.0, 30.0, 30.0, 30.0, 30.0)


def render(document: Json) -> bytes:
    """The PDF, with the document itself attached. Only its words are laid out: nothing is figured here."""
    issued_at = datetime.fromisoformat(document["issued_at"])
    paper = Paper(f"Statement {document['number']}", foot=f"Partner {document['partner']['id']}", made_at=issued_at)
    _head(paper, document)
    for summary in document["summary"]:
        _summary(paper, summary)
    entries = [(line, entry) for line in document["lines"] for entry in line["entries"]]
    zone = ZoneInfo(document["period"]["timezone"])
    _entries(paper, "Entries of this period", [each for each in entries if not each[0]["late"]], zone)
    _entries(paper, "Adjustments to earlier periods", [each for each in entries if each[0]["late"]], zone)
    _movements(paper, document, zone)
    disputes(paper, document, zone)
    contested(paper, document)
    _rules(paper, document)
    _seal(paper, document)
    paper.attach(f"statement-{document['number']:04d}.json", canonical(document))
    return paper.finish()


def _head(paper: Paper, document: Json) -> None:
    period = document["period"]
    last = date.fromisoformat(period["until"]) - timedelta(days=1)
    paper.masthead("Commission statement", f"{day(period['from'])} – {day(last.isoformat())}")
    name = document["partner"]["name"] or "Partner"
    paper.title(name, f"Partner {document['partner']['id']}")
    issued = datetime.fromisoformat(document["issued_at"]).astimezone(ZoneInfo(period["timezone"]))
    paper.facts(
        [
            ("Statement", f"No. {document['number']}"),
            ("Issued", f"{issued:%d %b %Y, %H:%M}".lstrip("0")),
            ("Days begin at midnight in", period["timezone"]),
            ("Recorded facts", f"{document['facts']['first']:,} to {document['facts']['last']:,}"),
        ]
    )


def _summary(paper: Paper, summary: Json) -> None:
    currency = summary["currency"]
    paper.heading(f"Account in {currency}")
    paper.header([Cell(""), *(Cell(name, right=True) for name in BUCKETS.values())], _SUMMARY)
    paper.row(_amounts("Opening balance", summary["opening"], currency, bold=True), _SUMMARY)
    for change in summary["changes"]:
        paper.row(_amounts(label(change["cause"]), change, currency, signed=True), _SUMMARY)
    paper.row(_amounts("Closing balance", summary["closing"], currency, bold=True), _SUMMARY, tinted=True)
    if any(summary["closing"][bucket] < 0 for bucket in BUCKETS):
        paper.note("A negative balance is carried: it is earned back before anything is paid.")


def _amounts(what: str, row: Json, currency: str, *, bold: bool = False, signed: bool = False) -> list[Cell]:
    cells = [Cell(what, bold=bold)]
    for bucket in BUCKETS:
        minor = row[bucket]
        text = "–" if signed and not minor else ("+" if signed and minor > 0 else "") + amount(minor, currency)
        cells.append(Cell(text, right=True, bold=bold, color=NEGATIVE if minor < 0 else FAINT if text == "–" else INK))
    return cells


def _entries(paper: Paper, title: str, entries: list[tuple[Json, Json]], zone: ZoneInfo) -> None:
    if not entries:
        return
    paper.heading(title)
    head = [Cell("Date"), Cell("Recorded"), Cell("What, and how it comes about"), Cell("Amount", right=True)]
    with paper.table(head, WIDTHS):
        for line, entry in entries[:MOST]:
            paper.row(_entry(line, entry, zone), WIDTHS)
        for currency in dict.fromkeys(entry["currency"] for _, entry in entries):
            total = sum(entry["amount"] for _, entry in entries if entry["currency"] == currency)
            paper.row([Cell(""), Cell(""), Cell("Sum", bold=True), money(total, currency, bold=True)], WIDTHS, tinted=True)
    rest(paper, entries)


def _entry(line: Json, entry: Json, zone: ZoneInfo) -> list[Cell]:
    told = entry["told"]
    reason = next(iter(told["sentences"]), "")
    what = f"{KINDS.get(entry['kind'], label(entry['kind']))}. {reason if ' ' in reason else label(reason)}"
    version = f", version {entry['plan_version']} of the plan" if entry["plan_version"] else ""
    about = (f"Deal {entry['deal_id']}" if entry["deal_id"] else "No deal") + version
    steps = [f"{step['what']}: {_exact(step['amount'])}" for step in told["steps"]]
    steps += ["In dispute at the end of the period"] if entry["disputed"] else []
    steps += ["Held while a conflict is open"] if entry.get("contested") else []
    return [
        Cell(moment(line["occurred_at"], zone)),
        Cell(moment(line["recorded_at"], zone), color=FAINT),
        Cell(what, under="\n".join((*steps, about)).replace(" %", "\N{NO-BREAK SPACE}%")),
        money(entry["amount"], entry["currency"]),
    ]


def _exact(text: str) -> str:
    """An exact figure of a step for people: -1294.646 as −1,294.646."""
    return f"{Decimal(text):,}".replace("-", "−")


def _movements(paper: Paper, document: Json, zone: ZoneInfo) -> None:
    """Money that went from one account to another without an entry: holds that ended, payouts."""
    rows = list(_moved(document, zone))
    if not rows:
        return
    paper.heading("Movements between accounts")
    with paper.table([Cell("Date"), Cell("Recorded"), Cell("What"), Cell("Amount", right=True)], WIDTHS):
        for row in rows[:MOST]:
            paper.row(row, WIDTHS)
    rest(paper, rows)


def _moved(document: Json, zone: ZoneInfo) -> Iterator[list[Cell]]:
    names = {f"partner:{bucket}": name.lower() for bucket, name in BUCKETS.items()}
    for line in document["lines"]:
        booked = {entry["id"] for entry in line["entries"]}
        for moved in line["transfers"]:
            if moved["id"] in booked:
                continue
            way = f"From {names.get(moved['source'], 'the programme')} to {names.get(moved['target'], 'the programme')}"
            entry = f" · entry {moved['entry_id']}" if moved["entry_id"] else ""
            yield [
                Cell(moment(line["occurred_at"], zone)),
                Cell(moment(line["recorded_at"], zone), color=FAINT),
                Cell(label(line["fact"].get("what", line["kind"])), under=way + entry),
                money(moved["amount"], moved["currency"]),
            ]


def _rules(paper: Paper, document: Json) -> None:
    used = {entry["plan_version"] for line in document["lines"] for entry in line["entries"]}
    versions = [each for each in document["plan"] if each["number"] in used]
    if versions:
        paper.heading("The plan behind these figures")
    for version in versions:
        plan = version["document"]
        for rules in plan["versions"]:
            base = f"cumulative revenue of the {rules['period']}" if rules["base"] == "cumulative" else "each deal alone"
            since = f"Version {version['number']}, for deals closed from {day(rules['effective_from'])}"
            paper.note(f"{since}: {rules['mode']}, on {base}. {_brackets(rules, plan)}.")
    for sentence in dict.fromkeys(_beyond_brackets(document)):
        paper.note(sentence)
    for rate in document["rates"]:
        paper.note(_rate(rate))


def _rate(rate: Json) -> str:
    worth = Fraction(rate["rate"])
    counts = f"{Decimal(worth.numerator) / worth.denominator:f} {rate['to_currency']}"
    return f"One {rate['from_currency']} counts as {counts} for deals closed on {day(rate['day'])} ({rate['source']})."


def _beyond_brackets(document: Json) -> Iterator[str]:
    """What rules, limits and extras say that made entries."""
    for line in document["lines"]:
        for entry in line["entries"]:
            if entry["rule"] not in {"brackets", "original", "rerate", "lines"}:
                yield from entry["told"]["rules"][1:]


def _brackets(rules: Json, plan: Json) -> str:
    parts = []
    for bracket in rules["brackets"]:
        start, end = (None if bracket[side] is None else f"{Decimal(bracket[side]):,}" for side in ("from", "to"))
        parts.append(f"{_percent(bracket['rate'])} from {start} {f'to {end}' if end else 'up'}")
    return f"{'; '.join(parts)} ({plan['currency']})"


def _percent(rate: str) -> str:
    percent = f"{Decimal(rate) * 100:f}"
    return (percent.rstrip("0").rstrip(".") if "." in percent else percent) + "\N{NO-BREAK SPACE}%"


def _seal(paper: Paper, document: Json) -> None:
    paper.heading("Seal")
    paper.note("This statement never changes. Anybody can compute it again: hansa statement verify statement.json")
    for name, digest in (("SHA-256", document["hash"]), ("Statement before", document["former"] or "none: this is the first")):
        paper.pair(name, digest)
