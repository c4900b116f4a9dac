"""What commission should be, told without a ledger: each deal's pieces are worth what they are by its facts, and lie in one bucket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from shared.chassis.money import allocate, round_half_up


@dataclass
class Piece:
    """What one partner earned on `of` minor units of a deal, of which `gone` went back; `revenue` is its part of them in the books."""

    partner: int
    total: int
    revenue: int
    of: int
    gone: int = 0
    released: bool = False
    frozen: bool = False

    def left(self, whole: int) -> int:
        return whole - round_half_up(Fraction(whole * self.gone, self.of)) if self.of else whole


@dataclass
class ModelDeal:
    """One close of a deal under a version of one rate; `on_cash`: earned as the customer pays. `worth`: what one unit is in the books."""

    number: int
    close: int = 0
    won: bool = False
    waits: bool = False
    amount: int = 0
    refunded: int = 0
    received: int = 0
    revision: int = 0
    day: int = 1
    currency: str = "USD"
    split: Mapping[int, Fraction] = field(default_factory=dict)
    on_cash: bool = False
    rate: Fraction = Fraction(0)
    pieces: list[Piece] = field(default_factory=list)

    def sell(self, amount: int, split: Mapping[int, Fraction], rate: Fraction, *, on_cash: bool) -> None:
        """Anew, on these terms; what was refunded and received so far holds."""
        self.received = self.received if on_cash and self.on_cash else 0
        self.amount, self.split, self.rate, self.on_cash, self.pieces = amount, split, rate, on_cash, []
        self._earn(max(0, self.received - self.refunded) if on_cash else amount)
        if not on_cash:
            self._lower()

    def refund(self, amount: int) -> None:
        self.refunded += amount
        self._lower()

    def pay(self, amount: int) -> None:
        self.received += amount
        self._earn(max(0, self.received - self.refunded) - sum(piece.of - piece.gone for piece in self.pieces))

    def _earn(self, amount: int) -> None:
        revenue = amount * (2 if self.currency == "EUR" else 1)
        for partner, part in zip(self.split, allocate(revenue, list(self.split.values())), strict=True) if amount else ():
            self.pieces.append(Piece(partner, round_half_up(part * self.rate), part, amount))

    def _lower(self) -> None:
        if not self.on_cash:
            for piece in self.pieces:
                piece.gone = self.refunded
            return
        rest = [piece.of - piece.gone for piece in self.pieces]
        less = sum(rest) - max(0, self.received - self.refunded)
        for piece, part in zip(self.pieces, allocate(less, [Fraction(each, sum(rest)) for each in rest]), strict=True) if less else ():
            piece.gone += part


def commission(deals: Mapping[int, ModelDeal], partner: int) -> Iterator[tuple[Piece, int]]:
    """The partner's pieces and what is left of each."""
    for deal in deals.values():
        yield from ((piece, piece.left(piece.total)) for piece in deal.pieces if deal.won and piece.partner == partner)
