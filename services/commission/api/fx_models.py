"""Bodies about exchange rates, and the CSV in which many come."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.commission.store.rates import OnRecord
from services.commission.use_cases.record_rate import Stated, in_digits
from shared.chassis.errors import Refused
from shared.chassis.http.lines import TooManyRows
from shared.chassis.money import exponent
from shared.schemas.base import Currency

COLUMNS = ("from", "to", "date", "rate", "source")


class RateInvalid(Refused):
    code = "rate_invalid"
    status = 422
    sentence = "A rate is a decimal above 0 between two currencies: what one unit of the first is in the second."


class RatesUnreadable(Refused):
    code = "rates_unreadable"
    status = 422
    sentence = "The body is no CSV in UTF-8 with the columns {columns}."


class NewRate(BaseModel):
    """One unit of `from` is `rate` units of `to` for deals that close on `date` of the programme calendar."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_currency: Currency = Field(alias="from")
    to_currency: Currency = Field(alias="to")
    day: date = Field(alias="date")
    rate: str = Field(pattern=r"^\d{1,12}(\.\d{1,12})?$", description='a decimal: "1.0842"')
    source: str = Field(min_length=1, max_length=200, description="who published it, such as a central bank")

    def stated(self) -> Stated:
        """The rate, exactly. Raises RateInvalid or CurrencyUnknown."""
        for currency in (self.from_currency, self.to_currency):
            exponent(currency)
        rate = Fraction(Decimal(self.rate))
        if not rate or self.from_currency == self.to_currency:
            raise RateInvalid
        return Stated(self.from_currency, self.to_currency, self.day, rate, self.source)


class FxRateView(BaseModel):
    """A rate on record. It never changes: entries stand on it."""

    model_config = ConfigDict(populate_by_name=True)

    from_currency: str = Field(alias="from")
    to_currency: str = Field(alias="to")
    day: date = Field(alias="date")
    rate: str
    source: str

    @classmethod
    def of(cls, rate: Stated | OnRecord) -> Self:
        pair = rate.pair
        told = {"from": pair[0], "to": pair[1], "date": pair[2], "rate": in_digits(rate.rate), "source": rate.source}
        return cls.model_validate(told)


class RateResult(BaseModel):
    """What became of one row of an import."""

    line: int
    result: Literal["recorded", "unchanged", "refused"]
    code: str | None = None
    message: str | None = None


Read = Stated | tuple[str, str]
"""What a row says, or the code and sentence of its first fault."""


def rows_of(body: bytes, *, limit: int) -> list[tuple[int, Read]]:
    """The rows of a CSV with their line numbers. Raises RatesUnreadable or TooManyRows."""
    try:
        found = list(_rows(body.decode("utf-8-sig")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RatesUnreadable(columns=", ".join(COLUMNS)) from error
    if len(found) > limit:
        raise TooManyRows(limit=limit)
    return found


def _rows(text: str) -> Iterator[tuple[int, Read]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise RatesUnreadable(columns=", ".join(COLUMNS))
    for row in reader:
        yield reader.line_num, _read({name: row[name] for name in COLUMNS})


def _read(values: dict[str, str | None]) -> Read:
    try:
        return NewRate.model_validate(values).stated()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return "row_invalid", f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except Refused as refusal:
        return refusal.code, refusal.message
