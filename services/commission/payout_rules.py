"""The payout rules as a document (section `commission.payouts` of programme.yaml, and the API)."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from stdnum import bic, iban

from services.commission.domain.payouts import Rules
from shared.chassis.money import CurrencyUnknown, exponent
from shared.schemas.base import Currency


def _iban(text: str) -> str:
    if not iban.is_valid(text):
        raise ValueError("not an IBAN: its country, length or check digits are wrong")
    return str(iban.compact(text))


def _bic(text: str) -> str:
    if not bic.is_valid(text):
        raise ValueError("not a BIC: it has 8 or 11 characters, such as COBADEFFXXX")
    return str(bic.compact(text))


def _known(currency: str) -> str:
    try:
        exponent(currency)
    except CurrencyUnknown as error:
        raise ValueError(f"{currency} is not a currency of ISO 4217") from error
    return currency


Iban = Annotated[str, Field(max_length=60), AfterValidator(_iban)]
Bic = Annotated[str, Field(max_length=20), AfterValidator(_bic)]
KnownCurrency = Annotated[Currency, AfterValidator(_known)]
# Without characters that begin a formula in a spreadsheet, or that mean something in a file.
Name = Annotated[str, Field(min_length=1, max_length=70, pattern=r"^[^\W_][^\x00-\x1f<>\"=;|]*$")]


class Debtor(BaseModel):
    """The account that the vendor pays from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    iban: Iban
    bic: Bic | None = None


class PayoutRules(BaseModel):
    """What the vendor decides about payouts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum: str = Field("50.00", pattern=r"^\d{1,12}(\.\d{1,4})?$", description="major units of the books' currency; less is carried over")
    tax_form_required: bool = Field(True, description="nothing is paid while the tax form is missing or expired")
    pay_suspended: bool = Field(False, description="whether suspended partners are paid")
    pay_terminated: bool = Field(True, description="whether what is left is paid after the partnership ended")
    max_payouts: int = Field(5000, ge=1, le=20_000, description="in one batch; the rest is for the next draft")
    debtors: dict[KnownCurrency, Debtor] = Field(default_factory=dict, description="the account to pay from, by currency")

    def rules(self) -> Rules:
        """The domain's own view."""
        return Rules(Decimal(self.minimum), self.tax_form_required, self.pay_suspended, self.pay_terminated)
