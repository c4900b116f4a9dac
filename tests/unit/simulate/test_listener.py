"""The demo's own receiver of webhooks."""

from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook

from hansa.simulate.listener import Listener

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def signed(body: str, secret: str) -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(secret).sign(msg_id="m-1", timestamp=now, data=body)
    return {"webhook-id": "m-1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


async def test_listener_when_a_message_is_signed_then_counted_and_a_forged_one_is_not() -> None:
    async with Listener() as listener, aiohttp.ClientSession() as session:
        url = listener.expect("all")
        listener.trust("all", secret=SECRET)
        for secret, status in ((SECRET, 204), (OTHER, 401), (SECRET, 204)):
            answer = await session.post(url, data="{}", headers=signed("{}", secret))
            assert answer.status == status
        inbox = listener.inboxes["all"]
        assert (dict(inbox.verified), inbox.rejected) == ({"m-1": 2}, 1)


async def test_listener_when_nobody_is_expected_there_then_gone() -> None:
    async with Listener() as listener, aiohttp.ClientSession() as session:
        answer = await session.post(f"{listener.base_url}/hooks/nobody", data="{}", headers=signed("{}", SECRET))
        assert answer.status == 410
