"""Exchange rates over HTTP: one at a time or many as CSV, and those on record."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response

from services.commission.api.fx_models import COLUMNS, FxRateView, NewRate, RateResult, Read, rows_of
from services.commission.store import rates
from services.commission.use_cases.record_rate import Recorded, Stated, record_rates
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, lines, requires

MAX_ROWS = 5_000
_CSV = "text/csv"

RateReader = Annotated[Principal, requires("rates:read")]
RateKeeper = Annotated[Principal, requires("rates:write")]
Code = Annotated[str | None, Query(pattern=r"^[A-Z]{3}$")]

fx_rates = Router(prefix="/v1/rates", tags=["rates"])
_BODY = {"required": True, "content": {_CSV: {"schema": {"type": "string", "description": f"columns {', '.join(COLUMNS)}"}}}}
_ANSWER = {"description": "one result per row, in order", "content": {lines.NDJSON: {"schema": RateResult.model_json_schema()}}}


@fx_rates.get("")
async def index(
    uow: Uow,
    actor: RateReader,
    paging: PageQuery,
    from_currency: Annotated[Code, Query(alias="from")] = None,
    to_currency: Annotated[Code, Query(alias="to")] = None,
    day: Annotated[date | None, Query(alias="date")] = None,
) -> Page[FxRateView]:
    """Rates by pair and day, each with its source."""
    last = paging.after(str, str, str)
    after = (last[0], last[1], date.fromisoformat(last[2])) if last else None
    found = await rates.page(uow, after=after, limit=paging.limit + 1, from_currency=from_currency, to_currency=to_currency, day=day)
    return paging.page(found, view=FxRateView.of, key=lambda rate: rate.pair)


@fx_rates.post("", status_code=201)
async def record(body: NewRate, uow: Uow, actor: RateKeeper, response: Response) -> FxRateView:
    """Record a rate. The same again is answered with 200; another for its pair and day is refused, since entries may stand on it."""
    stated = body.stated()
    (recorded,) = await record_rates(uow, [stated])
    if recorded.refusal:
        raise recorded.refusal
    if not recorded.fresh:
        response.status_code = 200
    return FxRateView.of(stated)


@fx_rates.post("/imports", responses={200: _ANSWER}, response_class=Response, openapi_extra={"requestBody": _BODY})
async def import_rates(request: Request, uow: Uow, actor: RateKeeper) -> Response:
    """Record the rates of a CSV; sending it twice changes nothing."""
    rows = rows_of(await request.body(), limit=MAX_ROWS)
    await uow.plan_for_arrays()
    recorded = await record_rates(uow, [told for _, told in rows if isinstance(told, Stated)])
    return lines.answered(_results(rows, recorded))


def _results(rows: Sequence[tuple[int, Read]], recorded: Sequence[Recorded]) -> Iterator[RateResult]:
    decided = iter(recorded)
    for line, told in rows:
        if isinstance(told, tuple):
            yield RateResult(line=line, result="refused", code=told[0], message=told[1])
            continue
        one = next(decided)
        if one.refusal:
            yield RateResult(line=line, result="refused", code=one.refusal.code, message=one.refusal.message)
        else:
            yield RateResult(line=line, result="recorded" if one.fresh else "unchanged")
