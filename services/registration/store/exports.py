"""What is exported: one statement each, and how its rows are shown. Who asks sees what row-level security lets through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.deals.deal import Deal
from services.registration.domain.intake.echo import OURS
from services.registration.domain.values import Credit, Terms
from services.registration.store import rows
from services.registration.store.documents import loaded
from shared.chassis.database.rows import Row
from shared.chassis.money import Money

Shown = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Export:
    """`sql` in the order in which a file is read best; `show` makes a row of it; `columns` are those of the CSV.

    `partner_column` names whose row it is; without one, rows tell of more than one partner's deals and are for staff alone.
    """

    meaning: str
    sql: str
    columns: tuple[str, ...]
    show: Callable[[Row], Shown]
    partner_column: str | None = None

    def statement(self, partner_id: UUID | None) -> sa.TextClause:
        """The statement, for staff or for one partner. Row-level security would do, but by reading every row of all."""
        if partner_id is None or self.partner_column is None:
            return sa.text(self.sql.format(mine="true"))
        return sa.text(self.sql.format(mine=f"{self.partner_column} = :partner")).bindparams(sa.bindparam("partner", partner_id, sa.Uuid()))


# What names the account came from several partners: it is shown to the vendor alone.
_NAMED = """
(select array_agg(i.value order by i.value) from account_identifiers i
 where i.account_id = d.account_id and i.kind = '{kind}' and current_setting('hansa.operator', true) = 'on') as {name}"""
_DEALS = f"""
select {", ".join(f"d.{name}" for name in rows.COLUMNS)}, {_NAMED.format(kind="domain", name="domains")},
    {_NAMED.format(kind="tax", name="tax_ids")}, {_NAMED.format(kind="crm", name="crm_ids")}
from deals d where {{mine}} order by d.registered_at, d.id"""  # noqa: S608 - names of columns
_OF_IMPORT = (
    "source", "external_id", "partner_id", "account_name", "account_domain", "country", "tax_id", "crm_ids", "territory", "families",
    "engaged_at", "stage", "closed_at", "currency", "amount", "lines", "credits", "occurred_at", "source_version",
)  # fmt: skip
_BEYOND = (
    "deal_id", "account_id", "version", "protected", "protected_from", "protected_until", "protection_ended_at", "expired", "extensions",
    "conflict", "close_number", "revision", "refunds", "overlays", "attributes", "expected_amount", "expected_currency",
)  # fmt: skip


def show_deal(row: Row) -> Shown:
    """A deal as a row of an import, with what an import does not read behind it. A withdrawn one has a stage that no import takes."""
    deal = rows.read(row)
    origin, protection = deal.origin, deal.protection
    return {
        "source": origin.source if origin else OURS,
        "external_id": origin.external_id if origin else str(deal.id),
        "partner_id": deal.partner_id,
        "account_name": deal.account_name,
        "account_domain": _first(row.domains),
        "country": deal.country,
        "tax_id": _first(row.tax_ids),
        "crm_ids": row.crm_ids or [],
        "territory": deal.territory,
        "families": deal.scope.families,
        "engaged_at": deal.registered_at,
        "stage": deal.state.value,
        **(_sold(deal.terms) if deal.terms else {}),
        "occurred_at": origin.changed_at if origin else None,
        "source_version": origin.version if origin else None,
        "deal_id": deal.id,
        "account_id": deal.scope.account_id,
        "version": deal.version,
        "protected": protection.granted,
        "protected_from": protection.window.start,
        "protected_until": protection.window.end,
        "protection_ended_at": protection.ended_at,
        "expired": protection.expired,
        "extensions": protection.extensions,
        "conflict": deal.conflict,
        "close_number": deal.close_number,
        "revision": deal.revision,
        **_beyond(deal),
    }


def _sold(terms: Terms) -> Shown:
    currency = terms.amount.currency
    lines = [
        {"product": line.product, "family": line.family, "quantity": line.quantity, "amount": str(Money(line.amount_minor, currency))}
        for line in terms.lines
    ]
    sold = {"closed_at": terms.closed_at, "currency": currency, "credits": _shares(terms.credits)}
    return sold | ({"amount": str(terms.amount), "lines": lines} if lines else {})


def _beyond(deal: Deal) -> Shown:
    expected, terms = deal.expected, deal.terms
    refunds = [
        {"refund_id": one.refund_id, "amount": str(one.amount), "at": one.at, "reason": one.reason, "lines": [
            {"line_id": part.line_id, "amount": str(Money(part.amount_minor, one.amount.currency))} for part in one.parts
        ]}
        for one in deal.refunds
    ]  # fmt: skip
    return {
        "refunds": refunds,
        "overlays": _shares(terms.overlays) if terms else [],
        "attributes": dict(terms.attributes) if terms else {},
        "expected_amount": str(expected) if expected else None,
        "expected_currency": expected.currency if expected else None,
    }


def _shares(credits_: tuple[Credit, ...]) -> list[dict[str, Any]]:
    return [{"partner_id": credit.partner_id, "share": str(credit.share)} for credit in credits_]


def _first(values: list[str] | None) -> str | None:
    return values[0] if values else None


def _plain(*names: str) -> Callable[[Row], Shown]:
    def show(row: Row) -> Shown:
        return {name: loaded(value) if name in _JSON else value for name, value in zip(names, row, strict=True)}

    return show


_JSON = frozenset({"identifiers", "missing"})


def _export(meaning: str, columns: str, sql: str, *, partner_column: str | None = None) -> Export:
    names = tuple(columns.split())
    return Export(meaning, sql, names, _plain(*names), partner_column)


EXPORTS: Mapping[str, Export] = {
    "deals": Export(
        "Deals in the order of registration, as rows of an import.", _DEALS, (*_OF_IMPORT, *_BEYOND), show_deal, "d.partner_id"
    ),
    "accounts": _export(
        "Accounts with all that names them.",
        "id name country created_at identifiers",
        """select a.id, a.name, a.country, a.created_at,
        (select jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value) order by i.kind, i.value)::text
         from account_identifiers i where i.account_id = a.id) as identifiers
        from accounts a order by a.id""",
    ),
    "slots": _export(
        "What is protected: account, family and territory, over which time, by which deal.",
        "deal_id account_id family territory_path protected_from protected_until",
        """select s.deal_id, s.account_id, s.family, s.path, lower(s.during), upper(s.during)
        from protection_slots s join deals d on d.id = s.deal_id where {mine} order by s.id""",
        partner_column="d.partner_id",
    ),
    "reviews": _export(
        "Customers that matched more than one account.",
        "id partner_id account_name identifiers reason raised_at",
        "select id, partner_id, account_name, identifiers::text, reason, raised_at from account_reviews where {mine} order by id",
        partner_column="partner_id",
    ),
    "refusals": _export(
        "Events that a rule refused.",
        "event_id type subject code message refused_at",
        "select event_id, type, subject, code, message, refused_at from refusals order by id",
    ),
    "intake-errors": _export(
        "What the intake refused, the settled errors included.",
        "id source external_id way code message row state times first_seen last_seen decided_at decided_by reason",
        """select id, source, external_id, way, code, message, row, state, times, first_seen, last_seen, decided_at, decided_by, reason
        from intake_errors order by id""",
    ),
    "intake-gaps": _export(
        "States of opportunities that never came.",
        "source external_id missing filled_by found_at filled_at",
        """select source, external_id, missing::text, filled_by, found_at, filled_at from intake_gaps
        where found_at is not null order by source, external_id""",
    ),
}
