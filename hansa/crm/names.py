"""Names as people write them: one that differs only in spacing or case is the same name, and is reported as matched."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """`rows` rows wrote `written` where `taken_as` is meant."""

    kind: str
    written: str
    taken_as: str
    rows: int


def folded(name: str) -> str:
    """What is compared: without spaces, case and compatibility forms ("GTX Pro", "gtxpro" → one)."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


class Names:
    """The known names of one kind. `closed` names are all that there are; an open set learns a name that it meets first."""

    def __init__(self, kind: str, known: Iterable[str] = (), *, closed: bool = False) -> None:
        self._kind = kind
        self._closed = closed
        self._known: dict[str, str] = {}
        self._matched: Counter[tuple[str, str]] = Counter()
        for name in known:
            self._known.setdefault(folded(name), name)

    def find(self, written: str) -> str | None:
        """The name that is meant; None if a closed set does not hold it."""
        key = folded(written)
        name = self._known.get(key)
        if name is None:
            if self._closed:
                return None
            self._known[key] = name = " ".join(written.split())
        if name != written:
            self._matched[written, name] += 1
        return name

    def matches(self) -> list[Match]:
        """Every name that was written differently, by name."""
        return [Match(self._kind, written, name, rows) for (written, name), rows in sorted(self._matched.items())]
