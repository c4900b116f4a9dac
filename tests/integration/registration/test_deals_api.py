"""The life of a deal over HTTP, and the facts that tell it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.registration.domain.values import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def test_register_when_the_account_is_free_then_protected_for_thirty_days(world: World) -> None:
    deal = await world.registered()
    now = world.stage.clock.now()
    assert (deal["state"], deal["protected"], deal["territory"], deal["version"]) == ("open", True, "DE", 1)
    [(topic, sequence, event)] = await world.events()
    assert (topic, sequence, event["protected"]) == ("deal.registered", 1, True)
    assert event["protected_until"] == (now + timedelta(days=30)).isoformat().replace("+00:00", "Z")


async def test_register_when_a_rival_is_second_then_it_learns_that_the_account_is_taken_and_not_by_whom(world: World) -> None:
    await world.registered()
    answer = await world.register(world.rival, account_domain=None, territory="EMEA", families=["MG", "GTX"])
    own = await world.register()
    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")
    assert answer.json() == own.json()
    assert str(world.partner_id) not in answer.text
    topic, _, event = (await world.events())[1]
    assert (topic, event["partner_id"], event["code"]) == ("deal.duplicate_refused", str(world.rival_id), "account_taken")
    assert str(world.partner_id) not in str(event)


async def test_register_when_a_rival_is_refused_then_what_it_said_of_the_account_does_not_stick(world: World) -> None:
    await world.registered()
    assert (await world.register(world.rival, account_domain="beta.com")).json()["code"] == "account_taken"
    assert (await world.registered(world.rival, account_name="Beta", account_domain="beta.com"))["protected"]


@pytest.mark.parametrize(
    "other",
    [{"families": ["MG"]}, {"territory": "APAC", "account_domain": None}, {"account_name": "Other", "account_domain": "other.com"}],
    ids=["other family", "other territory", "other account"],
)
async def test_register_when_it_is_another_deal_then_both_are_protected(world: World, other: dict[str, object]) -> None:
    await world.registered()
    assert (await world.registered(world.rival, **other))["protected"]


async def test_register_when_the_window_is_over_to_the_microsecond_then_accepted(world: World) -> None:
    await world.registered()
    world.stage.clock.advance(timedelta(days=30) - timedelta(microseconds=1))
    assert (await world.register(world.rival)).status_code == 409
    world.stage.clock.advance(timedelta(microseconds=1))
    assert (await world.registered(world.rival))["protected"]


async def test_register_when_names_match_two_accounts_then_put_up_for_review(world: World) -> None:
    await world.registered()
    await world.registered(account_name="Beta", account_domain="beta.com")
    answer = await world.register(world.rival, account_name="Beta")
    assert (answer.status_code, answer.json()["code"]) == (409, "account_ambiguous")
    [review] = (await world.staff.get("/v1/reviews")).json()["items"]
    assert (review["partner_id"], review["account_name"], review["reason"]) == (str(world.rival_id), "Beta", "account_ambiguous")
    assert {"kind": "domain", "value": "acme.co.uk"} in review["identifiers"]
    assert (await world.rival.get("/v1/reviews")).status_code == 403


async def test_register_when_only_a_free_mail_domain_is_shared_then_another_account(world: World) -> None:
    await world.registered(account_domain="sales@gmail.com")
    assert (await world.registered(world.rival, account_name="Someone else", account_domain="gmail.com"))["protected"]


async def test_register_when_the_partner_is_unknown_or_suspended_then_refused(world: World) -> None:
    stranger = world.stage.client(world.service, role="partner", partner_id=uuid4())
    assert (await world.register(stranger)).json()["code"] == "partner_unknown"
    await world.heard(world.partner_id, Standing.SUSPENDED, sequence=2)
    assert (await world.register()).json()["code"] == "partner_inactive"


async def test_register_when_a_partner_gives_what_is_the_vendors_then_refused(world: World) -> None:
    early = (world.stage.clock.now() - timedelta(days=3)).isoformat()
    assert (await world.register(registered_at=early)).json()["code"] == "staff_only"
    assert (await world.register(partner_id=str(world.rival_id))).json()["code"] == "partner_mismatch"
    deal = await world.registered(world.staff, partner_id=str(world.rival_id), registered_at=early)
    assert deal["partner_id"] == str(world.rival_id)


async def test_deal_when_it_goes_through_its_life_then_versions_count_its_facts(world: World) -> None:
    deal = await world.registered()
    lines = [{"product": "GTX Pro", "family": "GTX", "amount": "70.00"}, {"product": "MG", "family": "MG", "amount": "30.00"}]
    split = [{"partner_id": str(world.partner_id), "share": "1/3"}, {"partner_id": str(world.rival_id), "share": "2/3"}]
    await world.done(deal, "extend")
    await world.done(deal, "close", by=world.partner, outcome="won", lines=lines, credits=split)
    await world.done(deal, "amend", amount="120.00", reason="a line more")
    await world.done(deal, "refund", amount="20.00")
    await world.done(deal, "refund", lines=[{"line_id": "1", "amount": "50.00"}])
    await world.done(deal, "refund")
    await world.done(deal, "reopen", reason="mistake")
    await world.done(deal, "close", outcome="lost")
    await world.done(deal, "reopen", reason="again")
    final = await world.done(deal, "withdraw", by=world.partner, reason="no budget")
    assert final["state"] == "withdrawn"
    told = await world.events()
    assert [topic.removeprefix("deal.") for topic, _, _ in told] == [
        *("registered", "extended", "closed", "amended", "refunded", "refunded", "refunded", "reopened", "closed", "reopened", "withdrawn")
    ]
    assert [sequence for _, sequence, _ in told] == list(range(1, 12))
    closed = told[2][2]
    assert closed["amount"] == {"amount_minor": 10000, "currency": "USD"}
    assert [credit["share"] for credit in closed["credits"]] == ["1/3", "2/3"]
    assert (closed["partner_type"], closed["protected"], closed["close_number"]) == ("channel", True, 1)
    assert [event["amount"]["amount_minor"] for _, _, event in told[4:7]] == [2000, 5000, 5000]
    assert told[8][2]["close_number"] == 2


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("close", {"outcome": "won", "amount": "1"}, "already_closed"),
        ("refund", {"amount": "100.01"}, "refund_exceeds_sale"),
        ("refund", {"lines": [{"line_id": "9", "amount": "1"}]}, "refund_invalid"),
        ("amend", {"amount": "1", "reason": "x", "credits": [{"partner_id": str(uuid4()), "share": "1"}]}, "partner_unknown"),
        ("withdraw", {"reason": "x"}, "deal_not_open"),
        ("extend", {}, "deal_not_open"),
    ],
)
async def test_won_deal_when_a_rule_forbids_it_then_refused(world: World, verb: str, body: dict[str, object], code: str) -> None:
    deal = await world.registered()
    await world.done(deal, "close", outcome="won", amount="100.00")
    assert (await world.step(deal, verb, **body)).json()["code"] == code


async def test_close_when_the_shares_are_not_one_then_refused(world: World) -> None:
    deal = await world.registered()
    split = [{"partner_id": str(world.partner_id), "share": "0.3"}, {"partner_id": str(world.rival_id), "share": "0.6"}]
    answer = await world.step(deal, "close", outcome="won", amount="1.00", credits=split)
    assert (answer.status_code, answer.json()["code"]) == (422, "splits_not_one")


async def test_close_when_a_rival_holds_the_account_then_only_staff_may_decide_on_the_credit(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(timedelta(days=31))
    await world.registered(world.rival)
    assert (await world.step(deal, "close", by=world.partner, outcome="won", amount="9.00")).json()["code"] == "credit_held_by_rival"
    answer = await world.step(deal, "close", by=world.partner, outcome="won", amount="9.00", credit_decided=True)
    assert answer.json()["code"] == "staff_only"
    assert (await world.done(deal, "close", outcome="won", amount="9.00", credit_decided=True))["state"] == "won"


async def test_close_when_protection_ended_and_nobody_holds_the_account_then_credited(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(timedelta(days=57))
    await world.done(deal, "close", by=world.partner, outcome="won", amount="9.00")
    assert (await world.events())[-1][2]["protected"] is False


async def test_close_when_the_deal_ends_then_the_account_is_free(world: World) -> None:
    deal = await world.registered()
    await world.done(deal, "close", outcome="lost")
    assert (await world.registered(world.rival))["protected"]
    reopened = await world.done(deal, "reopen", reason="x")
    assert (reopened["state"], reopened["protected"]) == ("open", False)


async def test_reopen_when_nobody_took_the_account_then_the_rest_of_the_window_protects(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(timedelta(days=2))
    await world.done(deal, "close", outcome="lost")
    world.stage.clock.advance(timedelta(days=2))
    assert (await world.done(deal, "reopen", reason="x"))["protected"]
    assert (await world.register(world.rival)).status_code == 409


async def test_extend_when_protection_is_over_or_extended_then_refused(world: World) -> None:
    deal = await world.registered()
    assert (await world.step(deal, "extend", by=world.partner)).json()["code"] == "scope_missing"
    await world.done(deal, "extend")
    assert (await world.step(deal, "extend")).json()["code"] == "extensions_used"
    world.stage.clock.advance(timedelta(days=59))
    assert (await world.register(world.rival)).status_code == 409
    late = await world.registered(account_name="Late", account_domain=None)
    world.stage.clock.advance(timedelta(days=30))
    assert (await world.step(late, "extend")).json()["code"] == "protection_over"


async def test_expiry_when_the_window_is_over_then_announced_once_and_the_deal_lives(world: World) -> None:
    deal = await world.registered()
    timers = world.service.timers
    world.stage.clock.advance(timedelta(days=30))
    for _ in range(2):
        async with world.service.platform.worker_database.transaction() as uow:
            await timers[0].run(uow)
    assert [topic for topic, _, _ in await world.events()] == ["deal.registered", "deal.expired"]
    assert (await world.done(deal, "close", outcome="won", amount="5"))["version"] == 3


async def test_change_when_the_version_is_old_then_refused(world: World) -> None:
    answer = await world.register()
    assert answer.headers["etag"] == '"1"'
    deal = answer.json()
    await world.done(deal, "extend")
    stale = await world.step(deal, "withdraw", headers={"if-match": '"1"'}, reason="x")
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")


async def test_partner_when_it_looks_then_sees_its_own_deals_alone(world: World) -> None:
    deal = await world.registered()
    assert [item["id"] for item in (await world.partner.get("/v1/deals")).json()["items"]] == [deal["id"]]
    assert (await world.rival.get("/v1/deals")).json()["items"] == []
    assert (await world.rival.get(f"/v1/deals/{deal['id']}")).status_code == 404
    assert (await world.step(deal, "withdraw", by=world.rival, reason="x")).status_code == 404


async def test_quota_when_it_is_reached_then_refused_until_one_is_closed(world: World) -> None:
    await world.rows("update policies set body = body || '{\"open_registrations_limit\": 2}' returning 1")
    first = await world.registered()
    await world.registered(families=["MG"])
    assert (await world.register(families=["GTK"])).json()["code"] == "quota_reached"
    await world.done(first, "withdraw", reason="x")
    await world.registered(families=["GTK"])
    assert await world.rows("select open_deals from registration_quotas where partner_id = $1", world.partner_id) == [(2,)]


async def test_termination_when_it_is_heard_then_open_registrations_are_withdrawn(world: World) -> None:
    await world.registered()
    await world.heard(world.partner_id, Standing.TERMINATED, sequence=2)
    assert (await world.events())[-1][0] == "deal.withdrawn"
    assert (await world.registered(world.rival))["protected"]


async def test_register_when_the_instant_is_beyond_every_calendar_then_refused_as_invalid(world: World) -> None:
    answer = await world.register(world.staff, partner_id=str(world.partner_id), registered_at="0001-01-01T00:00:00+14:00")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_register_when_less_than_nothing_is_expected_then_refused(world: World) -> None:
    answer = await world.register(expected_amount="-5.00")
    assert (answer.status_code, answer.json()["code"]) == (422, "amount_negative")
