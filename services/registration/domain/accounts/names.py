"""Legal names made comparable: exactly, with the legal form kept, and loosely, for names that may mean the same company."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from text_unidecode import unidecode

from services.registration.domain.accounts import legal_forms as forms
from services.registration.domain.vocabulary import EMPTY, PLACES, TRADES

# What Unicode calls default ignorable: of no width, or there to turn the direction of what follows.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_JOINING = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
_SLASHED = re.compile(r"\b([^\W\d_])/([^\W\d_])\b")
_PLAIN = re.compile(r"[a-z0-9 ]*")
_AND = re.compile(r"[&+]")
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
_ALL_CONNECTORS = frozenset({"and", "und", "et", "y", "e", "og", "och", "en", "i"})


def visible(text: str) -> str:
    """The text without the signs that no reader sees: two names that look the same are the same."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def readable(text: str) -> str:
    """The text without the signs that turn the direction of what follows: on a page it would read as something else.

    Joiners and marks stay, which Persian and Hebrew are written with.
    """
    return text if text.isascii() else _TURNING.sub("", text)


def words(text: str) -> list[str]:
    """The words of a name: compatible characters and case folded, "&" and "und" as "and", "S.A." as "sa", other punctuation gone."""
    plain = text.casefold() if text.isascii() else _compatible(text)
    if plain.isascii() and _PLAIN.fullmatch(plain):  # most identifiers are: a check compares with many
        return _joined(["and" if word == "und" else word for word in plain.split()])
    plain = _SLASHED.sub(r"\1\2", _JOINING.sub("", _DOTTED.sub(lambda found: f"{found[0].replace('.', '')} ", plain)))
    spaced = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in _AND.sub(" and ", plain))
    return _joined(["and" if word == "und" else word for word in spaced.split()])


def _compatible(text: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible(text)).casefold())
    for written, short in forms.ATTACHED.items():
        plain = plain.replace(written, f" {short} ")
    return plain


def _joined(parts: list[str]) -> list[str]:
    """Single letters that follow each other are one word: "J P" is "JP"."""
    made: list[str] = []
    run = False
    for part in parts:
        single = len(part) == 1 and part.isalpha()
        if single and run:
            made[-1] += part
        else:
            made.append(part)
        run = single
    return made


def legal_name(text: str) -> str:
    """The name that identifies exactly, or "": "The Acme Company, Limited" is "acme coltd". Applied twice it changes nothing.

    The legal form stays, in its short spelling and at the end: "Acme GmbH" and "Acme AG" are two companies.
    """
    found = words(text)
    before: list[str] = []
    rest = list(found)
    while rest:
        form = forms.FORMS.get((rest[0],), rest[0])
        if form in forms.BEFORE:
            before.append(form)
        elif rest[0] != "the" or len(rest) == 1:
            break
        rest = rest[1:]
    core, after = _parted(rest)
    return " ".join([*core, *after, *before]) if core else " ".join(found)


def _parted(parts: list[str]) -> tuple[list[str], list[str]]:
    """The name and the legal forms at its end, each in its short spelling. The name may be empty."""
    after: list[str] = []
    rest = list(parts)
    while rest and (size := _form_at_end(rest)):
        after.insert(0, _short(tuple(rest[-size:])))
        rest = rest[:-size]
    return rest, after


def _form_at_end(parts: list[str]) -> int:
    if parts[-1] not in forms.LAST_WORDS:
        return 0
    for size in range(min(forms.LONGEST, len(parts)), 0, -1):
        if tuple(parts[-size:]) in forms.FORMS or (size == 1 and parts[-1] in forms.SHORT):
            return size
    return 0


def _short(parts: tuple[str, ...]) -> str:
    return forms.FORMS.get(parts, parts[0])


def folded(text: str) -> list[str]:
    """The words in plain Latin letters without diacritics; "ü", "ue" and "u" alike. For comparing, never for identifying."""
    plain = " ".join(words(text))
    if not plain.isascii():
        plain = "".join(c if c.isalnum() else "" if c in "'`\"" else " " for c in unidecode(plain).casefold())
    for pair, letter in _UMLAUTS:
        plain = plain.replace(pair, letter)
    return plain.split()


def stem(parts: list[str]) -> list[str]:
    """Folded words without the legal forms at the end, as many as there are, but never without any word at all."""
    rest = parts
    while len(rest) > 1 and (size := _stripped(rest)):
        rest = rest[:-size]
    while len(rest) > 1 and rest[0] in forms.BEFORE:
        rest = rest[1:]
    return rest


def _stripped(parts: list[str]) -> int:
    if parts[-1] not in _LAST_WORDS:
        return 0
    for size in range(min(max(forms.LONGEST, forms.LONGEST_STRIPPED), len(parts) - 1), 0, -1):
        tail = tuple(parts[-size:])
        if tail in forms.STRIPPED or tail in _FOLDED_FORMS:
            return size
    return 0


_FOLDED_FORMS = frozenset(tuple(folded(" ".join(spelling))) for spelling in forms.FORMS) | {(short,) for short in forms.SHORT}
_LAST_WORDS = frozenset(form[-1] for form in _FOLDED_FORMS | forms.STRIPPED)


@dataclass(frozen=True, slots=True)
class Spelling:
    """One name of a company as it is compared: `core` distinguishes it, `trades` say what it does, `places` where."""

    tokens: tuple[str, ...]
    core: tuple[str, ...]
    trades: frozenset[str]
    places: frozenset[str]
    numbers: frozenset[str]
    form: str

    @property
    def compact(self) -> str:
        return "".join(self.tokens)

    @property
    def compact_core(self) -> str:
        return "".join(self.core)

    @property
    def initials(self) -> str:
        return "".join(token[0] for token in self.tokens)


@lru_cache(maxsize=16_384)  # an account's names are compared with many
def spelling(name: str) -> Spelling:
    """The name taken apart; a name of general words only has them all as its core."""
    every = folded(name)
    bare = stem(every)
    form = " ".join(every[len(bare) :])
    tokens = tuple(word for word in bare if word not in _ALL_CONNECTORS and word != "the") or tuple(bare)
    trades = frozenset(TRADES[word] for word in tokens if word in TRADES)
    places = frozenset(PLACES[word] for word in tokens if word in PLACES)
    core = tuple(word for word in tokens if word not in TRADES and word not in PLACES and word not in EMPTY) or tokens
    numbers = frozenset(word for word in tokens if any(map(str.isdigit, word))) if any(map(str.isdigit, name)) else frozenset()
    return Spelling(tokens, core, trades, places, numbers, form)
