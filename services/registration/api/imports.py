"""Imports over HTTP: newline-delimited JSON in, one result per line out."""

from typing import Annotated

import orjson
from fastapi import Request, Response

from services.registration.api.imports_models import ImportResult, result_of
from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.intake.error import Way
from services.registration.domain.intake.opportunity import Exclusivity
from services.registration.domain.intake.refusals import BoundToPartner
from services.registration.import_row import ImportRow
from services.registration.policy import Policy
from services.registration.reading import read_row
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.receive import Manner, receive
from shared.chassis.http import Principal, Router, Uow, lines, requires
from shared.chassis.policies import Policies

MAX_ROWS = 500

Connector = Annotated[Principal, requires("imports:write")]


def check_unbound(caller: Principal) -> None:
    """Sales systems know the deals of all partners. Raises BoundToPartner."""
    if caller.partner_id is not None:
        raise BoundToPartner


def routes(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Router:
    """The route of imports."""
    router = Router(prefix="/v1/imports", tags=["imports"])

    @router.post("", **lines.documented(ImportRow, ImportResult, limit=MAX_ROWS))
    async def import_opportunities(
        request: Request, uow: Uow, caller: Connector, exclusivity: Exclusivity = Exclusivity.RECORD
    ) -> Response:
        """Bring deals to where the vendor's sales system has them; running it twice changes nothing.

        `record` keeps the credit as history says and reports overlaps; `enforce` applies the rules in the order of registration.
        What is refused is in the error queue of its source as well.
        """
        check_unbound(caller)
        arrivals = [read_row(text, line=line) for line, text in lines.split(await request.body(), limit=MAX_ROWS)]
        await uow.plan_for_arrays()
        policy = (await policies.at(uow, uow.now))[1]
        manner = Manner(way=Way.BULK, exclusivity=exclusivity, policy=policy, registrable=registrable, receipts=receipts)
        outcomes = await receive(uow, arrivals, manner)
        answer = b"".join(orjson.dumps(result_of(outcome), default=str, option=orjson.OPT_APPEND_NEWLINE) for outcome in outcomes)
        return Response(answer, media_type=lines.NDJSON)

    return router
