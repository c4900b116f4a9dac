"""What a caller hears: 401 with how to authenticate, 403 with the scope that is missing, and nothing in between."""

import time
from datetime import timedelta
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from shared.chassis.identity import Issuer
from tests.integration.chassis.conftest import ISSUER
from tests.support.asgi import Client


async def test_request_when_it_has_no_token_then_401_without_an_error_attribute(app: Client) -> None:
    answer = await app.get("/v1/notes")

    assert (answer.status, answer.code, answer.headers["www-authenticate"]) == (401, "token_missing", 'Bearer realm="hansa"')


async def test_request_when_the_scheme_is_not_bearer_then_401(app: Client) -> None:
    assert (await app.get("/v1/notes", headers={"authorization": "Basic eDp5"})).code == "token_missing"


async def test_request_when_the_token_is_expired_foreign_unsigned_or_for_others_then_401(app: Client, issuer: Issuer) -> None:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "hansa", "sub": "x", "iat": now, "exp": now + 60, "role": "operator"}
    header = {"kid": issuer._kid}
    tokens = {
        "expired": issuer.issue("operator", ttl=timedelta(seconds=-60)),
        "audience": jwt.encode({**claims, "aud": "other"}, issuer._key, algorithm="ES256", headers=header),
        "issuer": jwt.encode({**claims, "iss": "http://evil.test"}, issuer._key, algorithm="ES256", headers=header),
        "algorithm": jwt.encode(claims, None, algorithm="none", headers=header),
        "signature": jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers=header),
    }
    for reason, token in tokens.items():
        answer = await app.bearing(token).get("/v1/notes")

        assert (answer.status, answer.code) == (401, "token_invalid")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert reason in answer.json["detail"]


async def test_request_when_the_scope_is_missing_then_403_that_names_it(app: Client, issuer: Issuer) -> None:
    reader = app.bearing(issuer.issue("partner", partner_id=UUID(int=1), scopes=["deals:read"]))
    answer = await reader.post("/v1/notes", json={"text": "x"})

    assert (answer.status, answer.code) == (403, "scope_missing")
    assert 'scope="deals:write"' in answer.headers["www-authenticate"]
    assert (await reader.get("/v1/notes")).status == 200


async def test_request_when_the_token_is_bad_then_the_body_is_not_even_read(app: Client) -> None:
    answer = await app.post("/v1/notes", body=b"not json at all")

    assert answer.status == 401
