"""One request is one transaction; every no is a problem document; lists, versions and limits hold."""

from uuid import UUID, uuid4

import pytest

from shared.chassis.database import Database
from shared.chassis.http.paging import encode
from tests.support.asgi import Client


async def test_post_when_it_succeeds_then_the_row_is_there_before_the_answer(partner: Client) -> None:
    written = await partner.post("/v1/notes", json={"text": "hello"})

    assert written.status == 201
    assert (await partner.get(f"/v1/notes/{written.json['id']}")).json["text"] == "hello"


@pytest.mark.parametrize(("text", "status", "kept"), [("raise", 409, 0), ("return", 409, 1), ("bug", 500, 0)])
async def test_post_when_refused_then_only_a_returned_problem_commits(partner: Client, text: str, status: int, kept: int) -> None:
    answer = await partner.post("/v1/notes", json={"text": text})

    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (await partner.get("/v1/notes/open")).json == 0  # nobody's rows are seen without a token
    assert len((await partner.get("/v1/notes")).json["items"]) == kept


async def test_refusal_when_answered_then_it_has_every_member_of_problem_details(partner: Client) -> None:
    answer = await partner.post("/v1/notes", json={"text": "raise"})

    assert answer.json == {
        "type": "urn:hansa:problem:note_refused",
        "title": "Conflict",
        "status": 409,
        "code": "note_refused",
        "detail": "The note says raise.",
        "instance": "/v1/notes",
    }


async def test_bug_when_answered_then_nothing_of_it_is_told(partner: Client) -> None:
    answer = await partner.post("/v1/notes", json={"text": "bug"})

    assert answer.code == "internal_error"
    assert b"Zero" not in answer.body


async def test_body_when_invalid_then_places_are_named_but_values_are_not(partner: Client) -> None:
    answer = await partner.post("/v1/notes", json={"text": {"secret": "x"}})

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.json["errors"][0]["place"] == "body.text"
    assert b"secret" not in answer.body


@pytest.mark.parametrize("body", [b"{", b'{"text": "\xff"}', b'{"text": "\\ud800"}', b'{"text": NaN}', b"[" * 10_000])
async def test_body_when_not_json_then_400(partner: Client, body: bytes) -> None:
    answer = await partner.post("/v1/notes", body=body, headers={"content-type": "application/json"})

    assert (answer.status, answer.code) == (400, "invalid_request")


async def test_nul_when_in_body_or_address_then_refused_before_the_database_sees_it(partner: Client) -> None:
    assert (await partner.post("/v1/notes", json={"text": "a\0b"})).code == "invalid_request"
    assert (await partner.get("/v1/notes?next=%00")).code == "invalid_request"
    assert (await partner.get("/v1/notes/%00")).code == "invalid_request"
    assert (await partner.post("/v1/notes", json={"text": r"a backslash and \u0000 spelled out"})).status == 201


@pytest.mark.parametrize(
    ("method", "path", "status", "code"), [("GET", "/v1/nothing", 404, "not_found"), ("DELETE", "/v1/notes", 405, "method_not_allowed")]
)
async def test_path_when_unknown_then_problem(partner: Client, method: str, path: str, status: int, code: str) -> None:
    answer = await partner.call(method, path)

    assert (answer.status, answer.code, answer.headers["content-type"]) == (status, code, "application/problem+json")


async def test_body_when_too_large_then_413_whether_declared_or_streamed(partner: Client) -> None:
    declared = await partner.post("/v1/notes", json={"text": "x" * 30_000})
    streamed = await partner.post("/v1/notes", body=[b"x" * 9_000] * 4)

    assert [(answer.status, answer.code) for answer in (declared, streamed)] == [(413, "body_too_large")] * 2


async def test_list_when_longer_than_the_limit_then_cursors_walk_it_once(partner: Client, rival: Client) -> None:
    written = [(await partner.post("/v1/notes", json={"text": str(n)})).json["id"] for n in range(7)]
    await rival.post("/v1/notes", json={"text": "not yours"})
    seen, target = [], "/v1/notes?limit=3"
    while target:
        page = (await partner.get(target)).json
        seen += [note["id"] for note in page["items"]]
        target = f"/v1/notes?limit=3&next={page['next']}" if page["next"] else ""

    assert seen == written


@pytest.mark.parametrize("cursor", ["x", "e30", encode("no-uuid"), encode(1), encode(str(uuid4()), "more"), "%F0%9F%98%80"])
async def test_list_when_the_cursor_is_made_up_then_refused(partner: Client, cursor: str) -> None:
    answer = await partner.get(f"/v1/notes?next={cursor}")

    assert (answer.status, answer.code) == (422, "cursor_invalid")


@pytest.mark.parametrize("limit", ["0", "251", "-1", "x", "9" * 30])
async def test_list_when_the_limit_is_out_of_range_then_refused(partner: Client, limit: str) -> None:
    assert (await partner.get(f"/v1/notes?limit={limit}")).code == "invalid_request"


async def test_put_when_the_version_was_read_then_changed_else_412(partner: Client) -> None:
    note = (await partner.post("/v1/notes", json={"text": "one"})).json["id"]
    tag = (await partner.get(f"/v1/notes/{note}")).headers["etag"]

    first = await partner.call("PUT", f"/v1/notes/{note}", json={"text": "two"}, headers={"if-match": tag})
    second = await partner.call("PUT", f"/v1/notes/{note}", json={"text": "three"}, headers={"if-match": tag})

    assert (first.status, second.status, second.code) == (200, 412, "version_mismatch")
    assert (await partner.get(f"/v1/notes/{note}")).json["text"] == "two"


async def test_note_when_it_is_a_rivals_then_it_is_not_there(partner: Client, rival: Client, operator: Client) -> None:
    note = (await partner.post("/v1/notes", json={"text": "mine"})).json["id"]

    assert (await rival.get(f"/v1/notes/{note}")).status == 404
    assert (await rival.call("PUT", f"/v1/notes/{note}", json={"text": "theirs"})).status == 404
    assert (await operator.get(f"/v1/notes/{note}")).json["text"] == "mine"


async def test_deadlock_when_two_requests_cross_then_both_succeed(operator: Client) -> None:
    import asyncio

    one, two = [(await operator.post("/v1/notes", json={"text": text})).json["id"] for text in "ab"]
    answers = await asyncio.gather(operator.post(f"/v1/notes/deadlock/{one}/{two}"), operator.post(f"/v1/notes/deadlock/{two}/{one}"))

    assert [answer.status for answer in answers] == [200, 200]


async def test_database_when_it_cannot_be_reached_then_503_with_retry_after(
    app: Client, issuer: object, partner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.chassis.clock import SystemClock

    nowhere = Database("postgresql+asyncpg://a:b@127.0.0.1:1/none", clock=SystemClock(), service="notes")
    monkeypatch.setattr(partner.app.state, "database", lambda: nowhere)  # type: ignore[attr-defined]

    answer = await partner.get("/v1/notes")

    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "1")


async def test_openapi_when_read_then_routes_name_scope_problem_and_key(app: Client) -> None:
    document = (await app.get("/openapi.json")).json
    operation = document["paths"]["/v1/notes"]["post"]

    assert operation["security"] == [{"bearer": ["deals:write"]}]
    assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert "422" not in operation["responses"]
    assert [each["name"] for each in operation["parameters"]] == ["Idempotency-Key"]
    assert "security" not in document["paths"]["/v1/notes/open"]["get"]
    assert document["openapi"].startswith("3.1")


async def test_metrics_when_requests_were_made_then_counted_by_template_without_ids(partner: Client) -> None:
    await partner.get(f"/v1/notes/{UUID(int=7)}")
    text = (await partner.get("/metrics")).body.decode()

    assert 'hansa_http_request_duration_seconds_count{method="GET",route="/v1/notes/{note_id}",service="notes",status="404"} 1.0' in text
    assert str(UUID(int=7)) not in text


async def test_livez_when_asked_then_alive_without_token(app: Client) -> None:
    assert (await app.get("/livez")).status == 200
