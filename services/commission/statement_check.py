"""A statement computed again from the inputs that it carries, and compared with what it says."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import MsgspecError

from services.commission.domain.calendar import PeriodKind
from services.commission.domain.entries import Account
from services.commission.domain.plan import Plan
from services.commission.domain.statement import Posted, Span, Standing, StatementDiverged, midnight, settle
from services.commission.domain.statement_given import Given
from services.commission.domain.statement_names import Names
from services.commission.statement_disputes import FORMAT, FORMATS, disputes_in, held_in
from services.commission.statement_disputes_check import dispute_faults, dispute_gaps
from services.commission.statement_document import BUCKETS, Heading, Json, compose, digest
from services.commission.statement_finding import Finding
from services.commission.statement_plan import Version, plan_of
from services.commission.store.encoding import decoded_fact, decoded_rate, decoded_side
from shared.chassis.errors import Refused
from shared.chassis.money import Money

# Wording may improve from release to release; it is held by the hash, its figures by the entries beside it.
_NOT_COMPUTED = {"told", "hash"}
_MOST = 50


class Unreadable(ValueError):
    """The file is no statement; the text says why."""


def read(text: bytes) -> Json:
    """The document in a file. Raises Unreadable: no JSON, a key twice (which reader would win?), a number with a fraction."""
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_float=_no_fraction, parse_constant=_no_fraction)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The file cannot be read as JSON: {error}.") from error
    if not isinstance(document, dict) or document.get("format") not in FORMATS:
        raise Unreadable(f"The file is no statement: it says none of {', '.join(FORMATS)}.")
    return document


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a key stands twice")
    return found


def _no_fraction(text: str) -> object:
    raise Unreadable(f"{text} is no whole number of minor units")


def check(document: Json, *, former: Json | None = None) -> list[Finding]:
    """Everything that is wrong: seals, figures computed again, the chain to the former statement if that is given."""
    try:
        found = [*_seals(document), *_again(document), *(_chain(document, former) if former is not None else ())]
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        ArithmeticError,
        RuntimeError,
        Refused,
        MsgspecError,
        StatementDiverged,
    ) as error:
        # Only a document that was changed by hand fails to compute: say where the calculator stopped.
        found = [*_seals_if_any(document), Finding("not_computable", "lines", f"It cannot be computed again: {_told(error)}.")]
    return found[:_MOST]


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".")


def _seals_if_any(document: Json) -> list[Finding]:
    try:
        return list(_seals(document))
    except (KeyError, TypeError, AttributeError, RuntimeError):
        return []


def _seals(document: Json) -> Iterator[Finding]:
    for index, line in enumerate(document["lines"]):
        if line.get("hash") != digest(line):
            yield Finding("hash_differs", f"lines[{index}]", "The line is not as it was issued.")
    if document.get("hash") != digest(document):
        yield Finding("hash_differs", "hash", "The statement is not as it was issued.")


def _again(document: Json) -> Iterator[Finding]:
    """Settle the facts with the calculator from the opening, and compare every figure."""
    heading = _heading(document)
    plan, opening = plan_of(heading.versions), _standing(document["opening"])
    facts = [_posted(line) for line in document["lines"]]
    sheet = settle(Names(heading.partner_id), plan, opening, facts, rates=heading.rates)
    computed = compose(heading, plan.calendar, opening, sheet)
    for name in ("statement_id", "period", "facts", "rates", "opening", "lines", "summary", "closing"):
        yield from _differences(document[name], computed[name], name)
    yield from _differences(document.get("disputes", []), computed.get("disputes", []), "disputes")
    if heading.form == FORMAT:
        yield from dispute_faults(heading.disputes, heading.span, sheet)
    yield from _bounds(heading.span, facts, plan)
    yield from _steps(document)


def _bounds(span: Span, facts: list[Posted], plan: Plan) -> Iterator[Finding]:
    zone = plan.calendar.timezone
    if (span.starts, span.ends) != (midnight(span.first, zone), midnight(span.until, zone)):
        yield Finding("period_differs", "period", f"The period does not begin and end at midnight in {zone}.")
    for index, posted in enumerate(facts):
        if posted.recorded_at >= span.ends:
            yield Finding("not_of_this_period", f"lines[{index}]", "It was recorded after the period.")
        if posted.number != facts[0].number + index:
            yield Finding("fact_missing", f"lines[{index}]", "A fact is missing before it, or stands twice.")


def _differences(claimed: object, computed: object, place: str) -> Iterator[Finding]:
    """Where the statement says something else than the calculator."""
    if isinstance(claimed, dict) and isinstance(computed, dict):
        yield from _fields(claimed, computed, place)
    elif isinstance(claimed, list) and isinstance(computed, list):
        if len(claimed) != len(computed):
            yield Finding("figure_differs", place, f"It has {len(claimed)} items; computed again there are {len(computed)}.")
        for index, (one, two) in enumerate(zip(claimed, computed, strict=False)):
            yield from _differences(one, two, f"{place}[{index}]")
    elif claimed != computed or isinstance(claimed, bool) != isinstance(computed, bool):
        yield Finding("figure_differs", place, f"It says {claimed}; computed again it is {computed}.")


def _fields(claimed: Json, computed: Json, place: str) -> Iterator[Finding]:
    for name in sorted((claimed.keys() | computed.keys()) - _NOT_COMPUTED):
        here = f"{place}.{name}"
        if name in claimed and name in computed:
            yield from _differences(claimed[name], computed[name], here)
        elif name in claimed:
            yield Finding("figure_unknown", here, "The calculator gives no such figure.")
        elif computed[name]:  # what a later release added is empty here
            yield Finding("figure_missing", here, f"It is missing; computed again it is {computed[name]}.")


def _steps(document: Json) -> Iterator[Finding]:
    """The steps of each entry add up to it."""
    for index, line in enumerate(document["lines"]):
        for number, entry in enumerate(line["entries"]):
            steps = sum((Decimal(step["amount"]) for step in entry["told"]["steps"]), Decimal(0))
            if steps != Decimal(str(Money(entry["amount"], entry["currency"]))):
                yield Finding("steps_differ", f"lines[{index}].entries[{number}].told", f"The steps add up to {steps}.")


def _chain(document: Json, former: Json) -> Iterator[Finding]:
    """Whether the statement goes on where `former` ended."""
    if document["partner"]["id"] != former["partner"]["id"] or document["number"] != former["number"] + 1:
        yield Finding("not_the_former", "number", "The other file is not the statement before this one.")
        return
    if document["former"] != digest(former):
        yield Finding("chain_broken", "former", "The hash of the statement before it is another.")
    if document["facts"]["first"] != former["facts"]["last"] + 1:
        yield Finding("chain_broken", "facts.first", "Facts between the two statements are missing, or stand in both.")
    for name in ("balances", "positions", "earned", "sums", "disputed"):
        if name != "disputed" or document["format"] == former["format"]:  # the former format has no amounts there
            yield from _differences(document["opening"][name], former["closing"][name], f"opening.{name}")
    before = former["closing"].get("contested", [])  # an earlier release told of none
    yield from _differences(document["opening"].get("contested", []), before, "opening.contested")
    yield from dispute_gaps(disputes_in(document), disputes_in(former))


def _heading(document: Json) -> Heading:
    period = document["period"]
    return Heading(
        partner_id=UUID(document["partner"]["id"]),
        name=document["partner"]["name"],
        number=document["number"],
        kind=PeriodKind(period["kind"]),
        span=Span(_day(period["from"]), _day(period["until"]), _instant(period["starts"]), _instant(period["ends"])),
        issued_at=_instant(document["issued_at"]),
        former=document["former"],
        versions=tuple(Version(each["number"], each["document"]) for each in document["plan"]),
        rates=tuple(map(decoded_rate, document["rates"])),
        disputes=disputes_in(document),
        form=document["format"],
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _posted(line: Json) -> Posted:
    fact = decoded_fact(line["kind"], line["fact"])
    deal = None if line["deal"] is None else decoded_side(line["deal"])
    given = Given(
        tuple((each["period"], each["position"]) for each in line["given"]["positions"]),
        tuple((each["spiff"], each["used"]) for each in line["given"]["budgets"]),
    )
    return Posted(line["number"], _instant(line["recorded_at"]), line["plan_known"], fact, given, deal)


def _standing(body: Json) -> Standing:
    return Standing(
        balances=balances_of(body["balances"]),
        positions={_day(each["month"]): each["revenue"] for each in body["positions"]},
        earned={_day(each["month"]): each["commission"] for each in body["earned"]},
        sums={each["name"]: each["sum"] for each in body["sums"]},
        disputed=held_in(body["disputed"]),
        contested=held_in(body.get("contested", ())),
        deals={deal.id: deal for deal in map(decoded_side, body.get("deals", ()))},
    )


def standing_after(document: Json) -> Standing:
    """Where a statement leaves its partner: what the next one opens with, but for the deals."""
    return _standing(document["closing"])


def balances_of(rows: list[Mapping[str, Any]]) -> dict[tuple[str, Account], int]:
    """Balances by currency and account, as a list of rows writes them."""
    return {(row["currency"], account): row[account.removeprefix("partner:")] for row in rows for account in BUCKETS}
