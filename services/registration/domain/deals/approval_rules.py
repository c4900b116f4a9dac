"""Which registrations the programme approves by itself: rules over partner, size, territory and how surely the customer is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import ge, lt

from services.registration.domain.values import Confidence
from shared.chassis.money import Money


class Mode(StrEnum):
    """`automatic`: all; `rules`: what a rule approves; `manual`: none."""

    AUTOMATIC = "automatic"
    RULES = "rules"
    MANUAL = "manual"


class Verdict(StrEnum):
    """What a rule says."""

    APPROVE = "approve"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What rules may look at. `path` is the territory's place in the tree, "/EMEA/DACH/DE"."""

    tier: str | None
    kind: str | None
    expected: Money | None
    path: str
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """Matches if all that it names does; `min_amount` is inclusive, `max_amount` exclusive, in their own currency alone."""

    name: str
    then: Verdict
    tiers: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    confidence: frozenset[Confidence] = frozenset()
    min_amount: Money | None = None
    max_amount: Money | None = None

    def matches(self, case: Case) -> bool:
        return (
            (not self.tiers or case.tier in self.tiers)
            and (not self.kinds or case.kind in self.kinds)
            and (not self.confidence or case.confidence in self.confidence)
            and (not self.paths or any(f"{case.path}/".startswith(f"{path}/") for path in self.paths))
            and self._fits(case.expected)
        )

    def _fits(self, amount: Money | None) -> bool:
        """An amount that is not told, or in another currency, is within no limit."""
        for limit, holds in ((self.min_amount, ge), (self.max_amount, lt)):
            if limit is not None and (amount is None or amount.currency != limit.currency or not holds(amount.minor, limit.minor)):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and why a person has to look: a sentence for staff."""

    verdict: Verdict
    reason: str


def judge(case: Case, *, mode: Mode, rules: Sequence[ApprovalRule]) -> Judgement:
    """The first rule that matches decides; what none approves is reviewed. A customer who may be known already always is."""
    if case.confidence is Confidence.PROBABLE:
        return Judgement(Verdict.REVIEW, "The customer may be one that is known already.")
    if mode is Mode.AUTOMATIC:
        return Judgement(Verdict.APPROVE, "The programme approves every registration.")
    if mode is Mode.MANUAL:
        return Judgement(Verdict.REVIEW, "The programme looks at every registration.")
    for rule in rules:
        if rule.matches(case):
            return Judgement(rule.then, f"By the rule “{rule.name}”.")
    return Judgement(Verdict.REVIEW, "No rule approves it.")
