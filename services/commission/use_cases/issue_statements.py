"""Issue statements of periods that have ended: numbered without gaps for each partner, computed again before they go out."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.commission.domain.calendar import PeriodKind
from services.commission.domain.entries import Account
from services.commission.domain.facts import Amended
from services.commission.domain.plan import Plan
from services.commission.domain.statement import Ledger, Posted, Sheet, Standing, StatementDiverged, deal_before, joins, midnight, span_of
from services.commission.domain.statement_names import Names
from services.commission.domain.statement_view import settle_seen
from services.commission.mapping import statement_issued
from services.commission.statement_check import standing_after
from services.commission.statement_document import Heading, canonical, compose, statement_id
from services.commission.statement_plan import Shown, Version, plan_of
from services.commission.store import held_back, plans, statements
from services.commission.store.plans import Plans
from services.commission.store.statements import Issued, Last
from services.commission.use_cases.state_disputes import cover, held_at_opening, stated_disputes
from shared.chassis.database import UnitOfWork
from shared.chassis.values import replace

PORTION = 50
_AGAIN_AFTER = timedelta(hours=1)
_NOBODY = UUID(int=0)
_log = structlog.get_logger(__name__)


class IssueStatements:
    """The timer's use case: a portion of the partners that are due; 0 once all have theirs.

    All partners are looked at once when a period has ended, and not again until the next one has: the leader remembers it.
    """

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._after = _NOBODY
        self._held_back = False
        self._rest_until: datetime | None = None

    async def __call__(self, uow: UnitOfWork) -> int:
        if self._rest_until is not None and uow.now < self._rest_until:
            return 0
        plan, kind = await self._plans.current(uow), await statements.period(uow)
        running = plan.calendar.period(kind, plan.calendar.month(uow.now))
        began = midnight(running.start, plan.calendar.timezone)
        partners = await statements.due(uow, after=self._after, before=began, limit=PORTION)
        if not partners:
            self._rest(uow.now, until=midnight(running.end, plan.calendar.timezone))
            return 0
        for partner_id in partners:
            await self._guarded(uow, partner_id, plan, kind)
        self._after = partners[-1]
        return len(partners)

    def _rest(self, now: datetime, *, until: datetime) -> None:
        self._rest_until = min(until, now + _AGAIN_AFTER) if self._held_back else until
        self._after, self._held_back = _NOBODY, False

    async def _guarded(self, uow: UnitOfWork, partner_id: UUID, plan: Plan, kind: PeriodKind) -> None:
        """A statement that does not come out like the ledger is held back for an operator; it holds up nobody else's."""
        try:
            async with uow.savepoint():
                while await issue(uow, partner_id, plan=plan, kind=kind):
                    pass
            await held_back.clear(uow, partner_id)
        except StatementDiverged as error:
            self._held_back = True
            await held_back.keep(uow, partner_id, str(error))
            _log.error("statement_held_back", partner_id=str(partner_id), error=str(error)[:1000])


async def issue(uow: UnitOfWork, partner_id: UUID, *, plan: Plan, kind: PeriodKind) -> Issued | None:
    """The partner's next statement, if its period has ended. Raises StatementDiverged when it is not what the ledger says."""
    await uow.lock(f"statement:{partner_id}")
    last = await statements.last(uow, partner_id)
    first = last.last_fact + 1 if last else 1
    recorded_at = await statements.first_recorded(uow, partner_id, first)
    if recorded_at is None:
        return None
    span = span_of(plan.calendar, kind, recorded_at, after=last.span if last else None)
    if span.ends > uow.now:
        return None
    facts = await statements.facts(uow, partner_id, first=first, ends=span.ends)
    entries, last_entry = await statements.entries(uow, partner_id, after=last.last_entry if last else 0, of=facts)
    opening = await _opening(uow, partner_id, last, facts)
    names, rates = Names.of(partner_id, plan), await statements.rates(uow, plan, facts)
    told = [await _told(uow, names, plan, posted, entries) for posted in facts]
    versions = await _versions(uow, names, opening, told, entries)
    # A large statement takes seconds; the consumer beside it must not miss its heartbeats.
    sheet = await asyncio.to_thread(settle_seen, names, plan_of(versions), opening, told, entries, rates=rates)
    await _compare(uow, partner_id, sheet)
    disputes = await stated_disputes(uow, partner_id, last, ends=span.ends, last_fact=facts[-1].number)
    cover(disputes, sheet)
    heading = Heading(
        partner_id=partner_id,
        name=await statements.payee_name(uow, partner_id),
        number=last.number + 1 if last else 1,
        kind=kind,
        span=span,
        issued_at=uow.now,
        former=last.hash if last else None,
        versions=versions,
        rates=rates,
        disputes=disputes,
    )
    document = await asyncio.to_thread(compose, heading, plan.calendar, opening, sheet)
    return await _keep(uow, heading, document, sheet, last_entry=last_entry)


async def _told(uow: UnitOfWork, names: Names, plan: Plan, posted: Posted, entries: Ledger) -> Posted:
    """The fact with the deal that the partner joined by it."""
    if isinstance(posted.fact, Amended) and joins(posted.fact, names.partner_id, entries.get(posted.fact.id, ())):
        earlier = await statements.facts_before(uow, posted.fact)
        rates = await statements.rates(uow, plan, earlier)
        return replace(posted, deal=deal_before(names, plan, earlier, posted.fact.deal_id, rates=rates))
    return posted


async def _opening(uow: UnitOfWork, partner_id: UUID, last: Last | None, facts: list[Posted]) -> Standing:
    if last is None:
        return Standing()
    touched = {posted.fact.deal_id for posted in facts if posted.fact.deal_id is not None}
    deals = await statements.deals(uow, partner_id, touched)
    return replace(standing_after(last.document), deals=deals, disputed=await held_at_opening(uow, partner_id, last))


async def _compare(uow: UnitOfWork, partner_id: UUID, sheet: Sheet) -> None:
    """The transfers are those of the ledger, and the closing balances too while nothing was posted since."""
    moved = {t for line in sheet.lines for t in line.transfers}
    if moved != await statements.transfers(uow, partner_id, {t.id for t in moved}):
        raise StatementDiverged("the transfers are not those of the ledger")
    stored = await statements.balances_at(uow, partner_id, sheet.lines[-1].posted.number)
    if stored is not None and _standing_amounts(stored) != _standing_amounts(sheet.closing.balances):
        raise StatementDiverged("the closing balances are not those of the ledger")


def _standing_amounts(balances: Mapping[tuple[str, Account], int]) -> dict[tuple[str, Account], int]:
    return {key: amount for key, amount in balances.items() if amount}


async def _versions(uow: UnitOfWork, names: Names, opening: Standing, facts: Sequence[Posted], entries: Ledger) -> tuple[Version, ...]:
    """The versions of the plan that the facts could know, as the partner may see them."""
    known = max(posted.plan_known for posted in facts)
    deals = [*opening.deals.values(), *(posted.deal for posted in facts if posted.deal is not None)]
    shown = Shown.by(names, [posted.fact for posted in facts], deals, [entry for several in entries.values() for entry in several])
    found = []
    for recorded in await plans.recorded(uow):
        for number, single in enumerate(recorded.document.single(), recorded.first):
            if number <= known:
                found.append(shown.version(Version(number, single.model_dump(mode="json", by_alias=True))))
    return tuple(found)


async def _keep(uow: UnitOfWork, heading: Heading, document: dict[str, object], sheet: Sheet, *, last_entry: int) -> Issued:
    issued = Issued(
        id=statement_id(heading.partner_id, heading.number),
        partner_id=heading.partner_id,
        number=heading.number,
        period_from=heading.span.first,
        period_until=heading.span.until,
        issued_at=heading.issued_at,
        hash=str(document["hash"]),
        former_hash=heading.former,
        document=canonical(document).decode(),
    )
    await statements.add(uow, issued, span=heading.span, last_fact=sheet.lines[-1].posted.number, last_entry=last_entry)
    await statements.keep_deals(uow, heading.partner_id, sheet.closing.deals)
    event = statement_issued(
        issued.id,
        issued.partner_id,
        number=issued.number,
        digest=issued.hash,
        span=heading.span,
        closing=sheet.closing.balances,
        now=uow.now,
    )
    uow.emit(event, sequence=issued.number)
    return issued
