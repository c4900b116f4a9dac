"""The words of a statement on paper: names of accounts, causes and kinds; days and amounts as people write them."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.commission.statement_paper import INK, NEGATIVE, Cell, Paper
from shared.chassis.money import Money

BUCKETS = {"held": "Held", "payable": "Payable", "in_payout": "In payout", "paid": "Paid out"}
CAUSES = {
    "accrual": "Commission accrued",
    "reversal": "Commission taken back",
    "spiff": "SPIFFs",
    "bonus": "Bonuses",
    "reward": "Rewards",
    "adjustment": "Adjustments",
    "released": "Holds ended",
    "frozen": "Held for a dispute",
    "thawed": "Free again after a dispute",
    "contested": "Held while a conflict is open",
    "conflict_decided": "Free again after a conflict",
    "payout_started": "Payouts started",
    "payout_paid": "Paid out",
    "payout_failed": "Payouts that failed, payable again",
}
KINDS = {
    "accrual": "Commission",
    "reversal": "Taken back",
    "spiff": "SPIFF",
    "bonus": "Bonus",
    "reward": "Reward",
    "adjustment": "Adjustment",
}
WIDTHS = (21.0, 21.0, 104.0, 32.0)  # of tables whose rows are two days, what it is, and an amount
MOST = 2_000  # rows of one table; a paper of a thousand pages helps nobody


def amount(minor: int, currency: str) -> str:
    """For people: 1,234.50, with a true minus sign."""
    whole, _, rest = str(Money(abs(minor), currency)).partition(".")
    return f"{'−' if minor < 0 else ''}{int(whole):,}{'.' + rest if rest else ''}"


def label(cause: str) -> str:
    """A cause in words; one that a later release knows is shown by its name."""
    return CAUSES.get(cause, cause.replace("_", " ").capitalize())


def day(text: str) -> str:
    """A day of the programme calendar."""
    return f"{date.fromisoformat(text):%d %b %Y}".lstrip("0")


def moment(text: str, zone: ZoneInfo) -> str:
    """The day of an instant in a time zone."""
    return f"{datetime.fromisoformat(text).astimezone(zone):%d %b %Y}".lstrip("0")


def money(minor: int, currency: str, *, bold: bool = False) -> Cell:
    """An amount with its currency."""
    return Cell(f"{amount(minor, currency)} {currency}", right=True, bold=bold, color=NEGATIVE if minor < 0 else INK)


def rest(paper: Paper, rows: Sequence[object]) -> None:
    """Say how many rows did not fit into a table."""
    if len(rows) > MOST:
        paper.note(f"{len(rows) - MOST:,} more stand in the statement that is attached to this file.")
