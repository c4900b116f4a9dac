"""Exports over HTTP: everything, streamed as NDJSON or CSV from one snapshot each; a partner gets its own."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import Request, Response

from services.registration import spreadsheet
from services.registration.domain.intake_refusals import ExportForStaff
from services.registration.spreadsheet import Format
from services.registration.store.exports import EXPORTS, Export
from shared.chassis.http import Principal, Router, requires
from shared.chassis.http.lines import NDJSON
from shared.chassis.http.streams import streamed

Exporter = Annotated[Principal, requires("exports:read")]
_CONTENT = {NDJSON: {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}}

router = Router(prefix="/v1/exports", tags=["exports"])


def _add(name: str, export: Export) -> None:
    async def run(request: Request, caller: Exporter, format: Format = Format.NDJSON) -> Response:  # noqa: A002 - its name in the address
        if export.staff_only and caller.partner_id is not None:
            raise ExportForStaff
        if format is Format.CSV:
            head = spreadsheet.header(export.columns)
            return streamed(request, caller, export.sql, lambda rows: _csv(export, rows), head=head, media_type=spreadsheet.MEDIA_TYPE)
        return streamed(request, caller, export.sql, lambda rows: _ndjson(export, rows), media_type=NDJSON)

    run.__name__ = f"export_{name.replace('-', '_')}"
    run.__doc__ = f"{export.meaning} Memory stays flat whatever their number; the file is what one moment saw."
    answer: dict[int | str, dict[str, Any]] = {200: {"description": "one a line", "content": _CONTENT}}
    router.get(f"/{name}", responses=answer, response_class=Response)(run)


def _ndjson(export: Export, rows: Sequence[sa.Row[Any]]) -> bytes:
    return b"".join(orjson.dumps(_present(export.show(row)), default=str, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _present(shown: Any) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if value is not None}


def _csv(export: Export, rows: Sequence[sa.Row[Any]]) -> bytes:
    return spreadsheet.render(export.columns, map(export.show, rows))


for _name, _export in EXPORTS.items():
    _add(_name, _export)
