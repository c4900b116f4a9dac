"""`Idempotency-Key` on POST: the second same request gets the stored answer, byte for byte, and does nothing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from shared.chassis.database.unit_of_work import UnitOfWork
from shared.chassis.errors import Refused

REPLAYED = "Idempotent-Replayed"
_MAX_KEY = 255

# The row may be committed between the statement's snapshot and its lock; then the insert below finds it, and the request starts over.
_CLAIM = """
select pg_try_advisory_xact_lock($3), k.request_hash, k.status, k.headers, k.body
from (values (1)) one left join idempotency_keys k on k.subject = $1 and k.key = $2"""
_STORE = """
insert into idempotency_keys (subject, key, request_hash, status, headers, body) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing returning 1"""
# "offset 0": looked up one by one. A plan made while there were few reads all keys for each set, until somebody counts them anew.
# "select $1": the planner does not see how long an array is, and makes one plan instead of one for each set.
_CLAIM_ALL = """
select c.n, pg_try_advisory_xact_lock(c.lock) and k.request_hash is null
from unnest((select $1::text[]), (select $2::text[]), (select $3::bigint[])) with ordinality c(subject, key, lock, n)
left join lateral (select request_hash from idempotency_keys where subject = c.subject and key = c.key offset 0) k on true"""
_STORE_ALL = """
insert into idempotency_keys (subject, key, request_hash, status, headers, body)
select s, k, r, c, h::jsonb, b from unnest($1::text[], $2::text[], $3::bytea[], $4::int[], $5::text[], $6::bytea[]) w(s, k, r, c, h, b)
order by s, k on conflict do nothing returning 1"""
_PRUNE = """
delete from idempotency_keys where ctid = any(array(select ctid from idempotency_keys where created_at < $1 limit 5000)) returning 1"""


class KeyInvalid(Refused):
    code = "idempotency_key_invalid"
    status = 422
    sentence = "An Idempotency-Key has 1 to 255 printable ASCII characters."


class KeyReused(Refused):
    code = "idempotency_key_reused"
    status = 422
    sentence = "This Idempotency-Key was used for another request."


class InFlight(Refused):
    code = "idempotency_in_flight"
    status = 409
    sentence = "The first request with this Idempotency-Key is still being worked on; try again in a moment."
    headers: ClassVar = {"Retry-After": "1"}


class Overtaken(Exception):
    """Another request with the key was committed meanwhile: start over, and its answer will be found."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One caller's use of one key for one request."""

    subject: str
    key: str
    request_hash: bytes

    @property
    def lock(self) -> int:
        """The key as a lock of PostgreSQL: 64 bits, signed."""
        name = f"{self.subject}\0{self.key}".encode()
        return int.from_bytes(hashlib.blake2b(name, digest_size=8, person=b"idempotency").digest(), signed=True)


def claim_of(request: Request, body: bytes, *, subject: str) -> Claim | None:
    """The request's claim, if it carries a key. Raises KeyInvalid."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        raise KeyInvalid
    scope = request.scope
    digest = hashlib.sha256(b"\0".join((scope["path"].encode(), scope["query_string"], body))).digest()
    return Claim(subject, key, digest)


async def begin(uow: UnitOfWork, claim: Claim) -> Response | None:
    """The stored answer, or None with the key held until the transaction ends. Raises InFlight, KeyReused."""
    free, request_hash, status, headers, body = (await uow.fetch(_CLAIM, claim.subject, claim.key, claim.lock))[0]
    if request_hash is not None:
        if bytes(request_hash) != claim.request_hash:
            raise KeyReused
        return _replay(status, headers, body)
    if not free:
        raise InFlight
    return None


async def begin_all(uow: UnitOfWork, claims: Sequence[Claim]) -> list[bool]:
    """For each claim whether its key is new, and held until the transaction ends; the keys must be different ones."""
    columns = [claim.subject for claim in claims], [claim.key for claim in claims], [claim.lock for claim in claims]
    free = {row[0]: row[1] for row in await uow.fetch(_CLAIM_ALL, *columns)}
    return [free[place] for place in range(1, len(claims) + 1)]


async def store(uow: UnitOfWork, claim: Claim, response: Response) -> None:
    """Keep the answer in the transaction that it reports on. A streamed answer has no bytes to keep.

    An answer with a secret in it carries another as `kept`, to be stored and repeated in its place.
    """
    response = getattr(response, "kept", response)
    body = getattr(response, "body", None)
    if body is None:
        return
    if not await uow.fetch(_STORE, *_row(claim, response, body)):
        raise Overtaken


async def store_all(uow: UnitOfWork, answered: Sequence[tuple[Claim, Response]]) -> None:
    """`store` for a set of answers. Raises Overtaken if one of the keys was answered by somebody else."""
    if not answered:
        return
    columns = [list(column) for column in zip(*(_row(claim, response, response.body) for claim, response in answered), strict=True)]
    if len(await uow.fetch(_STORE_ALL, *columns)) < len(answered):
        raise Overtaken


def _row(claim: Claim, response: Response, body: bytes | memoryview) -> tuple[str, str, bytes, int, str, bytes]:
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in response.raw_headers]
    return claim.subject, claim.key, claim.request_hash, response.status_code, orjson.dumps(headers).decode(), bytes(body)


def _replay(status: int, headers: str | list[list[str]], body: bytes) -> Response:
    pairs: list[list[str]] = orjson.loads(headers) if isinstance(headers, str) else headers
    response = Response(bytes(body), status_code=status)
    response.raw_headers[:] = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    response.headers[REPLAYED] = "true"
    return response


async def prune(uow: UnitOfWork, *, keep: timedelta = timedelta(days=3)) -> int:
    """Forget answers older than `keep`; the number forgotten (a timer calls it until it is 0)."""
    return len(await uow.fetch(_PRUNE, uow.now - keep))
