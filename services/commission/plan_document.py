"""The plan as a document (programme.yaml, API, quotes): its shape, its faults with their places, and the plan it means."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.commission.domain.brackets import Bracket, Fault, Mode
from services.commission.domain.calendar import Calendar, PeriodKind
from services.commission.domain.plan import Base, Plan, PlanVersion, Split, plan_faults
from services.commission.domain.refusals import PlanInvalid
from shared.chassis.errors import Refused
from shared.chassis.money import Money

Amount = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$", description='major units: "100000", "0.50"')]
Rate = Annotated[str, Field(pattern=r"^-?\d+(\.\d{1,12})?$", description='a decimal: "0.15" is 15 %')]


class _Part(BaseModel):
    # An option that is misspelt, or that this release does not know, must not pass in silence: it is money.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class BracketDocument(_Part):
    """Revenue in `[from, to)`; `to` is null in the last bracket."""

    start: Amount = Field(alias="from")
    end: Amount | None = Field(None, alias="to")
    rate: Rate
    flat: Amount = "0"


class VersionDocument(_Part):
    """The rules in force from a day of the programme calendar on."""

    effective_from: date
    base: Base = Base.CUMULATIVE
    period: PeriodKind = PeriodKind.YEAR
    mode: Mode = Mode.GRADUATED
    split: Split | None = None
    refunds: Literal["original"] = "original"
    hold_days: int | None = Field(None, ge=0, le=3650)
    brackets: tuple[BracketDocument, ...] = Field(max_length=1000)


class PlanDocument(_Part):
    """A whole plan. `split` and `hold_days` beside `versions` hold for versions that do not name their own."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    timezone: str = "UTC"
    year_starts: int = Field(1, ge=1, le=12)
    split: Split = Split.REVENUE
    hold_days: int = Field(30, ge=0, le=3650)
    earned_on: Literal["won"] = "won"
    versions: tuple[VersionDocument, ...] = Field(min_length=1, max_length=100)

    @classmethod
    def read(cls, document: object) -> Self:
        """Check shape and brackets. Raises PlanInvalid with every fault found."""
        try:
            read = cls.model_validate(document)
        except ValidationError as error:
            raise _invalid([Fault(each["type"], _place(each["loc"])) for each in error.errors()]) from error
        if read.timezone not in available_timezones():
            raise _invalid([Fault("timezone_unknown", "timezone")])
        try:
            found = list(plan_faults(read.plan().versions))
        except Refused as refusal:
            raise _invalid([Fault(refusal.code, "brackets")]) from refusal
        if found:
            raise _invalid(found)
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
        return PlanVersion(
            number=number,
            effective_from=version.effective_from,
            brackets=tuple(self._bracket(each) for each in version.brackets),
            base=version.base,
            period=version.period,
            mode=version.mode,
            split=version.split or self.split,
            hold_days=self.hold_days if version.hold_days is None else version.hold_days,
        )

    def _bracket(self, bracket: BracketDocument) -> Bracket:
        end = None if bracket.end is None else Money.parse(bracket.end, self.currency).minor
        start, flat = (Money.parse(text, self.currency).minor for text in (bracket.start, bracket.flat))
        return Bracket(start, end, Fraction(Decimal(bracket.rate)), flat)


def _place(location: Iterable[str | int]) -> str:
    """A place as one would write it: versions[0].brackets[1].to."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")


def _invalid(found: list[Fault]) -> PlanInvalid:
    refusal = PlanInvalid(faults=", ".join(f"{fault.code} at {fault.place}" for fault in found))
    refusal.details["codes"] = tuple(fault.code for fault in found)
    refusal.details["found"] = tuple(found)
    return refusal
