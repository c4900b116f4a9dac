"""The one address in front of everything: what it refuses by itself is a problem document, as from the services."""

import pytest

from hansa.gateway import Gateway, GatewaySettings
from hansa.proxy import Proxy, Upstreams
from tests.support.asgi import Client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/registrations/v1/deals", 404, "not_found"),
        ("POST", "/readyz", 405, "method_not_allowed"),
    ],
)
async def test_gateway_when_a_request_leads_nowhere_then_it_answers_a_problem_document(
    method: str, path: str, status: int, code: str
) -> None:
    answer = await Client(Gateway(GatewaySettings()).app()).call(method, path)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json["code"], answer.json["type"], answer.json["instance"]) == (code, f"urn:hansa:problem:{code}", path)


async def test_proxy_when_nobody_answers_then_it_says_to_try_again_in_a_problem_document() -> None:
    upstreams = Upstreams()
    await upstreams.start()
    try:
        answer = await Client(Proxy("http://127.0.0.1:1", upstreams)).get("/v1/deals")
    finally:
        await upstreams.stop()
    assert (answer.status, answer.headers["retry-after"], answer.json["code"]) == (503, "1", "unavailable")
    assert answer.json["instance"] == "/v1/deals"
