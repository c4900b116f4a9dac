"""No view of a partner holds another partner's id, share or any field that is not on the whitelist, whatever the event."""

from datetime import UTC
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime

from services.notifications.domain.visibility import CREDITED_SEES, EVENT_TYPES, OWNER_SEES, views
from services.notifications.mapping import CONSUMED, body_of, event_type_of
from shared.schemas.base import Event, MoneyAmount
from shared.schemas.commission import StatementBalance
from shared.schemas.deals import Credit, DealClosed

PARTNERS = [UUID(int=0xABC0_0000 + number) for number in range(5)]

moments = st.datetimes(timezones=st.just(UTC))
money = st.builds(MoneyAmount, amount_minor=st.integers(-(10**9), 10**9), currency=st.just("USD"))
shares = st.lists(st.builds(Credit, partner_id=st.sampled_from(PARTNERS), share=st.just("0.5")), max_size=4).map(tuple)
BY_NAME: dict[str, st.SearchStrategy[object]] = {
    "partner_id": st.sampled_from(PARTNERS),
    "from_partner_id": st.sampled_from(PARTNERS),
    "share": st.just("1/3"),
    "credits": shares,
    "overlays": shares,
    "attributes": st.just({"rival": str(PARTNERS[0])}),
}
BY_TYPE: dict[object, st.SearchStrategy[object]] = {AwareDatetime: moments, MoneyAmount: money}
st.register_type_strategy(MoneyAmount, money)
_minor = {name: st.integers(-(10**9), 10**9) for name in StatementBalance.model_fields if name != "currency"}
st.register_type_strategy(StatementBalance, st.builds(StatementBalance, currency=st.just("USD"), **_minor))


def fields_of(model: type[Event]) -> dict[str, st.SearchStrategy[object]]:
    """Strategies for the fields that hypothesis cannot guess, and for those that name partners."""
    named = {name: strategy for name, strategy in BY_NAME.items() if name in model.model_fields}
    typed = {name: BY_TYPE[field.annotation] for name, field in model.model_fields.items() if field.annotation in BY_TYPE}
    return typed | named


events = st.sampled_from(CONSUMED).flatmap(lambda model: st.builds(model, **fields_of(model)))


@given(events)
def test_view_of_a_partner_never_holds_another_partner(event: Event) -> None:
    for view in views(event_type_of(event), body_of(event)):
        if view.viewer is not None:
            assert not any(str(other) in repr(view.body) for other in PARTNERS if other != view.viewer)


@given(events)
def test_view_of_a_partner_holds_whitelisted_fields_only(event: Event) -> None:
    kind = event_type_of(event)
    for view in views(kind, body_of(event)):
        if view.viewer is not None:
            owner = str(view.viewer) == body_of(event)["partner_id"]
            assert set(view.body) <= (OWNER_SEES if owner else CREDITED_SEES)[kind]


@given(events)
def test_everyone_concerned_gets_one_view_and_the_vendor_all(event: Event) -> None:
    found = views(event_type_of(event), body_of(event))
    concerned = {event.partner_id}  # type: ignore[attr-defined]
    concerned |= {credit.partner_id for name in ("credits", "overlays") for credit in getattr(event, name, ())}
    assert found[0].viewer is None
    assert found[0].body == body_of(event)
    assert sorted(str(view.viewer) for view in found[1:]) == sorted(str(partner) for partner in concerned)


@given(st.builds(DealClosed, **fields_of(DealClosed)))
def test_beneficiary_sees_exactly_its_own_shares(event: DealClosed) -> None:
    for view in views("deal.closed", body_of(event))[1:]:
        mine = [credit.model_dump(mode="json") for credit in event.credits if credit.partner_id == view.viewer]
        assert view.body["credits"] == mine


def test_every_consumed_type_has_a_whitelist_of_fields_that_exist() -> None:
    assert tuple(model.topic for model in CONSUMED) == EVENT_TYPES
    for model in CONSUMED:
        assert OWNER_SEES[model.topic] <= set(model.model_fields)
