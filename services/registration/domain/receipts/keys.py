"""Ed25519 keys of receipts: the newest signs, all verify; a key's id is its own thumbprint (RFC 7638), so no name can lie."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

RETIRED = "public:"
"""Stands before a key of which only the public half is left: it verifies and signs no more."""
_BYTES = 32


class KeyMalformed(ValueError):
    """A key cannot be read; the text says why, without the key."""


def text_of(data: bytes) -> str:
    """URL-safe base64 without padding, as in JSON Web Keys and Signatures."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    """The inverse of `text_of`. Raises KeyMalformed."""
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        raise KeyMalformed("it is no URL-safe base64") from None
    if text_of(found) != text.rstrip("="):
        raise KeyMalformed("it is no URL-safe base64")  # the decoder skips what it does not know
    return found


def _half(text: str) -> bytes:
    try:
        found = bytes_of(text)
    except KeyMalformed:
        found = b""
    if len(found) != _BYTES:
        raise KeyMalformed("a key is not 32 bytes in URL-safe base64")
    return found


class PublicKeys:
    """Keys that verify, by id."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._raw = {_thumbprint(raw): raw for raw in keys}
        self._keys = {key_id: Ed25519PublicKey.from_public_bytes(raw) for key_id, raw in self._raw.items()}

    @classmethod
    def of_jwks(cls, document: object) -> "PublicKeys":
        """The Ed25519 keys of a JSON Web Key Set; other kinds are passed over. Raises KeyMalformed."""
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise KeyMalformed("it is no JSON Web Key Set")
        return cls([_half(str(each.get("x", ""))) for each in entries if isinstance(each, dict) and each.get("crv") == "Ed25519"])

    def __contains__(self, key_id: object) -> bool:
        return isinstance(key_id, str) and key_id in self._keys

    def verify(self, key_id: str, signature: bytes, message: bytes) -> bool:
        """Whether the key signed the message; False too if there is no such key."""
        if key_id not in self._keys:
            return False
        try:
            self._keys[key_id].verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The keys as a JSON Web Key Set (RFC 8037)."""
        shared = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"}
        return {"keys": [{**shared, "kid": key_id, "x": text_of(raw)} for key_id, raw in self._raw.items()]}


def check_keys(texts: Sequence[str]) -> None:
    """Raises KeyMalformed, without the key, unless all of them can be read and the first one signs."""
    SigningKeys(texts)


class SigningKeys:
    """The service's own keys, newest first: each 32 bytes in URL-safe base64, a retired one as `public:` and its public half."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or keys[0].startswith(RETIRED):
            raise KeyMalformed("the first key must be one that signs")
        own = [None if key.startswith(RETIRED) else Ed25519PrivateKey.from_private_bytes(_half(key)) for key in keys]
        pairs = zip(keys, own, strict=True)
        self.public = PublicKeys(_half(text.removeprefix(RETIRED)) if key is None else _public(key) for text, key in pairs)
        assert own[0] is not None  # noqa: S101 - said above; the type checker cannot know
        self._key = own[0]
        self.key_id = _thumbprint(_public(self._key))

    def sign(self, message: bytes) -> bytes:
        """The signature, always the same for the same message."""
        return self._key.sign(message)


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _thumbprint(raw: bytes) -> str:
    members: Mapping[str, Any] = {"crv": "Ed25519", "kty": "OKP", "x": text_of(raw)}
    return text_of(hashlib.sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).digest())
