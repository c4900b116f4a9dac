"""The events of a quote as documents write them, and as commission's own facts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.commission.domain.facts import Amended, AnyFact, Closed, Credit, Invoiced, Line, Paid, Rate, Refunded, Reopened, Terms
from services.commission.domain.refusals import ShareInvalid
from services.commission.plan_terms import partner_named
from shared.chassis.ids import derived_id
from shared.chassis.money import Money


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text)]


class Type(StrEnum):
    """The events that a quote takes."""

    CLOSED = "deal.closed"
    AMENDED = "deal.amended"
    REOPENED = "deal.reopened"
    REFUNDED = "deal.refunded"
    INVOICED = "deal.invoiced"
    PAID = "deal.paid"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class LineDocument(_Document):
    """One line of a deal, or the part of one that was refunded; it is named by `line`, else by its product."""

    line: str | None = None
    product: str = ""
    family: str = ""
    amount: Text
    quantity: int = 1


class CreditDocument(_Document):
    """A beneficiary and its share: a decimal or a fraction."""

    partner: str
    share: Text


class EventDocument(_Document):
    """Anything that happens to a deal. A correction keeps what it does not name; `close_number` and `revision` count by themselves."""

    id: Text
    type: Type
    deal: Text
    at: AwareDatetime
    partner: str | None = None
    amount: Text | None = None
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    lines: tuple[LineDocument, ...] = ()
    credits: tuple[CreditDocument, ...] = ()
    overlays: tuple[CreditDocument, ...] = ()
    territory: str | None = None
    country: str | None = None
    partner_type: str | None = None
    attributes: dict[str, str] | None = None
    outcome: str = Field("won", pattern="^(won|lost)$")
    closed_at: AwareDatetime | None = None
    close_number: int | None = Field(None, ge=1)
    revision: int | None = Field(None, ge=0)


class RateDocument(_Document):
    """One unit of `from` is `rate` units of `to` for deals that close on `date`."""

    base: str = Field(alias="from", pattern=r"^[A-Z]{3}$")
    target: str = Field(alias="to", pattern=r"^[A-Z]{3}$")
    day: date = Field(alias="date")
    rate: Annotated[str, BeforeValidator(_text), Field(pattern=r"^\d+(\.\d+)?$")]
    source: str = "quote"

    def fact(self, at: datetime) -> Rate:
        return Rate(f"rate:{self.base}:{self.target}:{self.day}", at, self.base, self.target, self.day, Fraction(self.rate), self.source)


@dataclass
class _Deal:
    """What a deal's events said so far; `seen` are their numbers of the close."""

    close: int = 1
    revision: int = 0
    closed: EventDocument | None = None
    said: EventDocument | None = None
    seen: dict[str, int] = field(default_factory=dict)


class Facts:
    """Turns events into facts, in order; a deal's later events are about what its earlier ones said."""

    def __init__(self, events: Sequence[EventDocument], currency: str) -> None:
        self._currency = currency
        self._deals: dict[str, _Deal] = {}
        self._given: dict[str, tuple[EventDocument, AnyFact]] = {}
        self._owners = {event.deal: event for event in reversed(events) if event.type is Type.CLOSED}

    def of(self, event: EventDocument) -> AnyFact:
        """The same fact again for a repeat. Raises ShareInvalid, AmountPrecision, AmountInvalid or CurrencyUnknown."""
        known = self._given.get(event.id)
        if known is not None and known[0] == event:
            return known[1]
        fact = self._made(event)
        self._given.setdefault(event.id, (event, fact))
        return fact

    def _made(self, event: EventDocument) -> AnyFact:
        deal = self._deals.setdefault(event.deal, _Deal())
        again = event.id in deal.seen
        number = deal.seen.setdefault(event.id, event.close_number or deal.close)
        common = (event.id, derived_id("deal named", event.deal), self._partner(event), event.at, number)
        match event.type:
            case Type.CLOSED:
                terms = self._terms(event, None) if event.outcome == "won" else None
                if not again:
                    deal.said, deal.close, deal.revision, deal.closed = deal.said or event, number, 0, event
                return Closed(*common, terms)
            case Type.AMENDED:
                deal.revision = deal.revision if again else event.revision or deal.revision + 1
                fact = Amended(*common, event.revision or deal.revision, self._terms(event, self._close(event)))
                deal.said = event if event.lines else deal.said
                return fact
            case Type.REOPENED:
                if not again:
                    deal.close, deal.said = number + 1, None
                return Reopened(*common)
            case Type.REFUNDED:
                return self._refunded(event, common)
            case _:
                kind = Invoiced if event.type is Type.INVOICED else Paid
                return kind(*common, self._minor(event.amount or "", event), self._of_deal(event))

    def _partner(self, event: EventDocument) -> UUID:
        owner = self._owners.get(event.deal)
        named = event.partner or (owner.partner if owner else None)
        if named is None and owner is not None and owner.credits:
            named = owner.credits[0].partner
        return partner_named(named or "")

    def _close(self, event: EventDocument) -> EventDocument:
        """The close that the event is about: the last one told, else the first to come."""
        return self._deals[event.deal].closed or self._owners.get(event.deal, event)

    def _of_deal(self, event: EventDocument) -> str:
        kept = None if event.type is Type.CLOSED else self._close(event).currency
        return event.currency or kept or self._currency

    def _minor(self, text: str, event: EventDocument) -> int:
        return Money.parse(text, self._of_deal(event)).minor

    def _refunded(self, event: EventDocument, common: tuple[str, UUID, UUID, datetime, int]) -> Refunded:
        lines = self._refunded_lines(event)
        amount = sum(part for _, part in lines) if event.amount is None else self._minor(event.amount, event)
        return Refunded(*common, amount, self._of_deal(event), lines, event.revision or 0)

    def _refunded_lines(self, event: EventDocument) -> tuple[tuple[str, int], ...]:
        """Lines by their names; one that is named by its product is filled up before the next of that product."""
        said = self._deals[event.deal].said or self._close(event)
        left = {name: self._minor(line.amount, event) for name, line in _named(said.lines)}
        found: dict[str, int] = {}
        for part in event.lines:
            amount = self._minor(part.amount, event)
            names = [part.line] if part.line else [n for n, line in _named(said.lines) if line.product == part.product]
            for name in names[:-1]:
                taken = min(amount, left.get(name, 0) - found.get(name, 0))
                found[name], amount = found.get(name, 0) + taken, amount - taken
            last = names[-1] if names else part.product
            found[last] = found.get(last, 0) + amount
        return tuple((name, amount) for name, amount in found.items() if amount)

    def _terms(self, event: EventDocument, close: EventDocument | None) -> Terms:
        lines = tuple(
            Line(name, line.product, line.family, self._minor(line.amount, event), line.quantity) for name, line in _named(event.lines)
        )
        whole = event.amount
        amount = sum(line.amount for line in lines) if lines and whole is None else self._minor(whole or "", event)
        told = _kept(event, close)
        return Terms(
            closed_at=event.closed_at or (close.at if close else event.at),
            currency=self._of_deal(event),
            amount=amount,
            credits=self._credits(event, close),
            lines=lines,
            territory=told.territory or "any",
            country=told.country,
            partner_type=told.partner_type,
            attributes=tuple(sorted((told.attributes or {}).items())),
        )

    def _credits(self, event: EventDocument, close: EventDocument | None) -> tuple[Credit, ...]:
        named = event.credits or (close.credits if close else ())
        if not named:
            return (Credit(self._partner(event), Fraction(1)),)
        return tuple(Credit(partner_named(credit.partner), _share(credit.share)) for credit in named)


def _kept(event: EventDocument, close: EventDocument | None) -> EventDocument:
    """The event with what it does not name taken from the close."""
    names = ("territory", "country", "partner_type", "attributes")
    return event.model_copy(update={name: getattr(close, name) for name in names if getattr(event, name) is None}) if close else event


def _named(lines: Sequence[LineDocument]) -> list[tuple[str, LineDocument]]:
    return [(line.line or str(number), line) for number, line in enumerate(lines, 1)]


def _share(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise ShareInvalid from error
