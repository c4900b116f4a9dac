"""Dead letters as an operator handles them on the command line: listed, shown, marked."""

from hansa.letters import Desk, Summary
from shared.chassis.testing import eventually
from shared.chassis.testing.stage import Stage

_NOT_JSON = b'{"half": '


async def _parked(stage: Stage, *bodies: bytes) -> Desk:
    """A desk of a service that has been sent what it cannot read."""
    tiering = await stage.launch("tiering", api=False)
    wire = await stage.wire()
    headers = [("ce_type", b"hansa.deal.closed.v1"), ("ce_source", b"/hansa/registration"), ("ce_specversion", b"1.0")]
    await wire.send_all([("deal.closed", b"k", body, [*headers, ("ce_id", f"{n}".encode())]) for n, body in enumerate(bodies)])
    desk = Desk("tiering", tiering.platform.settings.api_url.replace("+asyncpg", ""))

    async def all_there() -> bool:
        return len(await desk.all(settled=False)) == len(bodies)

    await eventually(all_there, what="the letters")
    return desk


def _number(letter: Summary) -> int:
    service, _, number = letter.ref.partition("/")
    assert service == "tiering"
    return int(number)


async def test_letter_when_shown_then_nothing_of_the_record_is_lost(stage: Stage) -> None:
    desk = await _parked(stage, _NOT_JSON)
    (letter,) = await desk.all(settled=False)
    whole = await desk.show(_number(letter))
    assert whole is not None
    assert (whole.body, whole.key, whole.summary.where.partition("[")[0]) == (_NOT_JSON.decode(), "k", "deal.closed")
    assert ("ce_type", "hansa.deal.closed.v1") in whole.headers
    assert await desk.show(987_654) is None


async def test_letter_when_discarded_then_it_stays_on_record_and_cannot_be_retried(stage: Stage) -> None:
    desk = await _parked(stage, _NOT_JSON)
    (letter,) = await desk.all(settled=False)
    assert await desk.mark(_number(letter), "discarded", by="anna: a test of the line")
    assert await desk.all(settled=False) == []
    (kept,) = await desk.all(settled=True)
    assert kept.state == "discarded"
    assert not await desk.mark(_number(letter), "ready", by="anna")


async def test_letter_when_retried_in_vain_then_it_is_parked_again_with_one_more_attempt(stage: Stage) -> None:
    desk = await _parked(stage, _NOT_JSON)
    (letter,) = await desk.all(settled=False)
    assert await desk.mark(_number(letter), "ready", by="anna")

    async def tried_again() -> bool:
        return [(found.attempts, found.state) for found in await desk.all(settled=False)] == [(letter.attempts + 1, "parked")]

    await eventually(tried_again, what="the second attempt")


async def test_heads_when_several_are_parked_then_those_are_named_that_failed_themselves(stage: Stage) -> None:
    desk = await _parked(stage, _NOT_JSON, _NOT_JSON + b"again")
    failed = [_number(letter) for letter in await desk.all(settled=False) if letter.error != "parked_behind"]
    assert await desk.heads() == failed
