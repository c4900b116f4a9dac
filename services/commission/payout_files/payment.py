"""What a bank is told to do: one payment, and the account that all of them leave."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

import orjson

from shared.chassis.money import Money


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An IBAN, or another number with the BIC of its bank. `town` and `country` are the holder's address, both or none."""

    iban: str | None = None
    number: str | None = None
    bic: str | None = None
    town: str | None = None
    country: str | None = None

    def __repr__(self) -> str:
        return f"BankAccount({self.hint})"

    @property
    def hint(self) -> str:
        """What may be shown: the country of an IBAN and the last four characters."""
        text = self.iban or self.number or ""
        return f"{text[:2] if self.iban else ''}…{text[-4:]}"

    def text(self) -> str:
        """As JSON, to be sealed."""
        return orjson.dumps({name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}).decode()

    @classmethod
    def read(cls, text: str) -> Self:
        """The inverse of `text`."""
        return cls(**orjson.loads(text))


@dataclass(frozen=True, slots=True)
class Payment:
    """One payout as its bank sees it; `books` is what left the partner's balance."""

    id: UUID
    partner_id: UUID
    name: str
    account: BankAccount
    money: Money
    books: Money
    rate: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """A whole batch. `made_at` is the batch's start, so that the same batch gives the same bytes each time."""

    batch_id: UUID
    number: int
    currency: str
    made_at: datetime
    execute_on: date
    payments: tuple[Payment, ...]

    @property
    def total(self) -> Money:
        """The sum of all payments."""
        return Money(sum(payment.money.minor for payment in self.payments), self.currency)

    def remittance(self, payment: Payment) -> str:
        """What the partner reads on its account; at most 140 characters."""
        return f"Partner commission, batch {self.number}, payout {payment.id}"


def decimal(money: Money) -> Decimal:
    """Major units."""
    return Decimal(str(money))
