"""Exports over HTTP: everything, streamed as NDJSON or CSV from one snapshot each; a partner gets its own."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import Request, Response

from services.registration import spreadsheet
from services.registration.spreadsheet import Format
from services.registration.store.exports import EXPORTS, Export
from shared.chassis.database.rows import Row
from shared.chassis.http import Principal, Router, requires
from shared.chassis.http.lines import NDJSON
from shared.chassis.http.streams import streamed

Exporter = Annotated[Principal, requires("exports:read")]
Staff = Annotated[Principal, requires("exports:admin")]
_CONTENT = {NDJSON: {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}}

router = Router(prefix="/v1/exports", tags=["exports"])


def _add(name: str, export: Export) -> None:
    """A route for partners and staff, or for staff alone where rows are no single partner's."""

    async def for_partners(request: Request, caller: Exporter, format: Format = Format.NDJSON) -> Response:  # noqa: A002 - so in the address
        return _streamed(request, caller, export, format)

    async def for_staff(request: Request, caller: Staff, format: Format = Format.NDJSON) -> Response:  # noqa: A002
        return _streamed(request, caller, export, format)

    run = for_partners if export.partner_column else for_staff
    run.__name__ = f"export_{name.replace('-', '_')}"
    run.__doc__ = f"{export.meaning} Memory stays flat whatever their number; the file is what one moment saw."
    answer: dict[int | str, dict[str, Any]] = {200: {"description": "one a line", "content": _CONTENT}}
    router.get(f"/{name}", responses=answer, response_class=Response)(run)


def _streamed(request: Request, caller: Principal, export: Export, kind: Format) -> Response:
    statement = export.statement(caller.partner_id)
    if kind is Format.CSV:
        head = spreadsheet.header(export.columns)
        return streamed(request, caller, statement, lambda rows: _csv(export, rows), head=head, media_type=spreadsheet.MEDIA_TYPE)
    return streamed(request, caller, statement, lambda rows: _ndjson(export, rows), media_type=NDJSON)


def _ndjson(export: Export, rows: Sequence[Row]) -> bytes:
    return b"".join(orjson.dumps(_present(export.show(row)), default=str, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _present(shown: Any) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if value is not None}


def _csv(export: Export, rows: Sequence[Row]) -> bytes:
    return spreadsheet.render(export.columns, map(export.show, rows))


for _name, _export in EXPORTS.items():
    _add(_name, _export)
