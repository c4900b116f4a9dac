"""What a partner may see of an event: fields named here, per type; never another partner's id, share or free words about it.

What is not named is not shown, so a field that a producer adds tomorrow stays hidden until someone decides about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Body: TypeAlias = "dict[str, Json]"

_EVERY = frozenset({"occurred_at", "recorded_at", "partner_id"})
_DEAL = _EVERY | {"deal_id"}
# What everyone who is credited may know of a closed deal; `credits` and `overlays` are cut down to the viewer's own.
_SHARED_TERMS = frozenset(
    {"occurred_at", "recorded_at", "deal_id", "close_number", "closed_at", "amount", "lines", "credits", "overlays", "territory", "country"}
)
_TERMS = _SHARED_TERMS | {"partner_id"}
_CONFLICT = _EVERY | {"conflict_id", "side_id", "deal_ids"}
_LEAD = _EVERY | {"lead_id", "direction"}
_COSELL = _DEAL | {"agreement_id", "number"}
_COMMISSION = _EVERY | {"entry_id", "deal_id", "amount"}
_PAYOUT = _EVERY | {"payout_id", "amount", "pays"}
_DISPUTE = _EVERY | {"dispute_id", "entry_id", "deal_id"}
_TIER = _EVERY | {"from_tier", "to_tier", "reason", "effective_at"}
_LEARNING = _EVERY | {"person_id", "course_id", "level"}

# The owner of the event's facts: the partner of its `partner_id`.
OWNER_SEES: Mapping[str, frozenset[str]] = {
    "partner.activated": _EVERY | {"name", "partner_type", "region", "country", "enrolled_at"},
    "partner.suspended": _EVERY | {"reason"},
    "partner.terminated": _EVERY | {"reason"},
    "deal.registered": _DEAL
    | {"account_id", "families", "territory", "country", "registered_at", "protected", "protected_from", "protected_until", "expected"}
    | {"source", "external_id", "lead_id"},
    "deal.duplicate_refused": _EVERY | {"refusal_id", "account_name", "families", "territory", "code", "waiting_id"},
    "deal.extended": _DEAL | {"previous_until", "protected_until"},
    "deal.expired": _DEAL | {"expired_at", "because"},
    "deal.withdrawn": _DEAL | {"reason"},
    "deal.closed": _TERMS | {"outcome", "protected"},
    "deal.amended": _TERMS | {"revision", "reason"},
    "deal.reopened": _DEAL | {"close_number", "reason", "protected", "protected_from", "protected_until"},
    "deal.refunded": _DEAL | {"refund_id", "close_number", "amount", "lines", "reason"},
    "deal.submitted": _DEAL | {"account_id", "families", "territory", "country", "registered_at", "blocks_until", "submission", "expected"},
    "deal.returned": _DEAL | {"asked"},
    "deal.rejected": _DEAL | {"reason"},
    "deal.extension_requested": _DEAL | {"protected_until"},
    "deal.extension_declined": _DEAL | {"protected_until", "reason"},
    "deal.stage_changed": _DEAL | {"stage", "previous_stage", "protected_until", "renewed"},
    "deal.expiring": _DEAL | {"ends_at", "because"},
    "review.late": _DEAL | {"escalated"},
    "account.offered": _EVERY | {"waiting_id", "account_name", "families", "territory", "offered_until"},
    "account.offer_withdrawn": _EVERY | {"waiting_id", "account_name", "families", "territory"},
    "account.waiting_ended": _EVERY | {"waiting_id", "account_name", "families", "territory", "reason", "deal_id", "continued_by"},
    # Not the reason, nor who had the deal before: a decision between rivals.
    "deal.reassigned": _DEAL
    | {"account_id", "families", "territory", "country", "registered_at", "protected", "protected_from", "protected_until"},
    "deal.protection_ended": _DEAL | {"ended_at"},
    "conflict.opened": _CONFLICT | {"kind"},
    "conflict.escalated": _CONFLICT | {"step"},
    "conflict.decided": _CONFLICT | {"effect", "share", "policy_version", "clause"},
    "conflict.communicated": _CONFLICT | {"effect"},
    "lead.shared": _LEAD | {"account_name", "country", "families", "territory", "expected", "answer_by"},
    "lead.reminded": _LEAD | {"answer_by"},
    "lead.accepted": _LEAD | {"convert_by"},
    "lead.declined": _LEAD,
    "lead.withdrawn": _LEAD,
    "lead.aged": _LEAD | {"missed", "due_at"},
    "lead.converted": _LEAD | {"deal_id"},
    "lead.lost": _LEAD,
    "lead.given_back": _LEAD,
    "cosell.invited": _COSELL | {"role", "share", "overlay", "hash", "respond_by"},
    "cosell.agreed": _COSELL | {"role", "share", "overlay", "hash"},
    "cosell.ended": _COSELL | {"reason", "because"},
    "cosell.step_overdue": _EVERY | {"step_id", "agreement_id", "due_on"},
    "commission.accrued": _COMMISSION | {"revenue", "plan_version", "rule", "release_at"},
    "commission.reversed": _COMMISSION | {"reverses", "reason"},
    "commission.released": _COMMISSION,
    "commission.adjusted": _COMMISSION | {"kind", "reason", "reverses"},
    "commission.statement_issued": _EVERY | {"statement_id", "number", "period_from", "period_until", "hash", "balances"},
    "commission.payout_started": _PAYOUT,
    "commission.payout_paid": _PAYOUT | {"reference"},
    "commission.payout_failed": _PAYOUT | {"reason"},
    "commission.dispute_opened": _DISPUTE | {"hold", "held", "due_at"},
    "commission.dispute_answered": _DISPUTE | {"due_at"},
    "commission.dispute_resolved": _DISPUTE | {"outcome", "adjustment", "adjustment_entry_id"},
    "tier.changed": _TIER,
    "tier.downgrade_pending": _TIER,
    "training.completed": _LEARNING | {"completion_id"},
    "certification.passed": _LEARNING | {"certificate_id", "valid_until"},
    "certification.expired": _LEARNING | {"certificate_id", "expired_at"},
}
# Others with a share in the deal: not who registered it, and no free text, which may name anybody.
CREDITED_SEES: Mapping[str, frozenset[str]] = {
    "deal.closed": _SHARED_TERMS | {"outcome"},
    "deal.amended": _SHARED_TERMS | {"revision"},
}
EVENT_TYPES = tuple(OWNER_SEES)
_SHARES = ("credits", "overlays")


@dataclass(frozen=True, slots=True)
class View:
    """An event as one viewer gets it; `viewer` is None for the vendor's own staff, who see all of it."""

    viewer: UUID | None
    body: Body


def views(event_type: str, body: Body) -> list[View]:
    """Everybody's view of an event: the vendor's, its owner's, and those of the other partners with a share in it."""
    owner = str(body["partner_id"])
    shown = [View(None, body), View(UUID(owner), _shown(body, OWNER_SEES[event_type], viewer=owner))]
    if event_type in CREDITED_SEES:
        others = dict.fromkeys(partner for partner in _credited(body) if partner != owner)
        shown += [View(UUID(partner), _shown(body, CREDITED_SEES[event_type], viewer=partner)) for partner in others]
    return shown


def _shown(body: Body, fields: frozenset[str], *, viewer: str) -> Body:
    shown = {name: value for name, value in body.items() if name in fields}
    for name in _SHARES:
        if name in shown:
            shown[name] = [share for share in _rows(body, name) if share["partner_id"] == viewer]
    return shown


def _credited(body: Body) -> list[str]:
    return [str(share["partner_id"]) for name in _SHARES for share in _rows(body, name)]


def _rows(body: Body, name: str) -> list[Body]:
    rows = body.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
