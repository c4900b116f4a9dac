"""What facts wait for: every name that there is, with the reason to show, and what it tells people. Names are made here alone."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Reason(StrEnum):
    """Why a fact waits."""

    DEAL_UNKNOWN = "deal_unknown"
    DEAL_WAITING = "deal_waiting"
    TERMS_UNKNOWN = "terms_unknown"
    REOPEN_UNKNOWN = "reopen_unknown"
    NO_FX_RATE = "no_fx_rate"
    NO_PLAN = "no_plan"


class Wait(NamedTuple):
    """`name` is what is waited for, as who provides it releases it."""

    name: str
    reason: Reason


# How names begin that facts of many deals wait for: with their reason.
RATES, PLANS = f"{Reason.NO_FX_RATE}:", f"{Reason.NO_PLAN}:"
FOR_ALL = (RATES, PLANS)

_SENTENCES = {
    Reason.DEAL_UNKNOWN: "Its deal, or this close of it, is not known here yet.",
    Reason.DEAL_WAITING: "Its deal waits itself; it goes on behind it.",
    Reason.TERMS_UNKNOWN: "The terms that it was accepted under are still on their way.",
    Reason.REOPEN_UNKNOWN: "The deal is closed here already, and its reopening is still on its way.",
}


def closed(deal_id: UUID, number: int) -> str:
    """That a close is on record."""
    return f"close:{deal_id}:{number}"


def reopened(deal_id: UUID, number: int) -> str:
    """That a close is undone."""
    return f"reopened:{deal_id}:{number}"


def amended(deal_id: UUID, number: int) -> str:
    """That a close has other terms."""
    return f"terms:{deal_id}:{number}"


def rate(from_currency: str, to_currency: str, day: date) -> str:
    """That the pair has a rate of that day. `store/rates.py` takes the name apart."""
    return f"{RATES}{from_currency}:{to_currency}:{day}"


def plan(day: date, latest: int) -> str:
    """That there are more versions than `latest`, none of which was in force on that day. `store/rates.py` takes the name apart."""
    return f"{PLANS}{day}:{latest}"


def why(reason: str, name: str) -> str:
    """The sentence for what waits under that name."""
    _, _, about = name.partition(":")
    if reason == Reason.NO_FX_RATE:
        source, target, day = about.split(":")
        return f"There is no exchange rate from {source} to {target} for {day} yet; it goes on by itself when one is recorded."
    if reason == Reason.NO_PLAN:
        day, _, _ = about.partition(":")
        return f"No version of the plan is in force for it on {day} yet; it goes on by itself when one is recorded."
    return _SENTENCES[Reason(reason)] if reason in _SENTENCES else "It waits for another fact."
