"""A statement on paper: pages made from the document alone, the same bytes for the same document."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from services.commission.statement_document import canonical
from services.commission.statement_paper import FAINT, INK, NEGATIVE, Cell, Paper
from shared.chassis.money import Money

Json = dict[str, Any]

BUCKETS = {"held": "Held", "payable": "Payable", "in_payout": "In payout", "paid": "Paid out"}
CAUSES = {
    "accrual": "Commission accrued",
    "reversal": "Commission taken back",
    "spiff": "SPIFFs",
    "bonus": "Bonuses",
    "reward": "Rewards",
    "adjustment": "Adjustments",
    "released": "Holds ended",
    "frozen": "Held for a dispute",
    "thawed": "Free again after a dispute",
    "payout_started": "Payouts started",
    "payout_paid": "Paid out",
    "payout_failed": "Payouts that failed, payable again",
}
KINDS = {
    "accrual": "Commission",
    "reversal": "Taken back",
    "spiff": "SPIFF",
    "bonus": "Bonus",
    "reward": "Reward",
    "adjustment": "Adjustment",
}
_ENTRIES = (21.0, 21.0, 104.0, 32.0)
_MOST = 2_000  # rows of one table; a paper of a thousand pages helps nobody
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
    _disputed(paper, document["closing"]["disputed"])
    _rules(paper, document)
    _seal(paper, document)
    paper.attach(f"statement-{document['number']:04d}.json", canonical(document))
    return paper.finish()


def amount(minor: int, currency: str) -> str:
    """For people: 1,234.50, with a true minus sign."""
    whole, _, rest = str(Money(abs(minor), currency)).partition(".")
    return f"{'−' if minor < 0 else ''}{int(whole):,}{'.' + rest if rest else ''}"


def label(cause: str) -> str:
    """A cause in words; one that a later release knows is shown by its name."""
    return CAUSES.get(cause, cause.replace("_", " ").capitalize())


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d %b %Y}".lstrip("0")


def _moment(text: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%d %b %Y}".lstrip("0")


def _head(paper: Paper, document: Json) -> None:
    period = document["period"]
    last = date.fromisoformat(period["until"]) - timedelta(days=1)
    paper.masthead("Commission statement", f"{_day(period['from'])} – {_day(last.isoformat())}")
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
    with paper.table(head, _ENTRIES):
        for line, entry in entries[:_MOST]:
            paper.row(_entry(line, entry, zone), _ENTRIES)
        for currency in dict.fromkeys(entry["currency"] for _, entry in entries):
            total = sum(entry["amount"] for _, entry in entries if entry["currency"] == currency)
            paper.row([Cell(""), Cell(""), Cell("Sum", bold=True), _total(total, currency, bold=True)], _ENTRIES, tinted=True)
    _rest(paper, entries)


def _rest(paper: Paper, rows: Sequence[object]) -> None:
    if len(rows) > _MOST:
        paper.note(f"{len(rows) - _MOST:,} more stand in the statement that is attached to this file.")


def _entry(line: Json, entry: Json, zone: ZoneInfo) -> list[Cell]:
    told = entry["told"]
    reason = next(iter(told["sentences"]), "")
    what = f"{KINDS.get(entry['kind'], label(entry['kind']))}. {reason if ' ' in reason else label(reason)}"
    version = f", version {entry['plan_version']} of the plan" if entry["plan_version"] else ""
    about = (f"Deal {entry['deal_id']}" if entry["deal_id"] else "No deal") + version
    steps = [f"{step['what']}: {_exact(step['amount'])}" for step in told["steps"]]
    steps += ["In dispute at the end of the period"] if entry["disputed"] else []
    return [
        Cell(_moment(line["occurred_at"], zone)),
        Cell(_moment(line["recorded_at"], zone), color=FAINT),
        Cell(what, under="\n".join((*steps, about)).replace(" %", "\N{NO-BREAK SPACE}%")),
        _total(entry["amount"], entry["currency"]),
    ]


def _exact(text: str) -> str:
    """An exact figure of a step for people: -1294.646 as −1,294.646."""
    return f"{Decimal(text):,}".replace("-", "−")


def _total(minor: int, currency: str, *, bold: bool = False) -> Cell:
    return Cell(f"{amount(minor, currency)} {currency}", right=True, bold=bold, color=NEGATIVE if minor < 0 else INK)


def _movements(paper: Paper, document: Json, zone: ZoneInfo) -> None:
    """Money that went from one account to another without an entry: holds that ended, payouts."""
    rows = list(_moved(document, zone))
    if not rows:
        return
    paper.heading("Movements between accounts")
    with paper.table([Cell("Date"), Cell("Recorded"), Cell("What"), Cell("Amount", right=True)], _ENTRIES):
        for row in rows[:_MOST]:
            paper.row(row, _ENTRIES)
    _rest(paper, rows)


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
                Cell(_moment(line["occurred_at"], zone)),
                Cell(_moment(line["recorded_at"], zone), color=FAINT),
                Cell(label(line["fact"].get("what", line["kind"])), under=way + entry),
                _total(moved["amount"], moved["currency"]),
            ]


def _disputed(paper: Paper, disputed: list[str]) -> None:
    if disputed:
        paper.heading("In dispute at the end of the period")
        paper.note("These entries are held until they are decided: " + ", ".join(disputed) + ".")


def _rules(paper: Paper, document: Json) -> None:
    used = {entry["plan_version"] for line in document["lines"] for entry in line["entries"]}
    versions = [each for each in document["plan"] if each["number"] in used]
    if versions:
        paper.heading("The plan behind these figures")
    for version in versions:
        plan = version["document"]
        for rules in plan["versions"]:
            base = f"cumulative revenue of the {rules['period']}" if rules["base"] == "cumulative" else "each deal alone"
            since = f"Version {version['number']}, for deals closed from {_day(rules['effective_from'])}"
            paper.note(f"{since}: {rules['mode']}, on {base}. {_brackets(rules, plan)}.")
    for sentence in dict.fromkeys(_beyond_brackets(document)):
        paper.note(sentence)
    for rate in document["rates"]:
        paper.note(_rate(rate))


def _rate(rate: Json) -> str:
    worth = Fraction(rate["rate"])
    counts = f"{Decimal(worth.numerator) / worth.denominator:f} {rate['to_currency']}"
    return f"One {rate['from_currency']} counts as {counts} for deals closed on {_day(rate['day'])} ({rate['source']})."


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
