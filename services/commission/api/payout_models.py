"""Bodies of the payout routes."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.commission.domain.payouts import BatchState, PayoutState
from services.commission.payout_files.payment import BankAccount
from services.commission.payout_rules import Bic, Iban, KnownCurrency, Name, PayoutRules
from services.commission.store.payees import Kept
from services.commission.store.payout_batches import ShownBatch, Sum
from services.commission.store.payouts import ShownPayout
from services.commission.store.rule_book import RecordedRules
from services.commission.use_cases.payouts.set_payee import PayeeWish
from shared.chassis.http import Instant
from shared.schemas.base import MoneyAmount

Reason = Annotated[str, Field(min_length=1, max_length=300)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountBody(_Body):
    """A bank account: an IBAN, or another number with the BIC of its bank. Town and country of its holder go together."""

    iban: Iban | None = None
    number: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 /-]{2,32}[A-Za-z0-9]$")] | None = None
    bic: Bic | None = None
    town: Annotated[str, Field(min_length=1, max_length=35)] | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.iban is None) == (self.number is None):
            raise ValueError("give an iban or a number, one of them")
        if self.number is not None and self.bic is None:
            raise ValueError("a number needs the bic of its bank")
        if (self.town is None) != (self.country is None):
            raise ValueError("town and country go together")
        return self


class PayeeBody(_Body):
    """Where a partner's money goes."""

    name: Name
    currency: KnownCurrency = Field(description="in which it is paid out; converted at the day's rate if the books are in another")
    account: AccountBody

    def wish(self) -> PayeeWish:
        """The same in the service's own words."""
        return PayeeWish(self.name, self.currency, BankAccount(**self.account.model_dump()))


class TaxFormBody(_Body):
    """The tax form that staff have seen; `form` null: it is withdrawn."""

    form: Annotated[str, Field(min_length=1, max_length=40, examples=["W-8BEN-E"])] | None
    until: date | None = Field(None, description="the last day on which it is good; null: no end")


class BlockBody(_Body):
    """Why the partner's money is kept back; null: it is not any more."""

    reason: Reason | None


class PayeeView(BaseModel):
    """A payee as people see it: of its account the last four characters."""

    partner_id: UUID
    name: str
    currency: str
    account: str
    tax_form: str | None
    tax_form_until: date | None
    blocked: str | None
    version: int
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, kept: Kept) -> Self:
        payee = kept.payee
        return cls(
            partner_id=payee.partner_id,
            name=payee.name,
            currency=payee.currency,
            account=kept.hint,
            tax_form=payee.tax_form,
            tax_form_until=payee.tax_form_until,
            blocked=payee.blocked,
            version=kept.version,
            changed_at=kept.changed_at,
            changed_by=kept.changed_by,
        )


class NewPayoutRules(_Body):
    """Rules that hold from now on, and why."""

    rules: PayoutRules
    reason: Reason


class PayoutRulesView(BaseModel):
    """The rules in force; version 0 is the programme's."""

    version: int
    rules: PayoutRules
    recorded_at: datetime
    recorded_by: str
    reason: str

    @classmethod
    def of(cls, recorded: RecordedRules[PayoutRules]) -> Self:
        return cls(**{name: getattr(recorded, name) for name in cls.model_fields})


class NewBatch(_Body):
    """Pay everybody who is paid in this currency."""

    currency: KnownCurrency
    execute_on: date | None = Field(None, description="when the bank is to pay; default and earliest: today")


class SumView(BaseModel):
    """How many payouts are in a state and what they pay in all; of skipped ones why."""

    state: PayoutState
    reason: str | None
    count: int
    pays: MoneyAmount

    @classmethod
    def of(cls, total: Sum, *, currency: str) -> Self:
        money = MoneyAmount(amount_minor=total.pays, currency=currency)
        return cls(state=PayoutState(total.state), reason=total.reason, count=total.count, pays=money)


class StepView(BaseModel):
    """When something was done, and by whom."""

    at: datetime
    by: str


class BatchView(BaseModel):
    """A batch of payouts: what was done, and how its payouts stand."""

    id: UUID
    number: int
    currency: str
    execute_on: date
    state: BatchState
    steps: dict[str, StepView] = Field(description="drafted, approved, started, cancelled, exported (the last time)")
    payouts: list[SumView]

    @classmethod
    def of(cls, shown: ShownBatch) -> Self:
        batch = shown.batch
        return cls(
            id=batch.id,
            number=shown.number,
            currency=batch.currency,
            execute_on=shown.execute_on,
            state=batch.state,
            steps={name: StepView(at=step.at, by=step.by) for name, step in shown.steps.items()},
            payouts=[SumView.of(total, currency=batch.currency) for total in shown.sums],
        )


class PayoutRateView(BaseModel):
    """One unit of the balance's currency was worth `rate` of the payout's on `day`."""

    rate: str
    day: date
    source: str


class PayoutView(BaseModel):
    """One payment to one partner, or why it is not made. `amount` leaves the balance, `pays` arrives."""

    id: UUID
    batch_id: UUID
    partner_id: UUID
    state: PayoutState
    reason: str | None = Field(description="why it is skipped, or why it failed")
    amount: MoneyAmount
    pays: MoneyAmount
    rate: PayoutRateView | None
    name: str | None
    account: str | None
    drafted_at: datetime
    started_at: datetime | None
    paid_at: datetime | None
    failed_at: datetime | None
    reference: str | None

    @classmethod
    def of(cls, shown: ShownPayout) -> Self:
        payout, rate = shown.payout, shown.rate
        times = {name: getattr(shown, name) for name in ("drafted_at", "started_at", "paid_at", "failed_at")}
        return cls(
            id=payout.id,
            batch_id=payout.batch_id,
            partner_id=payout.partner_id,
            state=payout.state,
            reason=payout.reason,
            amount=MoneyAmount(amount_minor=payout.amount, currency=payout.currency),
            pays=MoneyAmount(amount_minor=payout.pays, currency=payout.pays_currency),
            rate=PayoutRateView(rate=rate.text, day=rate.day, source=rate.source) if rate else None,
            name=shown.name,
            account=shown.hint,
            reference=shown.reference,
            **times,
        )


class Confirmation(_Body):
    """What the bank confirmed: these payouts or (null) all that are under way."""

    payouts: Annotated[list[UUID], Field(min_length=1, max_length=20_000)] | None = None
    paid_at: Instant | None = Field(None, description="not in the future; default: now")
    reference: Annotated[str, Field(min_length=1, max_length=140)] | None = Field(None, description="the bank's")


class Failure(_Body):
    """One payout that came back, and why (the bank's reason; the partner reads it)."""

    payout_id: UUID
    reason: Reason


class Failures(_Body):
    """Payouts that came back."""

    payouts: list[Failure] = Field(min_length=1, max_length=20_000)
