"""What registration holds in its tables, in the words of who only reads its topics."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import Terms
from services.registration.store import rows
from shared.chassis.money import Money
from shared.schemas import deals as told
from shared.schemas.base import MoneyAmount
from tests.integration.registration.world import World
from tests.support.reading import deals, others
from tests.support.reading.agreements import Seat
from tests.support.reading.facts import Fact

_OUTBOX = "select id, aggregatetype, aggregateid, headers, payload from outbox where id > $1 order by id"
_ASKED = "select deal_id, regular_end, keeps_until from extension_requests where state = 'pending'"
_SIDES = """
select s.*, exists (select from conflict_letters l where l.side_id = s.id) as has_letter
from conflict_sides s where partner_id is not null"""


async def published(world: World, *, after: int = 0) -> list[Fact]:
    """The outbox, in its order."""
    return [Fact.of(*row) for row in await world.rows(_OUTBOX, after)]


async def held(world: World) -> dict[str, object]:
    """The same as the reader's."""
    asked = {deal: (end, keeps) for deal, end, keeps in await world.rows(_ASKED)}
    return {
        "deals": {row.id: _deal(rows.read(row), asked.get(row.id)) for row in await world.rows("select * from deals")},
        "places": {row.id: _place(row) for row in await world.rows("select * from waiting_list")},
        "leads": {row.id: _lead(row) for row in await world.rows("select * from leads")},
        "sides": {row.id: _side(row) for row in await world.rows(_SIDES)},
        "seats": {(row.agreement_id, row.partner_id, row.number): _seat(row) for row in await world.rows("select * from cosell_parties")},
        "merged": dict(await world.rows("select id, merged_into from accounts where merged_into is not null")),
    }


def _deal(deal: Deal, asked: tuple[datetime, datetime] | None) -> deals.Read:
    held = deal.protection
    return deals.Read(
        partner=deal.partner_id,
        account=deal.scope.account_id,
        families=deal.scope.families,
        territory=deal.territory,
        country=deal.country,
        registered_at=deal.registered_at,
        window=deals.Window(held.granted, held.window.start, held.window.end, held.ended_at, held.expired),
        state=deal.state.value,
        version=deal.version,
        close_number=deal.close_number,
        revision=deal.revision,
        terms=_terms(deal.terms) if deal.terms else None,
        refunds=tuple((each.refund_id, _money(each.amount), _parts(each), each.reason, each.at) for each in deal.refunds),
        expected=_money(deal.expected) if deal.expected else None,
        stage=deal.stage,
        submissions=deal.submissions,
        extensions=held.extensions,
        asked=asked,
        lead=deal.lead_id,
    )


def _terms(terms: Terms) -> deals.Terms:
    fields = ("line_id", "product", "family", "quantity", "amount_minor")
    lines = tuple(told.DealLine(**{name: getattr(line, name) for name in fields}) for line in terms.lines)
    shares = [tuple(told.Credit(partner_id=each.partner_id, share=str(each.share)) for each in all_) for all_ in _credits(terms)]
    return deals.Terms(terms.closed_at, _money(terms.amount), lines, shares[0], shares[1], tuple(sorted(terms.attributes.items())))


def _credits(terms: Terms) -> tuple[Any, Any]:
    return terms.credits, terms.overlays


def _parts(refund: Any) -> tuple[told.RefundLine, ...]:
    return tuple(told.RefundLine(line_id=part.line_id, amount_minor=part.amount_minor) for part in refund.parts)


def _money(money: Money) -> MoneyAmount:
    return MoneyAmount(amount_minor=money.minor, currency=money.currency)


def _expected(row: Any) -> MoneyAmount | None:
    return MoneyAmount(amount_minor=row.expected_minor, currency=row.expected_currency) if row.expected_currency else None


def _place(row: Any) -> others.Place:
    until = row.offered_until if row.state == "offered" else None
    return others.Place(row.partner_id, row.account_name, tuple(row.families), row.territory, row.state, until, row.deal_id, row.version)


def _lead(row: Any) -> others.Lead:
    prospect = (row.name, row.country, tuple(row.families), row.territory, _expected(row))
    stands = (row.state, row.version, row.reminded, row.convert_by, row.overdue, row.deal_id)
    return others.Lead(row.partner_id, row.direction, *prospect, row.answer_by, *stands)


def _side(row: Any) -> others.Side:
    state = "open" if row.state == "open" else "decided"  # that nothing is to be prevented any more is the vendor's own matter
    ids: frozenset[UUID] = frozenset(row.deal_ids)
    return others.Side(row.conflict_id, row.partner_id, ids, row.kind, state, row.effect, row.share, row.has_letter, row.version)


def _seat(row: Any) -> Seat:
    return Seat(row.deal_id, row.role, row.share, row.overlay, row.hash, row.respond_by, row.state)
