"""An entry's derivation as steps whose amounts add up to it exactly, and as sentences that a partner could read."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.commission.domain.brackets import Slice
from services.commission.domain.entries import Accrued, Entry, Given, TakenBack
from services.commission.domain.plan import Base, Split
from shared.chassis.money import Money, exponent

REASONS = {
    "deal_won": "The deal was won.",
    "deal_amended": "The terms of the deal were corrected.",
    "deal_reopened": "The close of the deal was undone.",
    "refund": "Money went back to the customer.",
    "refunded_before_amendment": "Refunds made before the correction stay refunded.",
    "no_revenue": "No revenue of the deal counts for this partner, so nothing is due.",
    "rate_zero": "The plan pays nothing on this revenue.",
    "below_one_unit": "What is due is less than half of the currency's smallest unit, so nothing moves yet.",
    "nothing_accrued": "Nothing had accrued, so nothing is taken back.",
    "nothing_left": "Everything had been taken back before.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`amount` is exact, in major units; the amounts of an entry's steps add up to its own."""

    what: str
    amount: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How an entry came about."""

    steps: tuple[Step, ...]
    sentences: tuple[str, ...]


def explain(entry: Entry) -> Explanation:
    """Steps and sentences for an entry."""
    if isinstance(entry.derivation, Accrued):
        steps, told = _accrued(entry, entry.derivation)
    elif isinstance(entry.derivation, TakenBack):
        steps, told = _taken_back(entry, entry.derivation)
    else:
        steps, told = _given(entry, entry.derivation)
    reason = REASONS.get(entry.reason, entry.reason)
    return Explanation(tuple(steps), (reason, *told, _total(entry), *_hold(entry)))


def _total(entry: Entry) -> str:
    amount = f"This entry is {_money(entry.amount, entry.currency)}"
    if not entry.plan_version:
        return f"{amount}, as decided; no version of the plan made it."
    return f"{amount}, by version {entry.plan_version} of the plan, which rules deals closed then."


def _given(entry: Entry, how: Given) -> tuple[list[Step], list[str]]:
    told = [f"{name}: {value}." for name, value in how.figures]
    return [Step(how.note, major(entry.amount, entry.currency))], told


def major(minor: Fraction | int, currency: str) -> str:
    """Exact minor units as major units, with at least the currency's decimals: 15000.00, 0.3155. They are finite decimals."""
    places = exponent(currency)
    value = Fraction(minor) / 10**places
    digits = next(n for n in range(places, places + 40) if 10**n % value.denominator == 0)
    scaled = abs(value) * 10**digits
    whole, rest = divmod(scaled.numerator, 10**digits)
    return f"{'-' if value < 0 else ''}{whole}" + (f".{rest:0{digits}d}" if digits else "")


def _money(minor: int, currency: str) -> str:
    whole, _, rest = str(Money(minor, currency)).partition(".")
    return f"{int(whole):,}{'.' + rest if rest else ''} {currency}" if minor >= 0 else "-" + _money(-minor, currency)


def _percent(rate: Fraction) -> str:
    percent = f"{Decimal(rate.numerator * 100) / rate.denominator:.6f}"
    return f"{percent.rstrip('0').rstrip('.')} %"


def _accrued(entry: Entry, how: Accrued) -> tuple[list[Step], list[str]]:
    currency = entry.currency
    steps = [Step(_slice_text(part, currency), major(part.exact, currency)) for part in how.slices]
    rounding = how.earned - sum((part.exact for part in how.slices), Fraction(0))
    if rounding:
        steps.append(Step("rounding of the cumulative figures, half up to the smallest unit", major(rounding, currency)))
    if how.split is Split.COMMISSION and entry.amount != how.earned:
        steps.append(Step(f"the parts of the other beneficiaries (this share is {how.share})", major(entry.amount - how.earned, currency)))
    return steps or [Step("nothing is due on this revenue", major(entry.amount, currency))], _credit(entry, how)


def _credit(entry: Entry, how: Accrued) -> list[str]:
    currency = entry.currency
    credit = f"The deal sold for {_money(how.sold, currency)}; a share of {how.share} of it is credited to this partner."
    if how.base is Base.DEAL:
        return [credit, f"Each deal is rated by itself: {_money(how.revenue, currency)}."]
    whose = "the registrant's" if how.split is Split.COMMISSION else "the partner's"
    moved = f"In the period {how.period} it moved {whose} position from {_money(how.before, currency)} to {_money(how.after, currency)}."
    return [credit, moved]


def _slice_text(part: Slice, currency: str) -> str:
    upper = f"to {_money(part.end, currency)}" if part.end is not None else "and above"
    flat = f" plus {_money(part.flat, currency)} once" if part.flat else ""
    return f"{_percent(part.rate)} of {_money(part.revenue, currency)} (bracket from {_money(part.start, currency)} {upper}){flat}"


def _taken_back(entry: Entry, how: TakenBack) -> tuple[list[Step], list[str]]:
    currency = entry.currency
    back, sold = _money(how.refunded, currency), _money(how.sold, currency)
    steps = [
        Step(f"{_money(how.total, currency)} accrued × {back} refunded so far / {sold} sold, rounded half up", major(-how.due, currency))
    ]
    if how.already:
        steps.append(Step("taken back before", major(how.already, currency)))
    due, total, already = (_money(minor, currency) for minor in (how.due, how.total, how.already))
    told = f"Once {back} of {sold} is back, {due} of the {total} accrued is taken back in all; {already} was before."
    return steps, [told, f"It reverses entry {entry.reverses}, at the version and slices of that entry."]


def _hold(entry: Entry) -> tuple[str, ...]:
    if entry.release_at is None or isinstance(entry.derivation, TakenBack) or not entry.amount:
        return ()
    return (f"It is held until {entry.release_at:%Y-%m-%d %H:%M} UTC and payable after that.",)
