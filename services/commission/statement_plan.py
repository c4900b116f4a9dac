"""The plan in a statement: the versions that may be the partner's own or made its figures, without other partners' names and terms."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.commission.domain.calendar import Calendar
from services.commission.domain.deal import Deal
from services.commission.domain.entries import Entry
from services.commission.domain.facts import Amended, AnyFact, Closed, PeriodEnded
from services.commission.domain.plan import Assignment, Plan, PlanVersion
from services.commission.domain.statement_names import Names, other
from services.commission.plan_document import PlanDocument
from services.commission.plan_terms import partner_named
from services.commission.store.encoding import encoded
from shared.chassis.values import replace

Json = dict[str, Any]
_NOBODY = other("nobody", 0)
_NEVER = {"from": "2000-01-01", "until": "2000-01-02", "flat": "0"}
_WITHHELD = ("currency", "timezone", "year_starts")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the plan under its number, as a document of its own; one that is others' alone says only its currency and calendar."""

    number: int
    document: Json


@dataclass(frozen=True, slots=True)
class Shown:
    """What decides how much of a version is shown: who and which types are in the facts, and which versions made figures."""

    names: Names
    present: frozenset[UUID]
    types: frozenset[str]
    used: frozenset[int]

    @classmethod
    def by(cls, names: Names, facts: Sequence[AnyFact], deals: Iterable[Deal], entries: Iterable[Entry]) -> "Shown":
        deals = tuple(deals)
        text = encoded([*facts, *deals]) if names.planned else ""
        present = frozenset(who for who, name in names.planned.items() if str(who) in text or str(name) in text)
        types = frozenset(kind for fact in facts for kind in _types(fact))
        used = {entry.plan_version for entry in entries} | {sale.plan_version for deal in deals for sale in deal.sales}
        return cls(names, present, types, frozenset(used))

    def version(self, version: Version) -> Version:
        """The version as the partner may see it."""
        (single,) = version.document["versions"]
        whom = single["assigned_to"]
        if whom is not None and (whom["partners"] or whom["types"]):
            named = [name for text in whom["partners"] if (name := self._name(text)) is not None]
            mine = any(partner_named(text) == self.names.partner_id for text in whom["partners"])
            if not mine and version.number not in self.used and not self.types & set(whom["types"]):
                return replace(version, document={name: version.document[name] for name in _WITHHELD})
            single = {**single, "assigned_to": {**whom, "partners": named if named or whom["types"] else [str(_NOBODY)]}}
        rules = [self._meant(each, {"rate": "0"}, number) for number, each in enumerate(single["rules"], 1)]
        spiffs = [self._meant(each, _NEVER, number) for number, each in enumerate(single["spiffs"], 1)]
        return replace(version, document={**version.document, "versions": [{**single, "rules": rules, "spiffs": spiffs}]})

    def _meant(self, part: Json, nothing: Json, number: int) -> Json:
        """A rule or SPIFF that may match what is stated; one for a partner that is not in it is its own affair, and matches nothing.

        It stays in its place: a version with rules figures line by line.
        """
        partner = part["when"]["partner"]
        if partner is None:
            return part
        if (name := self._name(partner)) is None:
            return {"name": f"withheld {number}", "when": {"partner": str(_NOBODY)}, **nothing}
        return {**part, "when": {**part["when"], "partner": name}}

    def _name(self, text: str) -> str | None:
        who = partner_named(text)
        if who == self.names.partner_id:
            return text
        return str(self.names.planned[who]) if who in self.present else None


def _types(fact: AnyFact) -> Iterator[str]:
    terms = fact.terms if isinstance(fact, Closed | Amended) else None
    found = fact.partner_type if isinstance(fact, PeriodEnded) else terms and terms.partner_type
    if found:
        yield found


def plan_of(versions: Iterable[Version]) -> Plan:
    """The plan that the versions make; one that is withheld rules nobody. Raises PlanInvalid."""
    plans = [_plan(version) for version in versions]
    first = plans[0]
    return Plan(first.currency, tuple(version for plan in plans for version in plan.versions), first.calendar)


def _plan(version: Version) -> Plan:
    document = version.document
    if "versions" in document:
        return PlanDocument.read(document).plan(first=version.number)
    withheld = PlanVersion(version.number, date.max, (), assigned_to=Assignment())
    return Plan(document["currency"], (withheld,), Calendar(document["timezone"], document["year_starts"]))
