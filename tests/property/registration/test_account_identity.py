"""Names, likeness and merges, for any input: one spelling is enough, comparing has no direction, and one deal holds what two held."""

from datetime import timedelta
from itertools import combinations
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.registration.domain.accounts import hosts
from services.registration.domain.accounts.identifiers import Customer, identifiers
from services.registration.domain.accounts.joining import Keep, join, yield_protection
from services.registration.domain.accounts.legal_forms import FORMS
from services.registration.domain.accounts.likeness import compare
from services.registration.domain.accounts.names import folded, legal_name, spelling
from services.registration.domain.accounts.profile import Profile, keys, profile
from services.registration.domain.accounts.refusals import MergeCollides
from services.registration.domain.deals.deal import Deal, protected_window
from services.registration.domain.deals.protection import Scope, Slot, Window, slots_for
from services.registration.domain.deals.territories import meet
from services.registration.domain.refusals import AccountNameMissing
from services.registration.domain.values import AccountId, DealId
from services.registration.suffixes import registrable_domain
from shared.chassis.values import replace
from tests.unit.registration.deals import T0, WINDOW, a_deal

WORDS = st.sampled_from(
    ["the", "acme", "nord", "licht", "o'neil", "s", "p", "a", "&", "und", "co.", "1", "müller", "ромашка", "日立", "systems", "uk"]
)
FORMS_AS_WRITTEN = st.sampled_from([" ".join(form) for form in FORMS])
NAMES = st.one_of(
    st.text(max_size=30),
    st.lists(st.one_of(WORDS, FORMS_AS_WRITTEN, st.sampled_from(["S.A.", "G.m.b.H.", "sp. z o.o.", "A/S"])), max_size=6).map(" ".join),
)


@settings(max_examples=400, deadline=None)
@given(name=NAMES)
def test_legal_name_when_applied_twice_then_nothing_changes(name: str) -> None:
    once = legal_name(name)
    assert legal_name(once) == once
    assert once.isspace() is False


@settings(max_examples=300, deadline=None)
@given(name=NAMES)
def test_names_when_it_is_any_text_then_something_can_be_compared(name: str) -> None:
    assert all(word.isalnum() and word == word.casefold() for word in folded(name))
    found = spelling(legal_name(name) or "x")
    assert set(found.core) <= set(found.tokens)


@settings(deadline=None)
@given(text=st.text(max_size=40))
@example(text="0\r:")
def test_host_when_it_is_any_text_then_ascii_and_found_again(text: str) -> None:
    host = hosts.host_in(text)
    assert host.isascii()
    assert hosts.host_in(host) == host or not host
    hosts.is_mixed(host)
    hosts.skeleton(host)


def _profile(customer: Customer) -> Profile | None:
    try:
        return profile(identifiers(customer, registrable=registrable_domain, free_mail=frozenset()))
    except AccountNameMissing:
        return None


CUSTOMERS = st.builds(
    Customer,
    name=NAMES,
    country=st.none() | st.sampled_from(["DE", "US", "GB"]),
    domain=st.none() | st.sampled_from(["acme.com", "acme.de", "nordlicht.co.uk", "acrne.com", "bücher.de"]),
    tax_id=st.none() | st.sampled_from(["DE123", "123", "ATU9"]),
)


@settings(max_examples=300, deadline=None)
@given(one=CUSTOMERS, other=CUSTOMERS)
def test_compare_when_turned_round_then_the_same_and_within_bounds(one: Customer, other: Customer) -> None:
    a, b = _profile(one), _profile(other)
    if a is None or b is None:
        return
    assert compare(a, b) == compare(b, a)
    assert 0 <= compare(a, b).score <= 100
    assert keys(a) == keys(a)
    assert len(keys(a)) <= 80


HOLDINGS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 90),
        st.sampled_from(["", "/EMEA", "/EMEA/DE", "/APAC"]),
        st.sets(st.sampled_from("GM"), min_size=1),
    ),
    max_size=12,
)
STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3), st.booleans(), st.integers(0, 9)), max_size=8)
IDS = [AccountId(UUID(int=number + 1)) for number in range(4)]
NOW = T0 + timedelta(days=60)


class Book:
    """Accounts with deals and slots, as the store keeps them, on which nothing meets to begin with."""

    def __init__(self, holdings: list[tuple[int, int, str, set[str]]]) -> None:
        self.deals: dict[DealId, Deal] = {}
        self.slots: list[Slot] = []
        for number, (account, day, path, families) in enumerate(holdings):
            start = T0 + timedelta(days=day)
            scope = Scope(IDS[account], tuple(sorted(families)), path)
            deal = replace(
                a_deal(),
                id=DealId(UUID(int=100 + number)),
                scope=scope,
                registered_at=start,
                protection=protected_window(start, days=WINDOW, granted=True),
            )
            slots = slots_for(deal.id, scope, Window(start, start + WINDOW))
            if not any(_meet(one, other) for one in slots for other in self.slots):
                self.deals[deal.id] = deal
                self.slots += slots

    def merge(self, gone: AccountId, into: AccountId, keep: Keep | None) -> None:
        both = [slot for slot in self.slots if slot.account_id in (gone, into)]
        try:
            joined = join(both, self.deals, into=into, keep=keep, now=NOW)
        except MergeCollides:
            assert keep is None
            return
        for deal_id in joined.yielded:
            self.deals[deal_id], _ = yield_protection(self.deals[deal_id], now=NOW)
        self.slots = [slot for slot in self.slots if slot.deal_id not in joined.rewritten]
        self.slots += [slot for slots in joined.rewritten.values() for slot in slots]
        assert all(slot.account_id != gone for slot in self.slots)

    def split(self, source: AccountId, target: AccountId, deal_ids: set[DealId]) -> None:
        if any(slot.account_id == target for slot in self.slots):
            return  # a split goes to an account without deals
        self.slots = [
            replace(slot, account_id=target) if slot.account_id == source and slot.deal_id in deal_ids else slot for slot in self.slots
        ]


def _meet(one: Slot, other: Slot) -> bool:
    same = one.account_id == other.account_id and one.family == other.family and meet(one.path, other.path)
    return same and one.deal_id != other.deal_id and one.window.overlaps(other.window)


@settings(max_examples=200, deadline=None)
@given(holdings=HOLDINGS, steps=STEPS)
def test_accounts_when_merged_and_split_in_any_order_then_never_two_protected_deals_that_meet(
    holdings: list[tuple[int, int, str, set[str]]], steps: list[tuple[bool, int, int, bool, int]]
) -> None:
    book = Book(holdings)
    for merges, one, other, may_end, picked in steps:
        if one == other:
            continue
        named = frozenset(list(book.deals)[picked : picked + 1])
        if merges:
            book.merge(IDS[one], IDS[other], Keep(named) if may_end else None)
        else:
            book.split(IDS[one], IDS[other], set(list(book.deals)[picked:]))
        assert not any(_meet(a, b) for a, b in combinations(book.slots, 2))
        for slot in book.slots:
            held = book.deals[slot.deal_id].protection
            assert slot.window.end <= (held.ended_at or held.window.end)


@settings(max_examples=150, deadline=None)
@given(holdings=HOLDINGS)
def test_merge_when_nothing_collides_and_it_is_split_again_then_all_is_as_it_was(holdings: list[tuple[int, int, str, set[str]]]) -> None:
    book = Book(holdings)
    before = set(book.slots)
    gone, into = IDS[0], IDS[1]
    if any(_meet(replace(a, account_id=into), b) for a in before for b in before if (a.account_id, b.account_id) == (gone, into)):
        return
    leaving = {slot.deal_id for slot in before if slot.account_id == gone}
    book.merge(gone, into, None)
    book.split(into, gone, leaving)
    assert set(book.slots) == before
