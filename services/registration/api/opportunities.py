"""One opportunity over HTTP, as its sales system has it now; and the schema of the canonical fact."""

from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import Path, Response

from services.registration.api.imports import Connector, check_unbound
from services.registration.api.imports_models import ImportResult, result_of
from services.registration.arrival import Fault
from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.intake.error import Way
from services.registration.domain.intake.fixes import fix_of
from services.registration.import_row import OpportunityIn
from services.registration.policy import Policy
from services.registration.reading import read_row
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.receive import Manner, Outcome, receive
from shared.chassis.http import Router, Uow, public
from shared.chassis.http.problems import answer
from shared.chassis.policies import Policies
from shared.schemas.compatibility import document
from shared.schemas.crm import OpportunityChanged

Name = Annotated[str, Path(min_length=1, max_length=300)]
_MEDIA_TYPE = "application/schema+json"


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """A schema without references: what is documented beside FastAPI's own models must stand alone."""
    if isinstance(schema, list):
        return [_inlined(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if name := schema.get("$ref", "").removeprefix("#/$defs/"):
        return _inlined(parts[name], parts)
    return {key: _inlined(value, parts) for key, value in schema.items() if key != "$defs"}


def _body() -> dict[str, Any]:
    schema = OpportunityIn.model_json_schema()
    content = {"application/json": {"schema": _inlined(schema, schema.get("$defs", {}))}}
    return {"requestBody": {"required": True, "content": content}}


def routes(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Router:
    """The route of a single opportunity."""
    router = Router(prefix="/v1/opportunities", tags=["imports"])

    @router.put("/{source}/{external_id}", openapi_extra=_body())
    async def put_opportunity(source: Name, external_id: Name, body: dict[str, Any], uow: Uow, caller: Connector) -> ImportResult:
        """Say how the opportunity stands now, whole. The same again changes nothing, nor does what is older than what is known.

        What is refused is in the error queue as well; `Location` says where. An id with a slash in it goes by `imports`.
        """
        check_unbound(caller)
        text = orjson.dumps(body | {"source": source, "external_id": external_id})
        policy = (await policies.at(uow, uow.now))[1]
        manner = Manner(way=Way.PUT, exclusivity=policy.opportunity_exclusivity, policy=policy, registrable=registrable, receipts=receipts)
        (outcome,) = await receive(uow, [read_row(text)], manner)
        if outcome.fault:
            return _refused(outcome, outcome.fault, source=source)  # type: ignore[return-value] # returned: its error is on record
        return ImportResult(**result_of(outcome))

    return router


def _refused(outcome: Outcome, fault: Fault, *, source: str) -> Response:
    place = {"Location": f"v1/intake/{quote(source, safe='')}/errors/{outcome.error_id}"} if outcome.error_id else {}
    return answer(fault.status, fault.code, f"{fault.message} {fix_of(fault.code)}", headers=place)


schemas = Router(prefix="/v1/schemas", tags=["imports"])


@schemas.get(
    "/crm.opportunity_changed",
    response_class=Response,
    responses={200: {"content": {_MEDIA_TYPE: {"schema": {"type": "object"}}}, "description": "JSON Schema 2020-12"}},
)
@public
async def opportunity_schema() -> Response:
    """The form of `crm.opportunity_changed`, for whoever produces it. It tells what the documentation does: no token is needed."""
    return Response(orjson.dumps(document(OpportunityChanged)), media_type=_MEDIA_TYPE)
