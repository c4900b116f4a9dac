"""Bearer tokens checked: signature against the issuer's keys, algorithm, audience, issuer, times, then the role."""

import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import jwt

from shared.chassis.identity.keys import KeyAddress, KeyFile, KeySet, KeySource
from shared.chassis.identity.principal import Principal
from shared.chassis.identity.roles import ALL, ROLE_SCOPES, Role

ALGORITHMS = ("ES256", "RS256", "EdDSA")
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
_LEEWAY_S = 5
_REMEMBER_S = 60.0
_REMEMBER_TOKENS = 10_000
_MAX_TOKEN_BYTES = 8_192


class TokenInvalid(Exception):
    """The token is not accepted; the text says why, without repeating the token."""


class HasIssuer(Protocol):
    """Settings that name the issuer."""

    @property
    def issuer(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def jwks_url(self) -> str: ...
    @property
    def jwks_file(self) -> str: ...


class Verifier:
    """Turns a bearer token into a Principal.

    A token that was found good is remembered for a minute (never beyond its expiry): a signature costs more than
    everything else that the edge does.
    """

    def __init__(self, source: KeySource, *, issuer: str, audience: str) -> None:
        self._keys = KeySet(source)
        self._issuer = issuer
        self._audience = audience
        self._good: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    @classmethod
    def of(cls, settings: HasIssuer) -> "Verifier":
        """The verifier that the settings describe."""
        url = settings.jwks_url or f"{settings.issuer.rstrip('/')}/.well-known/jwks.json"
        source = KeyFile(Path(settings.jwks_file)) if settings.jwks_file else KeyAddress(url)
        return cls(source, issuer=settings.issuer, audience=settings.audience)

    async def verify(self, token: str) -> Principal:
        """Who the token speaks for. Raises TokenInvalid, or KeysUnavailable while the issuer cannot be asked."""
        remembered = self._good.get(token)
        if remembered is not None and time.time() < remembered[0]:
            return remembered[1]
        claims = await self._claims(token)
        principal = _principal(claims)
        self._remember(token, until=min(float(claims["exp"]), time.time() + _REMEMBER_S), principal=principal)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > _MAX_TOKEN_BYTES:
            raise TokenInvalid("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise TokenInvalid("the token's algorithm is not accepted")
            key = await self._keys.find(str(header.get("kid", "")))
            if key is None or key.algorithm_name not in ALGORITHMS:
                raise TokenInvalid("the token is signed with a key that the issuer does not have")
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY_S,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise TokenInvalid(_REASONS.get(type(error), "the token is malformed or its signature is wrong")) from error

    def _remember(self, token: str, *, until: float, principal: Principal) -> None:
        self._good[token] = (until, principal)
        self._good.move_to_end(token)
        if len(self._good) > _REMEMBER_TOKENS:
            self._good.popitem(last=False)


_REASONS: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidAudienceError: "the token is meant for another audience",
    jwt.InvalidIssuerError: "the token comes from another issuer",
    jwt.MissingRequiredClaimError: "the token lacks a required claim",
}


def _principal(claims: dict[str, Any]) -> Principal:
    try:
        role = Role(claims.get("role", ""))
        partner_id = UUID(claims["partner_id"]) if claims.get("partner_id") is not None else None
    except (ValueError, TypeError, AttributeError) as error:
        raise TokenInvalid("the token's role or partner_id is not usable") from error
    if (role is Role.PARTNER) == (partner_id is None) and role is not Role.CONNECTOR:
        raise TokenInvalid("a partner's token names its partner, an operator's names none")
    return Principal(subject=str(claims["sub"]), role=role, partner_id=partner_id, scopes=_scopes(role, claims.get("scope")))


def _scopes(role: Role, narrowed: object) -> frozenset[str]:
    """The role's scopes; a `scope` claim (text, or a list as some issuers send it) may take some away, never add any."""
    granted = ROLE_SCOPES[role]
    if narrowed is None:
        return granted
    names = narrowed.split() if isinstance(narrowed, str) else narrowed
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TokenInvalid("the token's scope is not usable")
    asked = frozenset(names)
    return asked - {ALL} if ALL in granted else granted & asked
