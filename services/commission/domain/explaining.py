"""An entry's derivation as steps whose amounts add up to it exactly, and as sentences that a partner could read."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.commission.domain.brackets import Slice
from services.commission.domain.entries import Accrued, Entry, Given, LineFigure, Rerated, TakenBack, Worked
from services.commission.domain.options import Base, Split
from shared.chassis.money import Money, exponent, round_half_up

REASONS = {
    "deal_won": "The deal was won.",
    "deal_amended": "The terms of the deal were corrected.",
    "deal_reopened": "The close of the deal was undone.",
    "refund": "Money went back to the customer.",
    "refund_in_time": "Money went back to the customer; what went back after the limit of clawback is left out.",
    "refunded_before_amendment": "Refunds made before the correction stay refunded.",
    "no_revenue": "No revenue of the deal counts for this partner, so nothing is due.",
    "rate_zero": "The plan pays nothing on this revenue.",
    "below_one_unit": "What is due is less than half of the currency's smallest unit, so nothing moves yet.",
    "nothing_accrued": "Nothing had accrued, so nothing is taken back.",
    "nothing_left": "Everything had been taken back before.",
    "capped": "A limit leaves nothing of it.",
    "paid_by_margin": "The agreement pays by margin: the partner keeps the discount, and nothing is posted.",
    "clawback_over": "The refund came after the limit of clawback, so the partner keeps what accrued.",
    "not_invoiced_yet": "The plan earns on invoices, and nothing is invoiced yet.",
    "not_paid_yet": "The plan earns on payments, and nothing is paid yet.",
    "invoiced": "A part of the deal was invoiced.",
    "paid": "A part of the deal was paid.",
    "spiff": "The deal earned an extra.",
    "target_reached": "The target of the period was reached.",
    "bonus_changed": "The revenue of the period changed after its bonus was posted.",
    "came_first": "The partner came among the first of the period.",
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
    steps, told = _told(entry)
    reason = REASONS.get(entry.reason, entry.reason)
    return Explanation(tuple(steps), (reason, *told, _total(entry), *_hold(entry)))


def _told(entry: Entry) -> tuple[list[Step], list[str]]:
    match entry.derivation:
        case Accrued() as how:
            return _accrued(entry, how)
        case Worked() as how:
            return _worked(entry, how)
        case TakenBack() as how:
            return _taken_back(entry, how)
        case Rerated() as how:
            return _rerated(entry, how)
        case Given() as how:
            return _given(entry, how)


def _total(entry: Entry) -> str:
    amount = f"This entry is {money(entry.amount, entry.currency)}"
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


def money(minor: int, currency: str) -> str:
    """Minor units for people: 1,054.00 USD."""
    whole, _, rest = str(Money(minor, currency)).partition(".")
    return f"{int(whole):,}{'.' + rest if rest else ''} {currency}" if minor >= 0 else "-" + money(-minor, currency)


def percent(rate: Fraction) -> str:
    """A rate for people: 12.5 %."""
    shown = f"{Decimal(rate.numerator * 100) / rate.denominator:.6f}"
    return f"{shown.rstrip('0').rstrip('.')} %"


def _accrued(entry: Entry, how: Accrued) -> tuple[list[Step], list[str]]:
    currency = entry.currency
    steps = [Step(_slice_text(part, currency), major(part.exact, currency)) for part in how.slices]
    rounding = how.earned - sum((part.exact for part in how.slices), Fraction(0))
    if rounding:
        steps.append(Step("rounding of the cumulative figures, half up to the smallest unit", major(rounding, currency)))
    if how.split is Split.COMMISSION and entry.amount != how.earned:
        steps.append(Step(f"the parts of the other beneficiaries (this share is {how.share})", major(entry.amount - how.earned, currency)))
    return steps or [Step("nothing is due on this revenue", major(entry.amount, currency))], _credit(entry, how)


def _worked(entry: Entry, how: Worked) -> tuple[list[Step], list[str]]:
    """Line by line, then what rounding, the split and the limits make of it."""
    currency = entry.currency
    steps = [step for line in how.lines for step in _line(line, currency)]
    if rounding := how.earned - sum((_finite(line.earned) for line in how.lines), Fraction(0)):
        steps.append(Step("rounding of the rules' figures, half up to the smallest unit", major(rounding, currency)))
    cut = sum(each.amount for each in how.cuts)
    if others := entry.amount + cut - how.earned:
        steps.append(Step(f"the parts of the other beneficiaries (this share is {how.share})", major(others, currency)))
    steps += [Step(f"cut: {each.why.replace('_', ' ')}", major(-each.amount, currency)) for each in how.cuts]
    credit = f"The deal counts {money(how.sold, currency)}; a share of {how.share} of it is credited to this partner."
    return steps or [Step("nothing is due on this revenue", major(entry.amount, currency))], [credit, *_place(how, currency), *_rate(how)]


def _place(how: Worked, currency: str) -> list[str]:
    if how.placed is None:
        return []
    if how.placed.base is Base.DEAL:
        return ["Each deal is rated by itself."]
    moved = f"from {money(how.placed.before, currency)} to {money(how.placed.after, currency)}"
    return [f"In the period {how.placed.period} it moved the position that it counts in {moved}."]


def _rate(how: Worked) -> list[str]:
    if how.exchange is None:
        return []
    rate = Decimal(how.exchange.rate.numerator) / how.exchange.rate.denominator
    return [f"One {how.exchange.currency} counts as {rate:f}, the rate of {how.exchange.day} by {how.exchange.source}."]


def _line(line: LineFigure, currency: str) -> list[Step]:
    name = f"line {line.line_id}, " if line.line_id else ""
    if not line.slices:
        return (
            [Step(f"{name}rule {line.rule} on {money(line.revenue, currency)}", major(_finite(line.earned), currency))]
            if line.earned
            else []
        )
    steps = [Step(f"{name}{_slice_text(part, currency)}", major(part.exact, currency)) for part in line.slices]
    if rounding := line.earned - sum((part.exact for part in line.slices), Fraction(0)):
        steps.append(Step("rounding of the cumulative figures, half up to the smallest unit", major(rounding, currency)))
    return steps


def _finite(figure: Fraction) -> Fraction:
    """The exact figure, or, where its decimals have no end (thirds of an amount), its nearest millionth; rounding takes up the rest."""
    return figure if 10**36 % figure.denominator == 0 else Fraction(round_half_up(figure * 10**6), 10**6)


def _credit(entry: Entry, how: Accrued) -> list[str]:
    currency = entry.currency
    credit = f"The deal sold for {money(how.sold, currency)}; a share of {how.share} of it is credited to this partner."
    if how.base is Base.DEAL:
        return [credit, f"Each deal is rated by itself: {money(how.revenue, currency)}."]
    whose = "the registrant's" if how.split is Split.COMMISSION else "the partner's"
    moved = f"In the period {how.period} it moved {whose} position from {money(how.before, currency)} to {money(how.after, currency)}."
    return [credit, moved]


def _slice_text(part: Slice, currency: str) -> str:
    upper = f"to {money(part.end, currency)}" if part.end is not None else "and above"
    flat = f" plus {money(part.flat, currency)} once" if part.flat else ""
    return f"{percent(part.rate)} of {money(part.revenue, currency)} (bracket from {money(part.start, currency)} {upper}){flat}"


def _taken_back(entry: Entry, how: TakenBack) -> tuple[list[Step], list[str]]:
    currency, sold_in = entry.currency, how.sold_in or entry.currency
    back, sold = money(how.refunded, sold_in), money(how.sold, sold_in)
    by = "line by line" if entry.rule == "lines" else f"× {back} refunded so far / {sold} sold"
    steps = [Step(f"{money(how.total, currency)} accrued, {by}, rounded half up", major(-how.due, currency))]
    if how.already:
        steps.append(Step("taken back before", major(how.already, currency)))
    due, total, already = (money(minor, currency) for minor in (how.due, how.total, how.already))
    told = f"Once {back} of {sold} is back, {due} of the {total} accrued is taken back in all; {already} was before."
    return steps, [told, f"It reverses entry {entry.reverses}, at the version and slices of that entry."]


def _rerated(entry: Entry, how: Rerated) -> tuple[list[Step], list[str]]:
    currency = entry.currency
    steps = [
        Step("the schedule on what stood of the deal, taken back", major(-how.was, currency)),
        Step("the schedule on what is left of it", major(how.now, currency)),
    ]
    if how.rules:
        steps.append(Step("what rules had given, pro rata", major(-how.rules, currency)))
    if others := entry.amount - (how.now - how.was - how.rules):
        steps.append(Step("the parts of the other beneficiaries", major(others, currency)))
    moved = f"The position went from {money(how.before, currency)} to {money(how.after, currency)}."
    return steps, [moved, f"It reverses entry {entry.reverses} by the schedule, at the version of that entry."]


def _hold(entry: Entry) -> tuple[str, ...]:
    if entry.release_at is None or isinstance(entry.derivation, TakenBack | Rerated) or not entry.amount:
        return ()
    return (f"It is held until {entry.release_at:%Y-%m-%d %H:%M} UTC and payable after that.",)
