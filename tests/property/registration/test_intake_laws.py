"""Laws of the intake: order, repeats and echoes change nothing about where an opportunity ends."""

import random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registration import spreadsheet
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.turns import turns
from services.registration.domain.intake.desk import Desk
from services.registration.domain.intake.gaps import Step, Track, follow
from services.registration.domain.intake.news import News
from services.registration.domain.intake.opportunity import Opportunity, OwnerChange, Stage
from services.registration.domain.merge_patch import merged
from services.registration.domain.values import PartnerId
from shared.chassis.values import replace
from tests.unit.registration.deals import ACCOUNT, DAY, ME, RIVAL, T0, some_terms
from tests.unit.registration.opportunities import desk, seen

PARTNERS = (ME, RIVAL, PartnerId(UUID(int=3)))


@st.composite
def histories(draw: st.DrawFn, *, partners: tuple[PartnerId, ...] = (ME,), dated: bool = False) -> list[Opportunity]:
    """The states of one opportunity in the order in which they happened, with versions (holes between them) or times."""
    states, version = [], 0
    for number in range(draw(st.integers(1, 6))):
        version += draw(st.integers(1, 3))
        stage = draw(st.sampled_from(Stage))
        terms = some_terms(draw(st.integers(0, 3)) * 100, at=T0 + draw(st.integers(0, 40)) * DAY)
        when = {"changed_at": T0 + number * DAY} if dated else {"version": version}
        states.append(seen(stage, terms=terms, partner=draw(st.sampled_from(partners)), **when))
    return states


@st.composite
def deliveries(draw: st.DrawFn, states: st.SearchStrategy[list[Opportunity]]) -> tuple[list[Opportunity], list[list[Opportunity]]]:
    """A history, and a delivery of it: any order, each at least once, cut into sets."""
    history = draw(states)
    order = draw(st.permutations(history + draw(st.lists(st.sampled_from(history), max_size=6))))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=3)))
    parts = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return history, parts


def _deliver(where: Desk, parts: list[list[Opportunity]]) -> None:
    for part in parts:
        for place in turns(part):
            where.take(part[place], ACCOUNT)


def _ends(where: Desk) -> object:
    """Where the deal stands that follows the opportunity."""
    (deal,) = [deal for deal in where.new_deals() if deal.origin]
    return deal.partner_id, deal.state, deal.terms if deal.state.value == "won" else None, _known(deal)


def _known(deal: Deal) -> object:
    assert deal.origin
    return deal.origin.version, deal.origin.changed_at, deal.origin.digest


@given(deliveries(histories()))
def test_states_when_delivered_in_any_order_any_number_of_times_then_the_newest_stands(
    told: tuple[list[Opportunity], list[list[Opportunity]]],
) -> None:
    history, parts = told
    here, alone = desk(), desk()
    _deliver(here, parts)
    alone.take(history[-1], ACCOUNT)
    assert _ends(here) == _ends(alone)


@given(deliveries(histories(dated=True)))
def test_states_without_versions_when_delivered_in_any_order_then_the_latest_stands(
    told: tuple[list[Opportunity], list[list[Opportunity]]],
) -> None:
    history, parts = told
    here, alone = desk(), desk()
    _deliver(here, parts)
    alone.take(history[-1], ACCOUNT)
    assert _ends(here) == _ends(alone)


@given(deliveries(histories(partners=PARTNERS)))
def test_states_when_the_partner_changes_too_then_one_deal_at_most_follows_and_each_fact_counts_once(
    told: tuple[list[Opportunity], list[list[Opportunity]]],
) -> None:
    here = desk(on_owner_change=OwnerChange.FOLLOW)
    facts: dict[UUID, int] = {}
    for part in told[1]:
        for place in turns(part):
            for deal, _ in here.take(part[place], ACCOUNT).steps:
                facts[deal.id] = facts.get(deal.id, 0) + 1
                assert deal.version == facts[deal.id]
    assert sum(deal.origin is not None for deal in here.new_deals()) == 1
    assert sum(deal.protection.holds_at(T0 + 59 * DAY) for deal in here.new_deals()) <= 1


@given(histories(), st.randoms(use_true_random=False))
def test_echo_when_our_own_states_come_back_in_any_order_then_no_fact_ever(history: list[Opportunity], chance: random.Random) -> None:
    here = desk()
    deals = [taken.deal for taken in (here.take(state, ACCOUNT) for state in history) if taken.deal]
    echoes = [
        replace(state, version=(state.version or 0) + chance.randint(0, 9), origin=f"hansa:{deal.id}@{deal.version}")
        for state, deal in zip(history, deals, strict=False)
    ]
    chance.shuffle(echoes)
    before = [replace(deal, origin=None) for deal in here.new_deals()]
    assert [here.take(echo, ACCOUNT).steps for echo in echoes] == [()] * len(echoes)
    assert [replace(deal, origin=None) for deal in here.new_deals()] == before


@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=25))
@settings(max_examples=300)
def test_gaps_when_versions_come_in_any_order_then_what_is_missing_is_what_never_came(told: list[tuple[int, bool]]) -> None:
    """Against a plain set: within one set of arrivals nothing but an arrival fills a hole."""
    known, came, first = None, set(), None
    steps = []
    for version, refused in told:
        news: News | None = News.REPEAT if version == known else News.STALE
        if known is None or version > known:
            news = None if refused else News.FRESH
        steps.append(Step(version, known, news))
        came.add(version)
        if news is News.FRESH:
            first = version if known is None else first
            known = version
    track, opened = follow(Track(), steps)
    missing = {version for span in track.missing for version in range(span.first, span.last + 1)}
    assert missing == {version for version in range(first or 0, known or 0) if version not in came}
    assert set(opened) == set(track.missing)


_cells = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.fixed_dictionaries({"a": _cells, "b": _cells}), max_size=5))
def test_table_when_read_back_then_the_same_and_no_cell_is_a_formula(rows: list[dict[str, str]]) -> None:
    table = spreadsheet.render(("a", "b"), rows)
    assert spreadsheet.read(spreadsheet.header(("a", "b")) + table) == rows
    for row in rows:
        assert not spreadsheet.cell(row["a"]).startswith(("=", "+", "-", "@", "\t", "\r"))


_json = st.recursive(
    st.none() | st.integers() | st.sampled_from(["", "x"]),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
_objects = st.dictionaries(st.sampled_from("abc"), _json, max_size=3)


@given(_objects, _objects)
def test_correction_when_merged_twice_then_as_once_and_null_takes_away(row: dict[str, object], patch: dict[str, object]) -> None:
    once = merged(row, patch)  # type: ignore[arg-type]
    assert merged(once, patch) == once  # type: ignore[arg-type]
    assert merged(row, {}) == row  # type: ignore[arg-type]
    assert not {name for name, value in patch.items() if value is None} & once.keys()
