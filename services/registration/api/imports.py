"""Imports over HTTP: newline-delimited JSON in, one result per line out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Request, Response

from services.registration.api.imports_models import ImportResult, Result
from services.registration.domain.accounts import Registrable
from services.registration.domain.facts import Closed, Reopened
from services.registration.domain.intake import Taken
from services.registration.domain.opportunity import Exclusivity, Opportunity
from services.registration.import_row import ImportRow
from services.registration.mapping import opportunity_of
from services.registration.policy import Policy
from services.registration.use_cases.publish import publish
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.take_in import Intake, take_in
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.http import Principal, Router, Uow, lines, requires
from shared.chassis.policies import Policies

MAX_ROWS = 500


@dataclass(slots=True)
class _Row:
    """One line on its way through: read, or refused."""

    line: int
    external_id: str | None = None
    seen: Opportunity | None = None
    refusal: tuple[str, str] | None = None


def routes(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Router:
    """The route of imports."""
    router = Router(prefix="/v1/imports", tags=["imports"])

    @router.post("", **lines.documented(ImportRow, ImportResult, limit=MAX_ROWS))
    async def import_opportunities(
        request: Request,
        uow: Uow,
        _: Annotated[Principal, requires("imports:write")],
        exclusivity: Exclusivity = Exclusivity.RECORD,
    ) -> Response:
        """Bring deals to where the vendor's sales system has them; running it twice changes nothing.

        `record` keeps the credit as history says and reports overlaps; `enforce` applies the rules in the order of registration.
        """
        rows = [_read(line, text) for line, text in lines.split(await request.body(), limit=MAX_ROWS)]
        await uow.plan_for_arrays()
        policy = (await policies.at(uow, uow.now))[1]
        seen = [row.seen for row in rows if row.seen]
        intake = await take_in(uow, seen, exclusivity=exclusivity, policy=policy, registrable=registrable)
        _publish(uow, intake)
        receipts.issue_at_last(uow, intake.taken)
        return lines.answered(_results(rows, intake.taken))

    return router


def _read(line: int, text: bytes) -> _Row:
    told = lines.read(ImportRow, text)
    if isinstance(told, tuple):
        return _Row(line, refusal=told)
    row = _Row(line, told.external_id)
    try:
        row.seen = opportunity_of(told, changed_at=told.occurred_at, tax_id=told.tax_id, crm_ids=told.crm_ids)
    except Refused as refusal:
        row.refusal = (refusal.code, refusal.message)
    return row


def _publish(uow: UnitOfWork, intake: Intake) -> None:
    # In order of registration, so that each partner's facts come in the order in which they happened.
    for taken in sorted(intake.taken, key=lambda one: one.seen.engaged_at):
        publish(uow, taken.steps, partner_kind=intake.kinds.get(taken.seen.partner_id))


def _results(rows: Sequence[_Row], taken: Sequence[Taken]) -> Iterator[ImportResult]:
    decided = iter(taken)
    for row in rows:
        if row.refusal:
            yield ImportResult(line=row.line, external_id=row.external_id, result="refused", code=row.refusal[0], message=row.refusal[1])
        else:
            yield _result(row, next(decided))


def _result(row: _Row, taken: Taken) -> ImportResult:
    deal, refusal = taken.deal, taken.refusal
    return ImportResult(
        line=row.line,
        external_id=row.external_id,
        result=_word(taken),
        stage=deal.state.value if deal else None,
        registered=taken.registered,
        conflict=deal is not None and deal.conflict,
        code=refusal.code if refusal else None,
        deal_id=deal.id if deal else None,
        message=refusal.message if refusal else None,
    )


def _word(taken: Taken) -> Result:
    """The one word for what became of a row."""
    if taken.refusal or taken.deal is None:
        return "refused"
    if taken.registered and taken.deal.conflict:
        return "conflict"
    if not taken.steps:
        return "unchanged"
    last = taken.steps[-1][1]
    if isinstance(last, Closed):
        return "won" if last.outcome.value == "won" else "lost"
    if isinstance(last, Reopened):
        return "open"
    return "registered" if taken.registered else "won"  # an amended win is still a win
