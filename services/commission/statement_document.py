"""The statement as a document: canonical JSON that carries its inputs, so that anyone can compute it again offline."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.commission.domain.calendar import Calendar, PeriodKind
from services.commission.domain.entries import Account, Entry
from services.commission.domain.explaining import explain
from services.commission.domain.facts import Rate
from services.commission.domain.plan import Plan
from services.commission.domain.ruling import rule_text
from services.commission.domain.statement import Balances, Line, Row, Sheet, Span, Standing, causes, late, occurred_at
from services.commission.domain.statement_disputes import StatedDispute
from services.commission.domain.statement_given import Given
from services.commission.statement_disputes import FORMAT, amounts, written
from services.commission.statement_plan import Version, plan_of
from services.commission.store.encoding import fact_kind, plain
from shared.chassis.ids import derived_id

BUCKETS = tuple(account for account in Account if account is not Account.EXPENSE)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose statement it is, of which period, and which one it follows (`former`: its hash).

    `rates` are the exchange rates that its deals were counted at; `disputes` those that ran or were settled in the period.
    """

    partner_id: UUID
    name: str | None
    number: int
    kind: PeriodKind
    span: Span
    issued_at: datetime
    former: str | None
    versions: tuple[Version, ...]
    rates: tuple[Rate, ...] = ()
    disputes: tuple[StatedDispute, ...] = ()
    form: str = FORMAT


@dataclass(frozen=True, slots=True)
class Marked:
    """Entries in dispute at the end of the period, and those that conflicts hold."""

    disputed: frozenset[UUID]
    contested: frozenset[UUID]


def statement_id(partner_id: UUID, number: int) -> UUID:
    """Each number of a partner is one statement, whoever issues it."""
    return derived_id("commission.statement", partner_id, number)


def compose(heading: Heading, calendar: Calendar, opening: Standing, sheet: Sheet) -> Json:
    """The document, sealed: each line with its hash, the whole with its own."""
    disputes, plan = written(heading.form, heading.disputes, opening, sheet), plan_of(heading.versions)
    marked = Marked(disputes.marked, frozenset(sheet.closing.contested))
    lines = [_line(line, heading.span, plan, marked) for line in sheet.lines]
    document: Json = {
        "format": heading.form,
        "statement_id": statement_id(heading.partner_id, heading.number),
        "partner": {"id": heading.partner_id, "name": heading.name},
        "number": heading.number,
        "period": _period(heading, calendar),
        "issued_at": heading.issued_at,
        "former": heading.former,
        "facts": {"first": sheet.lines[0].posted.number, "last": sheet.lines[-1].posted.number},
        "plan": [{"number": version.number, "document": version.document} for version in heading.versions],
        "rates": [plain(rate) for rate in heading.rates],
        "opening": {**_standing(opening), "disputed": disputes.opening},
        "lines": lines,
        "summary": _summary(opening.balances, sheet),
        "closing": {**_closing(sheet.closing), "disputed": disputes.closing},
        **disputes.own,
    }
    return seal(_plain(document))


def seal(document: Json) -> Json:
    """The document with the hash of every line and, over all else, its own."""
    lines = [{**line, "hash": digest(line)} for line in document["lines"]]
    document = {**document, "lines": lines}
    return {**document, "hash": digest(document)}


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON without `hash`."""
    return hashlib.sha256(canonical({key: each for key, each in value.items() if key != "hash"})).hexdigest()


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one value has one text."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)


def _plain(value: object) -> Json:
    document: Json = orjson.loads(canonical(value))
    return document


def _period(heading: Heading, calendar: Calendar) -> Json:
    span = heading.span
    return {
        "kind": heading.kind,
        "from": span.first,
        "until": span.until,
        "starts": span.starts,
        "ends": span.ends,
        "timezone": calendar.timezone,
    }


def _line(line: Line, span: Span, plan: Plan, marked: Marked) -> Json:
    posted = line.posted
    return {
        "number": posted.number,
        "kind": fact_kind(posted.fact),
        "occurred_at": occurred_at(posted.fact),
        "recorded_at": posted.recorded_at,
        "late": late(posted, span, plan.calendar),
        "plan_known": posted.plan_known,
        "given": _given(posted.given),
        "deal": None if posted.deal is None else plain(posted.deal),
        "fact": plain(posted.fact),
        "entries": [_entry(entry, plan, marked) for entry in line.entries],
        "transfers": [plain(t) for t in line.transfers],
    }


def _given(given: Given) -> Json:
    """Sums of others that the figures began from: nobody can compute them from this statement."""
    return {
        "positions": [{"period": period, "position": position} for period, position in given.positions],
        "budgets": [{"spiff": name, "used": used} for name, used in given.used],
    }


def _entry(entry: Entry, plan: Plan, marked: Marked) -> Json:
    told = explain(entry)
    steps = [{"what": step.what, "amount": step.amount} for step in told.steps]
    told_as = {"steps": steps, "sentences": list(told.sentences), "rules": list(rule_text(entry, plan))}
    held = {"disputed": entry.id in marked.disputed, "contested": entry.id in marked.contested}
    return {**plain(entry), **held, "told": told_as}


def _standing(standing: Standing) -> Json:
    return {
        "balances": _balances(standing.balances),
        "positions": [{"month": month, "revenue": revenue} for month, revenue in sorted(standing.positions.items())],
        "earned": [{"month": month, "commission": amount} for month, amount in sorted(standing.earned.items())],
        "sums": [{"name": name, "sum": total} for name, total in sorted(standing.sums.items())],
        "contested": amounts(standing.contested),
        "deals": [plain(deal) for _, deal in sorted(standing.deals.items())],
    }


def _closing(standing: Standing) -> Json:
    return {name: value for name, value in _standing(standing).items() if name != "deals"}


def _balances(balances: Balances) -> list[Json]:
    currencies = sorted({currency for currency, _ in balances})
    return [{"currency": c, **_row({account: balances.get((c, account), 0) for account in BUCKETS})} for c in currencies]


def _row(changes: Row) -> Json:
    return {account.removeprefix("partner:"): changes.get(account, 0) for account in BUCKETS}


def _summary(opening: Balances, sheet: Sheet) -> list[Json]:
    """For each currency how opening became closing: one row for each cause, in order of first appearance."""
    moved = causes(sheet.lines)
    currencies = sorted({c for c, _ in opening} | {c for c, _ in sheet.closing.balances})
    return [
        {
            "currency": c,
            "opening": _row({account: opening.get((c, account), 0) for account in BUCKETS}),
            "changes": [{"cause": cause, **_row(row)} for (currency, cause), row in moved.items() if currency == c],
            "closing": _row({account: sheet.closing.balances.get((c, account), 0) for account in BUCKETS}),
        }
        for c in currencies
    ]
