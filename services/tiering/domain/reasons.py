"""Why a partner stands where it stands, in a sentence that the partner can read."""

from services.tiering.domain.evaluations import Move
from services.tiering.domain.scoring import to_decimal
from services.tiering.domain.tiers import Policy
from services.tiering.domain.transitions import Changed
from shared.chassis.money import Money


def reason_of(move: Move, *, policy: Policy) -> str:
    """The place, the score with its parts, and what follows from it."""
    scored = move.ranked.scored
    revenue = Money(scored.revenue_minor, policy.currency)
    figures = f"score {to_decimal(scored.score):f} from {revenue} {policy.currency} and {to_decimal(scored.points):f} certification points"
    return f"{move.ranked.reason}; {figures}: {_outcome(move)}"


def _outcome(move: Move) -> str:
    holding, earned = move.holding, move.ranked.earned
    words = f"earns {earned}"
    changed = next((fact for fact in move.facts if isinstance(fact, Changed)), None)
    if changed is not None and changed.origin is not None and changed.to.level > changed.origin.level:
        words += f", falls to {changed.to} as announced"
    if holding.pending is not None:
        words += f", keeps {holding.tier} until {holding.pending.due:%Y-%m-%d}"
    return words
