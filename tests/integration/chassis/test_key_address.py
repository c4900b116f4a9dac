"""Keys behind an address: read once, read again after a rotation, never through a redirect, and 503 while they cannot be had."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from shared.chassis.database import Database
from shared.chassis.identity import Issuer, Verifier
from shared.chassis.identity.keys import KeyAddress
from shared.chassis.settings import ServiceSettings
from tests.integration.chassis import notes
from tests.integration.chassis.conftest import ISSUER
from tests.support.asgi import Client


class Provider:
    """An OIDC provider's key endpoint; `status` is what it answers with."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.status = 200
        self.reads = 0
        self.address = ""

    async def keys(self, _: web.Request) -> web.Response:
        self.reads += 1
        if self.status == 302:
            raise web.HTTPFound("/elsewhere")
        return web.json_response(self.issuer.jwks(), status=self.status)

    async def elsewhere(self, _: web.Request) -> web.Response:
        return web.json_response(self.issuer.jwks())


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[Provider]:
    provider = Provider(Issuer(tmp_path / "provider", issuer=ISSUER))
    app = web.Application()
    app.router.add_get("/keys", provider.keys)
    app.router.add_get("/elsewhere", provider.elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.address = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    yield provider
    await runner.cleanup()


@pytest.fixture
def outside(database: Database, provider: Provider) -> Client:
    """The notes service, trusting the provider."""
    verifier = Verifier(KeyAddress(provider.address), issuer=ISSUER, audience="hansa")
    return Client(notes.build(database, verifier, ServiceSettings()))


async def test_keys_when_read_from_an_address_then_kept(outside: Client, provider: Provider) -> None:
    for number in range(3):
        assert (await outside.bearing(provider.issuer.issue("operator", subject=str(number))).get("/v1/notes")).status == 200

    assert provider.reads == 1


async def test_keys_when_rotated_at_the_provider_then_read_again(
    outside: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await outside.bearing(provider.issuer.issue("operator")).get("/v1/notes")).status == 200
    monkeypatch.setattr("shared.chassis.identity.keys._COOL_OFF_S", 0.0)
    provider.issuer.rotate()

    assert (await outside.bearing(provider.issuer.issue("operator", subject="new")).get("/v1/notes")).status == 200
    assert provider.reads == 2


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_keys_when_the_provider_does_not_give_them_then_503_rather_than_401(outside: Client, provider: Provider, status: int) -> None:
    provider.status = status
    for _ in range(3):
        answer = await outside.bearing(provider.issuer.issue("operator")).get("/v1/notes")

    assert provider.reads == 1, "a provider in trouble is not asked again by every request"
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "1")


async def test_keys_when_the_provider_fails_after_they_were_read_then_the_old_ones_serve(
    outside: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = provider.issuer.issue("operator")
    assert (await outside.bearing(token).get("/v1/notes")).status == 200
    provider.status = 500
    monkeypatch.setattr("shared.chassis.identity.keys._COOL_OFF_S", 0.0)
    monkeypatch.setattr("shared.chassis.identity.keys._KEEP_S", 0.0)

    assert (await outside.bearing(provider.issuer.issue("operator", subject="later")).get("/v1/notes")).status == 200
