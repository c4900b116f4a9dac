"""The shapes of a plan's parts as documents write them: amounts in major units, rates as decimals, both as text."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.commission.domain.brackets import Mode
from services.commission.domain.calendar import PeriodKind
from services.commission.domain.incentives import Counting, Measure
from services.commission.domain.options import Base, EarnedOn, Pays, Refunds, Split
from services.commission.domain.rules import Select


def _text(value: object) -> object:
    """A whole number may stand without quotes; a decimal may not, since a float is not what was written."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Amount = Annotated[str, BeforeValidator(_text), Field(pattern=r"^\d+(\.\d+)?$", description='major units: "100000", "0.50"')]
Rate = Annotated[str, BeforeValidator(_text), Field(pattern=r"^-?\d+(\.\d{1,12})?$", description='a decimal: "0.15" is 15 %')]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Part(BaseModel):
    """What every part of a plan is."""

    # An option that is misspelt, or that this release does not know, must not pass in silence: it is money.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class BracketDocument(Part):
    """Revenue in `[from, to)`; `to` is null in the last bracket."""

    start: Amount = Field(alias="from")
    end: Amount | None = Field(None, alias="to")
    rate: Rate
    flat: Amount = "0"


class ConditionDocument(Part):
    """What a line must be; what is not named matches anything. `max_amount` is exclusive."""

    product: str | None = None
    family: str | None = None
    territory: str | None = None
    country: str | None = None
    partner: str | None = None
    partner_type: str | None = None
    min_amount: Amount | None = None
    max_amount: Amount | None = None
    attributes: dict[str, str] = Field(default_factory=dict)


class RuleDocument(Part):
    """What the lines give that match, instead of the version's brackets: one of `rate`, `flat` (per line) and `brackets`."""

    name: Name
    when: ConditionDocument = ConditionDocument()
    rate: Rate | None = None
    flat: Amount | None = None
    brackets: tuple[BracketDocument, ...] = Field((), max_length=1000)
    counts: bool = True


class CapDocument(Part):
    """The most that a partner gets for deals closed in one period."""

    period: PeriodKind = PeriodKind.YEAR
    amount: Amount


class SpiffDocument(Part):
    """An extra on deals closed in `[from, until)`: one of `per_unit`, `rate` and `flat` (per line)."""

    name: Name
    start: date = Field(alias="from")
    until: date
    when: ConditionDocument = ConditionDocument()
    per_unit: Amount | None = None
    rate: Rate | None = None
    flat: Amount | None = None
    cap: Amount | None = Field(None, description="for one partner")
    budget: Amount | None = Field(None, description="for the programme, over all versions that name this SPIFF")


class BonusDocument(Part):
    """Due once revenue of the period is `target` or more: `flat`, or a `rate` of all of it or of what exceeds the target."""

    name: Name
    period: PeriodKind
    target: Amount
    flat: Amount | None = None
    rate: Rate | None = None
    on: Counting = Counting.TOTAL

    @model_validator(mode="before")
    @classmethod
    def _spelt_by_yaml(cls, given: object) -> object:
        """YAML 1.1 reads the key `on` as true."""
        if not isinstance(given, dict):
            return given
        return {"on" if key is True or key == "true" else key: value for key, value in given.items()}


class RewardDocument(Part):
    """For the `top` partners of the period, by a measure: an amount for each rank, or one for all."""

    name: Name
    top: int = Field(ge=1, le=1000)
    by: Measure = Measure.REVENUE
    amounts: tuple[Amount, ...] = Field(min_length=1, max_length=1000)
    period: PeriodKind = PeriodKind.YEAR


class AssignmentDocument(Part):
    """Whom a version rules: these partners, and those of these types."""

    partners: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class VersionDocument(Part):
    """The rules in force from a day of the programme calendar on."""

    effective_from: date
    base: Base = Base.CUMULATIVE
    period: PeriodKind = PeriodKind.YEAR
    mode: Mode = Mode.GRADUATED
    brackets: tuple[BracketDocument, ...] = Field(max_length=1000)
    split: Split | None = None
    refunds: Refunds | None = None
    earned_on: EarnedOn | None = None
    select: Select | None = None
    hold_days: int | None = Field(None, ge=0, le=3650)
    pays: Pays = Pays.COMMISSION
    clawback_days: int | None = Field(None, ge=0, le=36500)
    assigned_to: AssignmentDocument | None = None
    rules: tuple[RuleDocument, ...] = Field((), max_length=1000)
    caps: tuple[CapDocument, ...] = Field((), max_length=10)
    spiffs: tuple[SpiffDocument, ...] = Field((), max_length=100)
    bonuses: tuple[BonusDocument, ...] = Field((), max_length=100)
    rewards: tuple[RewardDocument, ...] = Field((), max_length=100)
