"""How well companies are told apart, on a labelled list: an exact match is never wrong, and probable ones stay as good as they are."""

from collections import Counter

import pytest

from benchmarks import labelled
from benchmarks.labelled import Truth
from services.registration.domain.accounts.likeness import Matching

EXACT_RECALL = 0.27  # exact is strict on purpose: most of the rest is probable
PRECISION, RECALL = (0.99, 0.98), (0.99, 0.98)
JUDGED = [labelled.judge(pair, matching=Matching()) for pair in labelled.pairs()]


def test_list_when_counted_then_long_enough_and_half_of_it_different() -> None:
    counted = Counter(each.pair.truth for each in JUDGED)
    assert sum(counted.values()) >= 500
    assert 0.4 <= counted[Truth.DIFFERENT] / len(JUDGED) <= 0.6


def test_exact_when_measured_then_never_wrong() -> None:
    found = labelled.exact(JUDGED)
    assert [labelled.told(each) for each in found.wrong] == []
    assert found.recall >= EXACT_RECALL


@pytest.mark.parametrize("half", [0, 1], ids=["rules were set by these", "held out"])
def test_probable_when_measured_then_as_good_as_it_was(half: int) -> None:
    found = labelled.probable(JUDGED[half::2])
    assert found.precision >= PRECISION[half], [labelled.told(each) for each in found.wrong]
    assert found.recall >= RECALL[half], [labelled.told(each) for each in found.missed]
