"""The choices that a plan version makes for a deal as a whole."""

from enum import StrEnum


class Base(StrEnum):
    """What the brackets apply to: the partner's revenue of the period, or each deal alone."""

    CUMULATIVE = "cumulative"
    DEAL = "deal"


class Split(StrEnum):
    """Revenue: each share counts in its partner's own position. Commission: figured once for the registrant, then divided."""

    REVENUE = "revenue"
    COMMISSION = "commission"


class Refunds(StrEnum):
    """Original: pro rata of what accrued. Rerate: the difference of the schedule at today's position."""

    ORIGINAL = "original"
    RERATE = "rerate"


class EarnedOn(StrEnum):
    """What commission is earned on: the won deal, what is invoiced of it, or what is paid."""

    WON = "won"
    INVOICED = "invoiced"
    PAID = "paid"


class Pays(StrEnum):
    """What the agreement pays: commission, margin (the discount that the partner keeps; nothing is posted), or both."""

    COMMISSION = "commission"
    MARGIN = "margin"
    BOTH = "both"
