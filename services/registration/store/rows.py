"""Deals as rows and back: columns for what is searched, JSON for what is only read together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson

from services.registration.domain.deals.deal import Deal, Origin
from services.registration.domain.deals.facts import Refund, RefundPart
from services.registration.domain.deals.protection import Protection, Scope, Window
from services.registration.domain.values import AccountId, Credit, DealId, Line, PartnerId, State, Terms
from services.registration.store.documents import loaded
from services.registration.store.tables.deals import deals
from shared.chassis.database.rows import Row
from shared.chassis.money import Money

COLUMNS = tuple(column.name for column in deals.columns)


def as_json(rows: Sequence[Deal], *, recorded_at: datetime) -> str:
    """The rows as one JSON array for `jsonb_populate_recordset(null::deals, …)`."""
    return orjson.dumps([_row(deal, recorded_at=recorded_at) for deal in rows], default=str).decode()  # asyncpg has a UUID of its own


def _row(deal: Deal, *, recorded_at: datetime) -> dict[str, Any]:
    scope, protection, terms = deal.scope, deal.protection, deal.terms
    return {
        "id": deal.id,
        "partner_id": deal.partner_id,
        "account_id": scope.account_id,
        "account_name": deal.account_name,
        "families": scope.families,
        "territory": deal.territory,
        "path": scope.path,
        "country": deal.country,
        "registered_at": deal.registered_at,
        "recorded_at": recorded_at,
        "granted": protection.granted,
        "protected_from": protection.window.start,
        "protected_until": protection.window.end,
        "protection_ended_at": protection.ended_at,
        "expired": protection.expired,
        "extensions": protection.extensions,
        "conflict": deal.conflict,
        "state": deal.state.value,
        "version": deal.version,
        "close_number": deal.close_number,
        "revision": deal.revision,
        "closed_at": terms.closed_at if terms else None,
        "currency": terms.amount.currency if terms else None,
        "amount_minor": terms.amount.minor if terms else None,
        "terms": _terms_json(terms) if terms else None,
        "refunds": [_refund_json(refund) for refund in deal.refunds],
        "expected_minor": deal.expected.minor if deal.expected else None,
        "expected_currency": deal.expected.currency if deal.expected else None,
        "reassigned_from": deal.reassigned_from,
        "credits_fixed": [[credit.partner_id, str(credit.share)] for credit in deal.credits_fixed] or None,
        **_origin_json(deal.origin),
        "evidence": deal.evidence,
        "stage": deal.stage,
        "stage_at": deal.stage_at,
        "submissions": deal.submissions,
        "warned": deal.warned,
        "lead_id": deal.lead_id,
    }


def _origin_json(origin: Origin | None) -> dict[str, Any]:
    return {
        "source": origin.source if origin else None,
        "external_id": origin.external_id if origin else None,
        "source_changed_at": origin.changed_at if origin else None,
        "source_version": origin.version if origin else None,
        "source_digest": origin.digest if origin else None,
    }


def _terms_json(terms: Terms) -> dict[str, Any]:
    return {
        "lines": [[line.line_id, line.product, line.family, line.quantity, line.amount_minor] for line in terms.lines],
        "credits": [[credit.partner_id, str(credit.share)] for credit in terms.credits],
        "overlays": [[credit.partner_id, str(credit.share)] for credit in terms.overlays],
        "attributes": dict(terms.attributes),
    }


def _refund_json(refund: Refund) -> dict[str, Any]:
    return {
        "refund_id": refund.refund_id,
        "minor": refund.amount.minor,
        "currency": refund.amount.currency,
        "parts": [[part.line_id, part.amount_minor] for part in refund.parts],
        "at": refund.at,
        "reason": refund.reason,
    }


def read(row: Row) -> Deal:
    """The deal in a row of `select *`."""
    return Deal(
        id=DealId(row.id),
        partner_id=PartnerId(row.partner_id),
        account_name=row.account_name,
        scope=Scope(AccountId(row.account_id), tuple(row.families), row.path),
        territory=row.territory,
        country=row.country,
        registered_at=row.registered_at,
        protection=Protection(
            Window(row.protected_from, row.protected_until), row.granted, row.extensions, row.protection_ended_at, row.expired
        ),
        state=State(row.state),
        version=row.version,
        close_number=row.close_number,
        revision=row.revision,
        terms=_terms(row) if row.terms is not None else None,
        refunds=tuple(_refund(each) for each in loaded(row.refunds)),
        expected=Money(row.expected_minor, row.expected_currency) if row.expected_currency else None,
        origin=_origin(row) if row.source else None,
        conflict=row.conflict,
        evidence=row.evidence,
        stage=row.stage,
        stage_at=row.stage_at,
        submissions=row.submissions or 1,
        warned=bool(row.warned),
        reassigned_from=PartnerId(row.reassigned_from) if row.reassigned_from else None,
        credits_fixed=_credits(loaded(row.credits_fixed) or ()),
        lead_id=row.lead_id,
    )


def _origin(row: Row) -> Origin:
    return Origin(row.source, row.external_id, row.source_changed_at, row.source_version, row.source_digest)


def _terms(row: Row) -> Terms:
    body = loaded(row.terms)
    return Terms(
        closed_at=row.closed_at,
        amount=Money(row.amount_minor, row.currency),
        lines=tuple(Line(*line) for line in body["lines"]),
        credits=_credits(body["credits"]),
        overlays=_credits(body["overlays"]),
        attributes=body["attributes"],
    )


def _credits(pairs: Sequence[Sequence[str]]) -> tuple[Credit, ...]:
    return tuple(Credit(PartnerId(UUID(partner)), Fraction(share)) for partner, share in pairs)


def _refund(each: Mapping[str, Any]) -> Refund:
    return Refund(
        UUID(each["refund_id"]),
        Money(each["minor"], each["currency"]),
        tuple(RefundPart(line, amount) for line, amount in each["parts"]),
        datetime.fromisoformat(each["at"]),
        each["reason"],
    )
