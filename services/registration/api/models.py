"""What registration reads and answers over HTTP. Amounts are decimal text in major units, e.g. "1054.00"."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.registration.api.request_body import RequestBody
from services.registration.domain.accounts.names import readable
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.phases import Phase, phase_of
from services.registration.domain.drafts import LineDraft, TermsDraft
from services.registration.domain.values import Credit, Line, Outcome, PartnerId, State, Terms
from shared.chassis.database.access import current_actor
from shared.chassis.http import Instant
from shared.chassis.money import Money
from shared.schemas.base import Currency, Share

Text = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(readable)]
Amount = Annotated[str, Field(min_length=1, max_length=40, examples=["1054.00"])]
ShortShare = Annotated[Share, Field(max_length=60, examples=["0.5", "1/3"])]
Reason = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(readable)]
Quantity = Annotated[int, Field(ge=1, le=1_000_000_000)]


class NewDeal(RequestBody):
    """A deal to register. Give what is known of the customer: any identifier that matches names the account.

    A partner registers for itself, at the time of receipt; the vendor names the partner, and may give `registered_at` from its own records.
    """

    account_name: Text = Field(description="the customer's legal name")
    account_domain: str | None = Field(None, max_length=300, examples=["shop.acme.co.uk"])
    country: str | None = Field(None, max_length=100, description="ISO 3166 code or English name", examples=["DE"])
    tax_id: str | None = Field(None, max_length=100)
    crm_ids: tuple[Text, ...] = Field((), max_length=20)
    families: tuple[Text, ...] = Field(min_length=1, max_length=50, description="product families", examples=[["GTX"]])
    territory: str | None = Field(None, min_length=1, max_length=100, description="without it, the customer's country")
    expected_amount: Amount | None = None
    currency: Currency = "USD"
    evidence: str | None = Field(None, min_length=1, max_length=2_000, description="what was done with this customer so far")
    partner_id: UUID | None = None
    registered_at: Instant | None = None
    wait: bool = Field(False, description="stand in line if the account is taken, where the programme keeps a waiting list")
    override: str | None = Field(
        None, min_length=1, max_length=2_000, description="for the vendor only: why its own claim on the customer is set aside"
    )


class LineIn(RequestBody):
    """One line; `amount` is the net revenue of the whole line."""

    product: Text
    family: Text
    amount: Amount
    quantity: Quantity = 1
    line_id: Text | None = None

    def draft(self) -> LineDraft:
        return LineDraft(product=self.product, family=self.family, amount=self.amount, quantity=self.quantity, line_id=self.line_id)


class CreditIn(RequestBody):
    """A partner's share."""

    partner_id: UUID
    share: ShortShare


class TermsIn(RequestBody):
    """What was sold: lines, or an amount alone. The credits total exactly 1; without them all goes to the registrant."""

    currency: Currency = "USD"
    amount: Amount | None = None
    lines: tuple[LineIn, ...] = Field((), max_length=1_000)
    credits: tuple[CreditIn, ...] = Field((), max_length=100)
    overlays: tuple[CreditIn, ...] = Field((), max_length=100, description="influence, recorded apart; may exceed 1")
    attributes: dict[str, Annotated[str, Field(max_length=1_000)]] = Field(default_factory=dict, max_length=50)
    closed_at: Instant | None = Field(None, description="for the vendor only; without it, the time of receipt")
    split_reason: Reason | None = Field(None, description="for the vendor only: why the credits are not those that all sides signed")

    def draft(self) -> TermsDraft:
        return TermsDraft(
            currency=self.currency,
            amount=self.amount,
            lines=[line.draft() for line in self.lines],
            credits=[(PartnerId(credit.partner_id), credit.share) for credit in self.credits],
            overlays=[(PartnerId(overlay.partner_id), overlay.share) for overlay in self.overlays],
            attributes=self.attributes,
        )


class CloseIn(TermsIn):
    """How the deal ended."""

    outcome: Outcome
    credit_decided: bool = Field(False, description="for the vendor only: the credit stands although protection had ended")


class AmendIn(TermsIn):
    """The terms that replace the former ones, whole."""

    reason: Reason


class ReasonIn(RequestBody):
    """Why."""

    reason: Reason


class RefundLineIn(RequestBody):
    line_id: Text
    amount: Amount


class RefundIn(RequestBody):
    """An amount, parts of lines, or neither: then all that is left. A `refund_id` of your own keeps a repeat from counting twice."""

    refund_id: UUID | None = None
    amount: Amount | None = None
    lines: tuple[RefundLineIn, ...] = Field((), max_length=1_000)
    reason: str | None = Field(None, max_length=2_000)


class MoneyOut(BaseModel):
    amount: str
    currency: str

    @classmethod
    def of(cls, money: Money) -> "MoneyOut":
        return cls(amount=str(money), currency=money.currency)


class LineOut(BaseModel):
    line_id: str
    product: str
    family: str
    quantity: int
    amount: str

    @classmethod
    def of(cls, line: Line, currency: str) -> "LineOut":
        amount = str(Money(line.amount_minor, currency))
        return cls(line_id=line.line_id, product=line.product, family=line.family, quantity=line.quantity, amount=amount)


class CreditOut(BaseModel):
    partner_id: UUID
    share: str

    @classmethod
    def of(cls, credit: Credit) -> "CreditOut":
        return cls(partner_id=credit.partner_id, share=str(credit.share))


class TermsOut(BaseModel):
    """The terms of the last close."""

    closed_at: datetime
    amount: MoneyOut
    refunded: MoneyOut
    lines: list[LineOut]
    credits: list[CreditOut]
    overlays: list[CreditOut]
    attributes: dict[str, str]


class DealOut(BaseModel):
    """A deal. `protected` tells whether exclusivity holds now; `[protected_from, protected_until)` is its window.

    `phase` is where it stands in one word.
    """

    id: UUID
    partner_id: UUID
    account_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    country: str | None
    state: State
    phase: Phase
    version: int
    registered_at: datetime
    protected: bool
    protected_from: datetime
    protected_until: datetime
    extensions: int
    conflict: bool
    expected: MoneyOut | None
    close_number: int
    revision: int
    terms: TermsOut | None
    source: str | None
    external_id: str | None
    lead_id: UUID | None
    evidence: str | None
    stage: str | None
    stage_at: datetime | None = Field(description="when the partner last spoke of it, or could first do so: silence counts from there")
    submissions: int


class OneDealOut(DealOut):
    """A deal by itself: with what its partner is asked for, if it was returned."""

    asked: str | None


def deal_out(deal: Deal, *, now: datetime) -> DealOut:
    """The deal as it is shown."""
    window = deal.protection.window
    return DealOut(
        id=deal.id,
        partner_id=deal.partner_id,
        account_id=deal.scope.account_id,
        account_name=deal.account_name,
        families=deal.scope.families,
        territory=deal.territory,
        country=deal.country,
        state=deal.state,
        phase=phase_of(deal, now=now),
        version=deal.version,
        registered_at=deal.registered_at,
        protected=deal.protection.holds_at(now),
        protected_from=window.start,
        protected_until=window.end,
        extensions=deal.protection.extensions,
        conflict=deal.conflict,
        expected=MoneyOut.of(deal.expected) if deal.expected else None,
        close_number=deal.close_number,
        revision=deal.revision,
        terms=_terms_out(deal),
        source=deal.origin.source if deal.origin else None,
        external_id=deal.origin.external_id if deal.origin else None,
        evidence=deal.evidence,
        stage=deal.stage,
        stage_at=deal.stage_at,
        submissions=deal.submissions,
        lead_id=None if deal.reassigned_from else deal.lead_id,  # a lead of the partner that had it before
    )


def _terms_out(deal: Deal) -> TermsOut | None:
    if (terms := deal.terms) is None:
        return None
    refunded = Money(sum(refund.amount.minor for refund in deal.refunds), terms.amount.currency)
    return TermsOut(
        closed_at=terms.closed_at,
        amount=MoneyOut.of(terms.amount),
        refunded=MoneyOut.of(refunded),
        lines=[LineOut.of(line, terms.amount.currency) for line in terms.lines],
        credits=[CreditOut.of(credit) for credit in _credits_shown(deal, terms)],
        overlays=[CreditOut.of(overlay) for overlay in terms.overlays],
        attributes=dict(terms.attributes),
    )


def _credits_shown(deal: Deal, terms: Terms) -> tuple[Credit, ...]:
    """A decision may divide a deal between rivals: of such a credit a partner is shown its own share, whatever the route."""
    viewer = current_actor.get().partner_id
    if viewer is None or not deal.credits_fixed:
        return terms.credits
    return tuple(credit for credit in terms.credits if credit.partner_id == viewer)
