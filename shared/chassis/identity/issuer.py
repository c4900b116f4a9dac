"""The one-machine runtime's own token issuer: keys kept in a folder that only its owner can read."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.chassis.identity.roles import Role

_ALGORITHM = "ES256"
JWKS_FILE = "jwks.json"


class Issuer:
    """Issues ES256 tokens of `issuer` for `audience`. Keys are `<kid>.pem` in `directory`; the newest one signs.

    `jwks.json` beside them holds the public halves; old keys stay in it, so that their tokens are good until they expire.
    """

    def __init__(self, directory: Path, *, issuer: str, audience: str = "hansa") -> None:
        self._directory = directory
        self._issuer = issuer
        self._audience = audience
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            if not self._key_files() or not self.jwks_file.exists():
                self._make_key()
        self._kid, self._key = self._newest()

    @property
    def jwks_file(self) -> Path:
        """Where the public keys are: what a Verifier reads."""
        return self._directory / JWKS_FILE

    def issue(
        self,
        role: Role | str,
        *,
        partner_id: UUID | None = None,
        subject: str = "",
        ttl: timedelta = timedelta(hours=12),
        scopes: Iterable[str] | None = None,
    ) -> str:
        """A signed token. A partner's names its partner; `scopes` narrows what the role carries."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject or (f"{role}:{partner_id}" if partner_id else str(role)),
            "iat": now,
            "nbf": now,
            "exp": now + int(ttl.total_seconds()),
            "jti": secrets.token_urlsafe(12),
            "role": str(Role(role)),
        }
        if partner_id is not None:
            claims["partner_id"] = str(partner_id)
        if scopes is not None:
            claims["scope"] = " ".join(sorted(scopes))
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"kid": self._kid})

    def rotate(self) -> str:
        """Make a new signing key and publish it; returns its id."""
        with self._locked():
            self._make_key()
        self._kid, self._key = self._newest()
        return self._kid

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two processes that start at once must not publish one key and sign with another."""
        handle = os.open(self._directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _make_key(self) -> None:
        kid = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(self._directory / f"{kid}.pem", pem)
        _write(self.jwks_file, json.dumps(self.jwks()).encode())

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys as a JSON Web Key Set."""
        return {"keys": [_public(path.stem, _load(path)) for path in self._key_files()]}

    def _key_files(self) -> list[Path]:
        return sorted(self._directory.glob("*.pem"))

    def _newest(self) -> tuple[str, ec.EllipticCurvePrivateKey]:
        path = self._key_files()[-1]
        return path.stem, _load(path)


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} is not a key of this issuer")
    return key


def _public(kid: str, key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": _ALGORITHM}


def _write(path: Path, content: bytes) -> None:
    """Write at once and readable by the owner alone: another process sees the old file or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    draft.replace(path)
