"""How protection goes on and ends: extensions asked for and decided, sales stages told, warnings, and the end by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.registration.domain import refusals as no
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.facts import (
    Ending,
    EndsSoon,
    Expired,
    Extended,
    ExtensionDeclined,
    ExtensionRequested,
    StageMoved,
)
from services.registration.domain.deals.protection import Protection, Window
from services.registration.domain.values import State
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True)
class Asked:
    """An extension that waits for a decision; `regular_end` is where protection would have ended without it.

    Undecided it keeps protection until `keeps_until`; a window that ends later was renewed since, whatever becomes of the request.
    """

    regular_end: datetime
    keeps_until: datetime

    def end_without(self, deal: Deal) -> datetime:
        """Where the deal's protection ends if nothing comes of the request."""
        end = deal.protection.window.end
        return end if end > self.keeps_until else self.regular_end


def ask_extension(deal: Deal, *, keep: timedelta, times: int, now: datetime) -> tuple[Deal, ExtensionRequested]:
    """Ask in time: protection holds until the decision, at most for `keep`; and the partner was heard of.

    Raises NotOpen, ProtectionOver, ExtensionsUsed.
    """
    _check_extensible(deal, times=times, now=now)
    until = max(deal.protection.window.end, now + keep)
    return replace(_until(deal, until), stage_at=now), ExtensionRequested(now, until)


def extend(deal: Deal, *, by: timedelta, times: int, now: datetime, asked: Asked | None = None) -> tuple[Deal, Extended]:
    """Prolong protection that still holds, at most `times` times. Raises NotOpen, ProtectionOver, ExtensionsUsed."""
    _check_extensible(deal, times=times, now=now)
    before = asked.end_without(deal) if asked else deal.protection.window.end
    extended = _until(deal, max(before + by, now))
    protection = replace(extended.protection, extensions=deal.protection.extensions + 1)
    return replace(extended, protection=protection, warned=False), Extended(now, before)


def decline_extension(deal: Deal, *, asked: Asked, reason: str, now: datetime) -> tuple[Deal, ExtensionDeclined]:
    """Protection ends where it would have ended, or now if that is over. Raises NotOpen."""
    if deal.state is not State.OPEN:
        raise no.NotOpen(state=deal.state)
    until = max(asked.end_without(deal), now)
    return _until(deal, until), ExtensionDeclined(now, until, reason)


def unasked(deal: Deal, asked: Asked) -> Deal:
    """A deal that is closed before its request was decided: reopened, it has what it would have had without it.

    Else asking, losing and reopening in turn would hold an account for ever.
    """
    return replace(deal, protection=_ending(deal.protection, asked.end_without(deal)))


def _check_extensible(deal: Deal, *, times: int, now: datetime) -> None:
    if deal.state is not State.OPEN:
        raise no.NotOpen(state=deal.state)
    if not deal.protection.holds_at(now):
        raise no.ProtectionOver
    if deal.protection.extensions >= times:
        raise no.ExtensionsUsed(times=times)


def move_stage(deal: Deal, *, stage: str, stages: tuple[str, ...], renew: timedelta | None, now: datetime) -> tuple[Deal, StageMoved]:
    """Note where the sale stands. An advance renews protection that holds where the programme says so (`renew`).

    `stages` are the programme's, in their order; without any, every word is taken and none is an advance. Raises NotOpen, StageUnknown.
    """
    if deal.state is not State.OPEN:
        raise no.NotOpen(state=deal.state)
    if stages and stage not in stages:
        raise no.StageUnknown(stages=", ".join(stages))
    moved = replace(deal, stage=stage, stage_at=now, warned=False, version=deal.version + 1)
    until = now + renew if renew and _advances(deal.stage, stage, stages) and deal.protection.holds_at(now) else None
    if until is None or until <= deal.protection.window.end:
        return moved, StageMoved(now, deal.stage, renewed=False)
    return replace(moved, protection=_ending(deal.protection, until)), StageMoved(now, deal.stage, renewed=True)


def _advances(before: str | None, after: str, stages: tuple[str, ...]) -> bool:
    known = stages.index(before) if before in stages else -1
    return after in stages and stages.index(after) > known


def quiet_since(deal: Deal) -> datetime:
    """When the partner was last heard of about this deal."""
    return deal.stage_at or deal.registered_at


def ends_by_itself(deal: Deal, *, quiet: timedelta | None) -> tuple[datetime, Ending]:
    """When and why exclusivity ends if nobody does anything; `quiet` is the silence after which the programme takes it away."""
    end = deal.protection.window.end
    if quiet is not None and (silent := quiet_since(deal) + quiet) < end:
        return silent, Ending.QUIET
    return end, Ending.WINDOW


def warn(deal: Deal, *, quiet: timedelta | None, now: datetime) -> tuple[Deal, EndsSoon]:
    """Announce the end, once for each window."""
    ends_at, because = ends_by_itself(deal, quiet=quiet)
    return replace(deal, warned=True, version=deal.version + 1), EndsSoon(now, ends_at, because)


def is_due(deal: Deal, *, now: datetime) -> bool:
    """Whether exclusivity has run out unannounced."""
    held = deal.protection
    return deal.state is State.OPEN and held.granted and held.ended_at is None and not held.expired and held.window.end <= now


def expire(deal: Deal) -> tuple[Deal, Expired]:
    """Exclusivity ends, the deal does not."""
    protection = replace(deal.protection, expired=True)
    return replace(deal, protection=protection, version=deal.version + 1), Expired(protection.window.end)


def lapse(deal: Deal, *, now: datetime) -> tuple[Deal, Expired]:
    """A silent registration loses its exclusivity before the window is over."""
    protection = replace(_ending(deal.protection, now), expired=True)
    return replace(deal, protection=protection, version=deal.version + 1), Expired(now, Ending.QUIET)


def _until(deal: Deal, end: datetime) -> Deal:
    return replace(deal, protection=_ending(deal.protection, end), version=deal.version + 1)


def _ending(protection: Protection, end: datetime) -> Protection:
    return replace(protection, window=Window(protection.window.start, end))
