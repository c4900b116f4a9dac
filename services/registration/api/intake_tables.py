"""The error queue as a table: downloaded, corrected in a spreadsheet or by a program, and taken back in many rows at once."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request, Response

from services.registration import spreadsheet
from services.registration.api.imports import MAX_ROWS, Connector, check_unbound
from services.registration.api.imports_models import result_of
from services.registration.api.intake import Reader, Source
from services.registration.api.intake_models import CorrectedResult, CorrectedRow, ErrorOut
from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.intake.error import IntakeError
from services.registration.import_row import ImportRow
from services.registration.policy import Policy
from services.registration.spreadsheet import Format
from services.registration.store import intake_errors as errors
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.receive import Outcome
from services.registration.use_cases.settle_error import Settling, correct, hold
from shared.chassis.errors import Refused
from shared.chassis.http import InvalidRequest, Router, Uow, lines
from shared.chassis.policies import Policies

_FIELDS = tuple(name for name in ImportRow.model_fields if name != "source")
_ABOUT = ("error_id", "code", "message", "fix", "count")
_LISTS = frozenset({"families", "crm_ids", "lines", "credits"})
_MOST = 10_000


_TABLE = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "the open errors, one a line",
            "content": {"text/csv": {"schema": {"type": "string"}}, lines.NDJSON: {"schema": {"type": "string"}}},
        }
    },
}
_CORRECTIONS: dict[str, Any] = lines.documented(CorrectedRow, CorrectedResult, limit=MAX_ROWS)
_CORRECTIONS["openapi_extra"]["requestBody"]["content"]["text/csv"] = {
    "schema": {"type": "string", "description": f"the downloaded table: error_id and any of {', '.join(_FIELDS)}"}
}


def routes(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Router:
    """The routes of the queue as a table."""
    router = Router(prefix="/v1/intake", tags=["intake"])

    @router.get("/{source}/errors/table", **_TABLE)  # type: ignore[arg-type]
    async def download_errors(source: Source, uow: Uow, caller: Reader, format: Format = Format.CSV) -> Response:  # noqa: A002 - its name in the address
        """The open errors of a source, at most 10,000: to correct and send back."""
        check_unbound(caller)
        found = await errors.listed(uow, source, errors.Filter(), after=None, limit=_MOST)
        if format is Format.CSV:
            columns = (*_ABOUT, *_FIELDS)
            table = spreadsheet.header(columns) + spreadsheet.render(columns, map(_flat, found))
            return Response(table, media_type=spreadsheet.MEDIA_TYPE)
        text = b"".join(ErrorOut.of(error).model_dump_json().encode() + b"\n" for error in found)
        return Response(text, media_type=lines.NDJSON)

    @router.post("/{source}/errors/correct", **_CORRECTIONS)
    async def correct_errors(source: Source, request: Request, uow: Uow, caller: Connector) -> Response:
        """Correct many at once: lines of `{"error_id": …, "patch": {…}}`, or the downloaded CSV with its cells changed.

        Each row is decided by itself; one that is refused says why. In a CSV an empty cell takes its field away.
        """
        check_unbound(caller)
        is_csv = request.headers.get("content-type", "").startswith("text/csv")
        rows = list(_table(await request.body()) if is_csv else _lines(await request.body()))
        policy = (await policies.at(uow, uow.now))[1]
        await hold(uow, source, [(told.error_id, told.patch) for _, told in rows if isinstance(told, CorrectedRow)])
        settle = partial(correct, uow, policy=policy, registrable=registrable, receipts=receipts)
        return lines.answered([await _one(settle, source, caller.subject, row) for row in rows])

    return router


_Row = tuple[int, CorrectedRow | tuple[str, str]]
_Settle = Callable[[Settling, Mapping[str, Any]], Awaitable[tuple[IntakeError, Outcome]]]


async def _one(settle: _Settle, source: str, by: str, row: _Row) -> CorrectedResult:
    line, told = row
    if isinstance(told, tuple):
        return CorrectedResult(line=line, result="refused", code=told[0], message=told[1])
    try:
        settling = Settling(source=source, error_id=told.error_id, by=by)
        error, outcome = await settle(settling, told.patch)
    except Refused as refusal:  # before anything was done
        return CorrectedResult(line=line, error_id=told.error_id, result="refused", code=refusal.code, message=refusal.message)
    result = result_of(outcome)
    return CorrectedResult(
        line=line, error_id=error.id, result=result["result"], state=error.state.value, code=result["code"], message=result["message"]
    )


def _lines(body: bytes) -> Iterator[_Row]:
    for line, text in lines.split(body, limit=MAX_ROWS):
        yield line, lines.read(CorrectedRow, text)


def _table(body: bytes) -> Iterator[_Row]:
    """The rows of a CSV. Raises InvalidRequest, TooManyRows."""
    try:
        rows = spreadsheet.read(body)
    except ValueError as error:
        raise InvalidRequest(reason=f"The table cannot be read: {error}.") from error
    if len(rows) > MAX_ROWS:
        raise lines.TooManyRows(limit=MAX_ROWS)
    for number, row in enumerate(rows, start=2):
        try:
            error_id = UUID(row.get("error_id", ""))
        except ValueError:
            yield number, ("row_invalid", "error_id: not an id of an error")
            continue
        yield number, CorrectedRow(error_id=error_id, patch={name: _value(name, row[name]) for name in _FIELDS if name in row})


def _value(name: str, text: str) -> Any:
    """A cell as the field's value; what cannot be read so stays text, and is refused as such."""
    if not text:
        return None
    if name == "source_version":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
    if name in _LISTS:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return [part.strip() for part in text.split(";")]
    return text


def _flat(error: IntakeError) -> dict[str, Any]:
    shown = ErrorOut.of(error)
    about = {"error_id": shown.id, "code": shown.code, "message": shown.message, "fix": shown.fix, "count": shown.count}
    return {**(shown.row or {}), **about}
