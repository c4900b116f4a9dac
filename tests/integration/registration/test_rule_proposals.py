"""Rule changes: filed by the last step of a conflict, tried over history without a trace, switched on by somebody else."""

from datetime import timedelta
from typing import Any

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.court import CLAUSE, Court


@pytest.fixture
async def court(stage: Stage) -> Court:
    return await Court.open(stage)


async def _proposed(court: Court, patch: dict[str, Any], by: str = "ann") -> dict[str, Any]:
    answer = await court.judge(by).post("/v1/rule-proposals", json={"patch": patch, "reason": "So that it does not happen again."})
    assert answer.status_code == 201, answer.text
    filed: dict[str, Any] = answer.json()
    return filed


async def _tried(court: Court, proposal: dict[str, Any]) -> dict[str, Any]:
    court.world.stage.clock.advance(timedelta(minutes=1))
    since = (court.now - timedelta(days=1)).isoformat()
    answer = await court.world.staff.post(f"/v1/rule-proposals/{proposal['id']}/try", json={"since": since})
    assert answer.status_code == 200, answer.text
    trial: dict[str, Any] = answer.json()
    return trial


async def test_prevention_when_it_proposes_a_rule_then_filed_with_the_conflict(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    await court.do(conflict, "decide", outcome="uphold", **CLAUSE)
    await court.do(conflict, "communicate", text="By letter.")
    wrong = await court.attempt(conflict, "prevent", text="x", patch={"mercy": True})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "rule_invalid")
    answer = await court.attempt(conflict, "prevent", text="Refuse overlaps.", patch={"opportunity_exclusivity": "enforce"})
    assert (answer.status_code, answer.json()["state"]) == (200, "closed")
    proposal = (await court.world.staff.get("/" + answer.headers["location"])).json()
    assert (proposal["conflict_id"], proposal["state"]) == (conflict["id"], "proposed")


async def test_trial_when_tried_over_known_history_then_its_figures_and_nothing_written(court: Court) -> None:
    await court.overlap()
    won = await court.world.registered(account_name="Honest", account_domain=None)
    await court.world.done(won, "close", outcome="won", amount="5.00")
    await court.world.registered(account_name="Later", account_domain=None)
    before = await court.world.rows(
        "select (select count(*) from policies), (select count(*) from outbox), (select sum(version) from deals)"
    )
    enforced = await _tried(court, await _proposed(court, {"opportunity_exclusivity": "enforce"}))
    assert (enforced["deals"], enforced["conflicts"], enforced["prevented"], enforced["honest_blocked"]) == (4, 1, 1, 0)
    assert [(each["code"], each["honest"]) for each in enforced["blocked_deals"]] == [("account_taken", False)]
    limited = await _tried(court, await _proposed(court, {"open_registrations_limit": 1}))
    assert (limited["prevented"], limited["honest_blocked"]) == (0, 2), "the imported one is open when each of the two comes"
    after = await court.world.rows(
        "select (select count(*) from policies), (select count(*) from outbox), (select sum(version) from deals)"
    )
    assert after == before


async def test_switch_on_when_by_somebody_else_then_the_next_version_from_that_time_on(court: Court) -> None:
    proposal = await _proposed(court, {"open_registrations_limit": 1})
    path, tomorrow = f"/v1/rule-proposals/{proposal['id']}/switch-on", (court.now + timedelta(days=1)).isoformat()
    body, headers = {"effective_from": tomorrow, "reason": "agreed"}, {"if-match": '"1"'}
    same = await court.judge("ann").post(path, json=body, headers=headers)
    assert (same.status_code, same.json()["code"]) == (403, "proposal_same_person")
    past = await court.judge("bob").post(path, json=body | {"effective_from": "2020-01-01T00:00:00Z"}, headers=headers)
    assert (past.status_code, past.json()["code"]) == (422, "rule_starts_in_past")
    on = await court.judge("bob").post(path, json=body, headers=headers)
    assert (on.status_code, on.json()["policy_version"]) == (200, 2)
    for n in range(2):
        await court.world.registered(account_name=f"Today {n}", account_domain=None)
    court.world.stage.clock.advance(timedelta(days=1))
    refused = await court.world.register(account_name="Tomorrow", account_domain=None)
    assert refused.json()["code"] == "quota_reached"
    again = await court.judge("bob").post(path, json=body, headers={"if-match": "*"})
    assert (again.status_code, again.json()["code"]) == (409, "proposal_settled")


async def test_switch_on_when_another_version_starts_later_then_refused_since_that_would_undo_it(court: Court) -> None:
    later, sooner = await _proposed(court, {"cool_off_days": 3}), await _proposed(court, {"protection_days": 20})
    start = (court.now + timedelta(days=9)).isoformat()
    path = "/v1/rule-proposals/{}/switch-on"
    on = await court.judge("bob").post(path.format(later["id"]), json={"effective_from": start, "reason": "x"}, headers={"if-match": "*"})
    assert on.status_code == 200
    refused = await court.judge("bob").post(path.format(sooner["id"]), json={"reason": "x"}, headers={"if-match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (422, "rule_invalid")


async def test_decline_when_declined_then_it_stays_so(court: Court) -> None:
    proposal = await _proposed(court, {"cool_off_days": 3})
    path = f"/v1/rule-proposals/{proposal['id']}/decline"
    unread = await court.world.staff.post(path, json={"reason": "no"})
    declined = await court.world.staff.post(path, json={"reason": "no"}, headers={"if-match": '"1"'})
    assert (unread.status_code, declined.json()["state"]) == (428, "declined")
    listed = (await court.world.staff.get("/v1/rule-proposals?state=declined")).json()["items"]
    assert [each["id"] for each in listed] == [proposal["id"]]


async def test_trial_when_the_period_holds_too_many_deals_then_refused(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.registration.use_cases.rules.try_out.LIMIT", 0)
    await court.world.registered()
    court.world.stage.clock.advance(timedelta(minutes=1))
    proposal = await _proposed(court, {"cool_off_days": 3})
    answer = await court.world.staff.post(f"/v1/rule-proposals/{proposal['id']}/try", json={"since": "2020-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (422, "trial_too_large")


async def test_trial_when_history_does_not_tell_enough_then_refused_and_says_why(court: Court) -> None:
    await court.world.registered(account_domain="zebra.com")
    court.world.stage.clock.advance(timedelta(minutes=1))
    since = {"since": "2020-01-01T00:00:00Z"}
    [(kept,)] = await court.world.rows("select body -> 'free_mail_domains' from policies")
    domains = [*kept, "zebra.com"]
    for patch in ({"extension": {"times": 9}}, {"account_likeness": {"probable_from": 50}}, {"free_mail_domains": domains}):
        proposal = await _proposed(court, patch)
        answer = await court.world.staff.post(f"/v1/rule-proposals/{proposal['id']}/try", json=since)
        assert (answer.status_code, answer.json()["code"]) == (422, "rule_not_triable"), answer.text
    assert "zebra.com" in answer.json()["detail"]
    await _tried(court, await _proposed(court, {"free_mail_domains": [*kept, "elsewhere.com"]}))


async def test_trial_when_credit_after_expiry_is_another_then_says_which_wins_it_would_have_cost(court: Court) -> None:
    deal = await court.world.registered(account_name="Late", account_domain=None)
    court.world.stage.clock.advance(timedelta(days=31))
    await court.world.done(deal, "close", outcome="won", amount="5.00")
    proposal = await _proposed(court, {"credit_after_expiry": "never"})
    answer = await court.world.staff.post(f"/v1/rule-proposals/{proposal['id']}/try", json={"since": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 200, answer.text
    trial = answer.json()
    assert [(each["deal_id"], each["code"]) for each in trial["uncredited_deals"]] == [(deal["id"], "credit_expired")]
    assert trial["blocked_deals"] == []
