"""What a partner's entries began from that its own facts do not tell: it is given in the statement, and stated as given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.commission.domain.book import Book
from services.commission.domain.calendar import Calendar, Period, PeriodKind
from services.commission.domain.entries import Accrued, Entry, Kind, Rerated, Worked
from services.commission.domain.facts import PROGRAMME, AnyFact
from services.commission.domain.options import Base
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan
from services.commission.domain.tallies import Key, Tallies, Tally, spiff_used
from shared.chassis.errors import Refused

_FAR = 10**15  # a position from which whatever goes back leaves more than 0


@dataclass(frozen=True, slots=True)
class Given:
    """`positions` of the registrant by period, before the fact; `used` of SPIFFs' budgets when it was the partner's turn."""

    positions: tuple[tuple[str, int], ...] = ()
    used: tuple[tuple[str, int], ...] = ()


NOTHING_GIVEN = Given()


class StatedTallies(Tallies):
    """The partner's own sums are kept; those of the programme, which all partners share, are as given for the fact."""

    def __init__(self, own: Mapping[Key, int]) -> None:
        super().__init__(own)
        self.given: dict[str, int] = {}

    def at(self, partner_id: UUID, name: str, *, changes: Iterable[Tally] = ()) -> int:
        """The programme's sum; 0 where it did not bind."""
        return self.given.get(name, 0) if partner_id == PROGRAMME else super().at(partner_id, name, changes=changes)


def place(book: Book, fact: AnyFact, partner_id: UUID, given: Given) -> None:
    """Put the sums of others where they stood."""
    if isinstance(book.tallies, StatedTallies):
        book.tallies.given = {spiff_used(name): used for name, used in given.used}
    if fact.partner_id not in (partner_id, PROGRAMME):
        calendar = book.plan.calendar
        book.positions.give(fact.partner_id, {_period(calendar, label): position for label, position in given.positions})


def given_by(book: Book, fact: AnyFact, partner_id: UUID, entries: Sequence[Entry]) -> Given:
    """What the ledger's `entries` of the fact tell: a budget's rest by what it cut, a position by a trial from another one.

    Every position that a fact rates from moves one to one with the one before it.
    """
    used = tuple(found for entry in entries for found in _used(entry, book.plan))
    wanted = {entry.id: (period.label, before) for entry in entries for period, before in _begun(entry, partner_id, book.plan)}
    if not wanted:
        return Given(used=used)
    labels = {label for label, _ in wanted.values()}
    place(book, fact, partner_id, Given(tuple((label, _FAR) for label in labels), used))
    try:
        outcome = book.tried(fact)
    except Refused:
        return Given(used=used)
    positions = {}
    for entry in outcome.entries if isinstance(outcome, Posting) else ():
        for period, before in _begun(entry, partner_id, book.plan):
            if entry.id in wanted and period.label == wanted[entry.id][0]:
                positions[period.label] = wanted[entry.id][1] - before + _FAR
    return Given(tuple(sorted(positions.items())), used)


def _begun(entry: Entry, partner_id: UUID, plan: Plan) -> Iterable[tuple[Period, int]]:
    """The position of another partner that an entry was figured from, if it was."""
    how = entry.derivation
    placed = how.placed if isinstance(how, Worked) else how if isinstance(how, Accrued | Rerated) else None
    if placed is None or placed.position_of == partner_id:
        return
    version = plan.version(entry.plan_version)
    if version.base is Base.CUMULATIVE:
        yield plan.calendar.period(version.period, entry.month), placed.before


def _used(entry: Entry, plan: Plan) -> Iterable[tuple[str, int]]:
    """How much of a budget was used where it cut the partner's SPIFF."""
    if entry.kind is not Kind.SPIFF or not isinstance(entry.derivation, Worked):
        return
    cuts = entry.derivation.cuts
    for index, cut in enumerate(cuts):
        if cut.why == f"budget of SPIFF {entry.rule}":
            left = entry.amount + sum(later.amount for later in cuts[index + 1 :])
            budget = next(spiff.budget for spiff in plan.version(entry.plan_version).spiffs if spiff.name == entry.rule)
            yield entry.rule, (budget or 0) - left


def _period(calendar: Calendar, label: str) -> Period:
    """The period of that label. Raises ValueError."""
    kind, _, start = label.partition(":")
    return calendar.period(PeriodKind(kind), date.fromisoformat(start) if start else date.min)
