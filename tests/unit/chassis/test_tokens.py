"""Tokens: only what the issuer signed, for us, in time, with a role that makes sense, is accepted."""

import base64
import hmac
import json
import stat
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from shared.chassis.identity import Issuer, Principal, TokenInvalid, Verifier
from shared.chassis.identity.keys import KeyFile, KeysUnavailable

ISSUER = "http://issuer.test"
PARTNER = UUID(int=5)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "keys", issuer=ISSUER)


@pytest.fixture
def verifier(issuer: Issuer) -> Verifier:
    return Verifier(KeyFile(issuer.jwks_file), issuer=ISSUER, audience="hansa")


@pytest.fixture
def forge(issuer: Issuer) -> Callable[..., str]:
    """Make a token that is good but for the claims given (None leaves one out)."""

    def make(*, key: Any = None, algorithm: str = "ES256", kid: str | None = None, **claims: Any) -> str:
        now = int(time.time())
        good = {"iss": ISSUER, "aud": "hansa", "sub": "x", "iat": now, "exp": now + 60, "role": "operator"}
        chosen = {name: value for name, value in {**good, **claims}.items() if value is not None}
        return jwt.encode(chosen, key if key is not None else issuer._key, algorithm=algorithm, headers={"kid": kid or issuer._kid})

    return make


def _part(values: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


async def test_token_when_issued_for_a_partner_then_bound_to_it(issuer: Issuer, verifier: Verifier) -> None:
    principal = await verifier.verify(issuer.issue("partner", partner_id=PARTNER))

    assert (principal.role, principal.partner_id, principal.actor.operator) == ("partner", PARTNER, False)
    assert principal.may("deals:write")
    assert not principal.may("imports:write")


async def test_token_when_issued_for_an_operator_then_sees_all(issuer: Issuer, verifier: Verifier) -> None:
    principal = await verifier.verify(issuer.issue("operator"))

    assert principal.may("anything:admin")
    assert principal.actor.operator


async def test_token_when_a_connector_is_bound_to_a_partner_then_it_sees_that_one_alone(issuer: Issuer, verifier: Verifier) -> None:
    bound = await verifier.verify(issuer.issue("connector", partner_id=PARTNER))
    free = await verifier.verify(issuer.issue("connector"))

    assert (bound.actor.partner_id, bound.actor.operator) == (PARTNER, False)
    assert free.actor.operator


async def test_scope_claim_when_given_then_it_narrows_and_never_widens(issuer: Issuer, verifier: Verifier) -> None:
    narrowed = await verifier.verify(issuer.issue("partner", partner_id=PARTNER, scopes=["deals:read", "policies:admin", "*"]))
    staff = await verifier.verify(issuer.issue("operator", scopes=["deals:read", "*"]))

    assert narrowed.scopes == {"deals:read"}
    assert staff.scopes == {"deals:read"}


async def test_scope_claim_when_it_is_a_list_then_it_narrows_as_well(verifier: Verifier, forge: Callable[..., str]) -> None:
    assert (await verifier.verify(forge(scope=["deals:read", "*"]))).scopes == {"deals:read"}
    assert (await verifier.verify(forge(scope=[]))).scopes == frozenset()


@pytest.mark.parametrize("scope", [7, True, {"deals": "read"}, ["deals:read", 7]])
async def test_scope_claim_when_it_cannot_be_read_then_the_token_is_refused(
    verifier: Verifier, forge: Callable[..., str], scope: object
) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(forge(scope=scope))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "lacks a required claim"),
        ({"aud": "other"}, "another audience"),
        ({"aud": None}, "lacks a required claim"),
        ({"iss": "http://evil.test"}, "another issuer"),
        ({"nbf": int(time.time()) + 3600}, "not valid yet"),
        ({"sub": None}, "lacks a required claim"),
        ({"role": "root"}, "role"),
        ({"role": None}, "role"),
        ({"role": "partner"}, "names its partner"),
        ({"role": "partner", "partner_id": "x"}, "partner_id"),
        ({"role": "partner", "partner_id": ["a"]}, "partner_id"),
        ({"partner_id": str(PARTNER)}, "operator's names none"),
        ({"algorithm": "ES256", "kid": "../../etc/passwd"}, "does not have"),
    ],
)
async def test_token_when_a_claim_is_wrong_then_refused(
    verifier: Verifier, forge: Callable[..., str], claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TokenInvalid, match=reason):
        await verifier.verify(forge(**claims))


async def test_token_when_the_algorithm_is_none_then_refused(verifier: Verifier, forge: Callable[..., str]) -> None:
    header = _part({"alg": "none", "typ": "JWT"})
    stripped = f"{header}.{forge().split('.')[1]}."

    for token in (stripped, forge(key="", algorithm="none")):
        with pytest.raises(TokenInvalid, match="algorithm"):
            await verifier.verify(token)


async def test_token_when_signed_by_a_foreign_key_then_refused(verifier: Verifier, forge: Callable[..., str]) -> None:
    with pytest.raises(TokenInvalid, match="signature"):
        await verifier.verify(forge(key=ec.generate_private_key(ec.SECP256R1())))


async def test_token_when_the_public_key_is_used_as_a_secret_then_refused(
    issuer: Issuer, verifier: Verifier, forge: Callable[..., str]
) -> None:
    public = issuer._key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = _part({"alg": "HS256", "typ": "JWT", "kid": issuer._kid})
    signed = f"{header}.{forge().split('.')[1]}"
    mac = base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), "sha256")).rstrip(b"=").decode()

    with pytest.raises(TokenInvalid, match="algorithm"):
        await verifier.verify(f"{signed}.{mac}")


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
async def test_token_when_its_algorithm_is_not_its_keys_then_refused(verifier: Verifier, forge: Callable[..., str], algorithm: str) -> None:
    key = rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else ed25519.Ed25519PrivateKey.generate()

    with pytest.raises(TokenInvalid):
        await verifier.verify(forge(key=key, algorithm=algorithm))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "." * 9_000, "e30.e30.e30"])
async def test_token_when_it_is_no_token_then_refused(verifier: Verifier, token: str) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(token)


async def test_token_when_tampered_then_refused(issuer: Issuer, verifier: Verifier) -> None:
    head, _, tail = issuer.issue("partner", partner_id=PARTNER).split(".")
    with pytest.raises(TokenInvalid):
        await verifier.verify(f"{head}.{_part({'role': 'operator'})}.{tail}")


async def test_token_when_remembered_then_still_refused_after_its_expiry(
    issuer: Issuer, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.issue("operator", ttl=timedelta(seconds=30))
    await verifier.verify(token)
    later = time.time() + 40
    monkeypatch.setattr("shared.chassis.identity.verifier.time.time", lambda: later)

    assert verifier._good[token][0] < later  # it is asked again, and PyJWT then sees the expiry


async def test_keys_when_rotated_then_new_tokens_are_known_and_old_ones_stay_good(
    issuer: Issuer, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issuer.issue("operator")
    await verifier.verify(old)
    issuer.rotate()
    monkeypatch.setattr("shared.chassis.identity.keys._COOL_OFF_S", 0.0)

    assert isinstance(await verifier.verify(issuer.issue("operator", subject="after")), Principal)
    assert isinstance(await verifier.verify(issuer.issue("operator", subject="before")), Principal)
    assert isinstance(await verifier.verify(old), Principal)


async def test_keys_when_an_unknown_one_is_named_again_and_again_then_read_once(issuer: Issuer, forge: Callable[..., str]) -> None:
    class Counting:
        reads = 0

        async def read(self) -> bytes:
            Counting.reads += 1
            return issuer.jwks_file.read_bytes()

    verifier = Verifier(Counting(), issuer=ISSUER, audience="hansa")
    for number in range(20):
        with pytest.raises(TokenInvalid):
            await verifier.verify(forge(kid=f"made-up-{number}"))

    assert Counting.reads == 1


async def test_keys_when_they_cannot_be_read_then_not_known_rather_than_refused(tmp_path: Path, issuer: Issuer) -> None:
    blind = Verifier(KeyFile(tmp_path / "missing.json"), issuer=ISSUER, audience="hansa")

    with pytest.raises(KeysUnavailable):
        await blind.verify(issuer.issue("operator"))


def test_issuer_when_started_again_then_same_key_and_only_its_owner_can_read_it(tmp_path: Path, issuer: Issuer) -> None:
    again = Issuer(tmp_path / "keys", issuer=ISSUER)

    assert again._kid == issuer._kid
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").glob("*.pem")] == [0o600]
    assert "d" not in json.loads(issuer.jwks_file.read_text())["keys"][0]
