"""Conflicts and their sides as rows and back."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson

from services.registration.domain.conflicts import conflict as domain
from services.registration.domain.conflicts.conflict import (
    Clause,
    Conflict,
    ConflictOutcome,
    ConflictState,
    ConflictStep,
    Effect,
    Kind,
    Ruling,
    Said,
    Side,
)
from services.registration.domain.values import AccountId, Credit, DealId, PartnerId


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as one JSON array for `jsonb_populate_recordset`."""
    return orjson.dumps(rows, default=str).decode()  # asyncpg has a UUID of its own


def conflict_row(conflict: Conflict, deal_ids: Sequence[DealId]) -> dict[str, Any]:
    """The row of a new conflict about these deals."""
    return {
        "id": conflict.id,
        "fingerprint": domain.fingerprint(conflict.kind, deal_ids),
        "kind": conflict.kind.value,
        "account_id": conflict.account_id,
        "by_rule": conflict.by_rule,
        "note": conflict.opened.text,
        "opened_at": conflict.opened.at,
        "opened_by": conflict.opened.by,
        **moving(conflict),
    }


def moving(conflict: Conflict) -> dict[str, Any]:
    """The columns that change in its life."""
    return {
        "step": conflict.step.value,
        "step_due_at": conflict.step_due_at,
        "owner": conflict.owner,
        "escalated_at": conflict.escalated_at,
        "state": conflict.state.value,
        "ruling": _ruling_json(conflict.ruling) if conflict.ruling else None,
        "version": conflict.version,
    }


def side_row(side: Side, conflict: Conflict) -> dict[str, Any]:
    """The row of a side: its own part, and what it sees of the conflict."""
    return {
        "id": side.id,
        "conflict_id": side.conflict_id,
        "partner_id": side.partner_id,
        "deal_ids": side.deal_ids,
        "account_name": side.account_name,
        "effect": side.effect.value if side.effect else None,
        "share": str(side.share) if side.share is not None else None,
        "version": side.version,
        "kind": conflict.kind.value,
        "opened_on": conflict.opened.at.date(),
        "step": conflict.step.value,
        "step_due_on": conflict.step_due_at.date(),
        "state": conflict.state.value,
    }


def read_conflict(row: Any) -> Conflict:
    """The conflict in a row."""
    return Conflict(
        id=row.id,
        kind=Kind(row.kind),
        account_id=AccountId(row.account_id),
        by_rule=row.by_rule,
        opened=Said(row.note, row.opened_at, row.opened_by),
        step=ConflictStep(row.step),
        step_due_at=row.step_due_at,
        owner=row.owner,
        escalated_at=row.escalated_at,
        state=ConflictState(row.state),
        ruling=_ruling(row.ruling) if row.ruling is not None else None,
        version=row.version,
    )


def read_side(row: Any) -> Side:
    """The side in a row."""
    return Side(
        id=row.id,
        conflict_id=row.conflict_id,
        partner_id=PartnerId(row.partner_id) if row.partner_id else None,
        deal_ids=tuple(DealId(deal_id) for deal_id in row.deal_ids),
        account_name=row.account_name,
        effect=Effect(row.effect) if row.effect else None,
        share=Fraction(row.share) if row.share else None,
        version=row.version,
    )


def _ruling_json(ruling: Ruling) -> dict[str, Any]:
    return {
        "outcome": ruling.outcome.value,
        "policy_version": ruling.clause.policy_version,
        "clause": ruling.clause.path,
        "reason": ruling.said.text,
        "at": ruling.said.at,
        "by": ruling.said.by,
        "deal_id": ruling.deal_id,
        "to": ruling.to,
        "credits": [[credit.partner_id, str(credit.share)] for credit in ruling.credits],
    }


def _ruling(value: Any) -> Ruling:
    body = orjson.loads(value) if isinstance(value, str | bytes) else value
    return Ruling(
        outcome=ConflictOutcome(body["outcome"]),
        clause=Clause(body["policy_version"], body["clause"]),
        said=Said(body["reason"], datetime.fromisoformat(body["at"]), body["by"]),
        deal_id=DealId(UUID(body["deal_id"])) if body["deal_id"] else None,
        to=PartnerId(UUID(body["to"])) if body["to"] else None,
        credits=tuple(Credit(PartnerId(UUID(partner)), Fraction(share)) for partner, share in body["credits"]),
    )
