"""The plan as a document (programme.yaml, API, quotes): its shape, its faults with their places, and the plan it means."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Self
from zoneinfo import available_timezones

from pydantic import Field, ValidationError

from services.commission.domain.brackets import Fault, Mode
from services.commission.domain.calendar import Calendar
from services.commission.domain.options import EarnedOn, Refunds, Split
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.plan_faults import plan_faults
from services.commission.domain.refusals import PlanInvalid
from services.commission.domain.rules import Select
from services.commission.plan_parts import Part, VersionDocument
from services.commission.plan_terms import Wording, assignment
from shared.chassis.errors import Refused


@cache  # each call walks the zone files of the whole machine, and a statement reads its plan's versions one by one
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


class PlanDocument(Part):
    """A whole plan. What stands beside `versions` (`split`, `refunds` …) holds for versions that do not name their own."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    timezone: str = "UTC"
    year_starts: int = Field(1, ge=1, le=12)
    split: Split = Split.REVENUE
    refunds: Refunds = Refunds.ORIGINAL
    earned_on: EarnedOn = EarnedOn.WON
    select: Select = Select.MOST_SPECIFIC
    hold_days: int = Field(30, ge=0, le=3650)
    versions: tuple[VersionDocument, ...] = Field(min_length=1, max_length=100)

    @classmethod
    def read(cls, document: object) -> Self:
        """Check shape and brackets. Raises PlanInvalid with every fault found."""
        try:
            read = cls.model_validate(document)
        except ValidationError as error:
            raise PlanInvalid.of(list(shape_faults(error))) from error
        if read.timezone not in _timezones():
            raise PlanInvalid.of([Fault("timezone_unknown", "timezone")])
        try:
            found = list(plan_faults(read.plan().versions))
        except Refused as refusal:
            raise PlanInvalid.of([Fault(refusal.code, "brackets")]) from refusal
        if found:
            raise PlanInvalid.of(found)
        return read

    def plan(self, *, first: int = 1) -> Plan:
        """The plan, its versions numbered from `first` in the order of the document."""
        versions = tuple(self._version(each, number) for number, each in enumerate(self.versions, first))
        return Plan(self.currency, versions, Calendar(self.timezone, self.year_starts))

    def single(self) -> tuple["PlanDocument", ...]:
        """One document for each version, as each is kept by itself."""
        return tuple(self.model_copy(update={"versions": (version,)}) for version in self.versions)

    def warnings(self) -> Iterator[Fault]:
        """What is allowed and odd: in `whole` mode a rate that falls makes more revenue pay less."""
        for index, version in enumerate(self.versions):
            rates = [Decimal(bracket.rate) for bracket in version.brackets]
            falls = (number for number in range(1, len(rates)) if rates[number] < rates[number - 1])
            if version.mode is Mode.WHOLE:
                yield from (Fault("rate_falls", f"versions[{index}].brackets[{number}].rate") for number in falls)

    def _version(self, version: VersionDocument, number: int) -> PlanVersion:
        words = Wording(self.currency)
        return PlanVersion(
            number=number,
            effective_from=version.effective_from,
            brackets=words.brackets(version.brackets),
            base=version.base,
            period=version.period,
            mode=version.mode,
            split=version.split or self.split,
            hold_days=self.hold_days if version.hold_days is None else version.hold_days,
            refunds=version.refunds or self.refunds,
            earned_on=version.earned_on or self.earned_on,
            pays=version.pays,
            clawback_days=version.clawback_days,
            assigned_to=assignment(version.assigned_to),
            select=version.select or self.select,
            rules=tuple(words.rule(rule, version.mode) for rule in version.rules),
            caps=tuple(map(words.cap, version.caps)),
            spiffs=tuple(map(words.spiff, version.spiffs)),
            bonuses=tuple(map(words.bonus, version.bonuses)),
            rewards=tuple(map(words.reward, version.rewards)),
        )


def shape_faults(error: ValidationError) -> Iterator[Fault]:
    """What pydantic found, without the list that is too short only since one of its items is faulty."""
    found = error.errors()
    places = [each["loc"] for each in found]
    for each in found:
        within = any(len(other) > len(each["loc"]) and other[: len(each["loc"])] == each["loc"] for other in places)
        if each["type"] != "too_short" or not within:
            yield Fault(_code(each["type"], each["loc"]), place(each["loc"]))


def _code(kind: str, location: Sequence[str | int]) -> str:
    """A rate that is no rate has the same code, whatever is wrong with it."""
    return "rate_invalid" if location and location[-1] == "rate" and kind != "missing" else kind


def place(location: Iterable[str | int]) -> str:
    """A place as one would write it: versions[0].brackets[1].to."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")
