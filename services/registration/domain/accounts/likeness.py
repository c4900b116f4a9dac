"""How alike two companies are that no identifier makes the same: a score from 0 to 100, with its reasons in words for staff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from rapidfuzz import fuzz

from services.registration.domain.accounts import hosts
from services.registration.domain.accounts.names import Spelling
from services.registration.domain.accounts.profile import Profile
from services.registration.domain.values import AccountId
from services.registration.domain.vocabulary import SIDES

_SIDES = frozenset(SIDES.values())
# What a name scores at most when it is no more than: other numbers in it, a short word that differs, general words alone.
_OTHER_NUMBER, _OTHER_WORD, _GENERAL_WORDS = 30.0, 60.0, 70.0
_OTHER_FORM, _OTHER_SPACING = 93.0, 99.0
_ONE_WORD_MORE, _PER_SHARE, _BOTH_MORE, _INITIALS = 70.0, 20.0, 8.0, 80.0
_OTHER_TRADE, _ONE_TRADE, _OTHER_PLACE = 26.0, 5.0, 6.0
_OTHER_COUNTRY, _OTHER_COUNTRY_RARE, _SAME_COUNTRY = 24.0, 12.0, 3.0
_SAME_LABEL, _OTHER_LABEL = 10.0, 14.0
_TAX, _EYE = 97.0, 95.0
_NAME_IS_LABEL = 84.0
_SHORT_NAME, _SHORT_WORD, _RARE = 4, 6, 9  # letters: a name that long is seldom another's by chance
_ALIKE = 75.0


@dataclass(frozen=True, slots=True)
class Matching:
    """How doubts are found (a policy): likenesses count from `probable_from`, keys that name more than `crowd` accounts do not."""

    probable_from: int = 80
    crowd: int = 30
    candidates: int = 10


@dataclass(frozen=True, slots=True)
class Likeness:
    """An account that may be the same company, or belong to it. For staff alone: no partner learns of it."""

    account_id: AccountId
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    score: float
    reasons: tuple[str, ...]


def likenesses(
    of: Profile, candidates: Mapping[AccountId, Profile], *, matching: Matching, besides: Iterable[AccountId] = ()
) -> tuple[Likeness, ...]:
    """Those of `candidates` that are probably the same, the likest first; not those of `besides`, which were told apart before."""
    known = set(besides)
    judged = {account: compare(of, candidate) for account, candidate in candidates.items() if account not in known}
    found = [Likeness(account, round(each.score), each.reasons) for account, each in judged.items() if each.score >= matching.probable_from]
    return tuple(sorted(found, key=lambda one: (-one.score, one.account_id)))


def compare(one: Profile, other: Profile) -> Judgement:
    """How alike two companies are; symmetrical."""
    if one.taxes & other.taxes:
        return Judgement(_TAX, ("the same tax number, written with another country or none",))
    if look := _looks_alike(one, other):
        return Judgement(_EYE, (look,))
    pairs = product(one.spellings, other.spellings)
    best = max((_names(a, b) for a, b in pairs), key=lambda judged: judged.score, default=Judgement(0.0, ()))
    best = max(best, _name_is_label(one, other), key=lambda judged: judged.score)
    return _weighed(best, one, other)


def _looks_alike(one: Profile, other: Profile) -> str | None:
    """Domains that the eye takes for one another and that are not spelled alike once diacritics are folded."""
    for a, b in product(sorted(one.domains), sorted(other.domains)):
        first, second = hosts.name_label(a), hosts.name_label(b)
        alike = len(first) > 3 and hosts.skeleton(first) == hosts.skeleton(second)
        if alike and first.replace("-", "") != second.replace("-", ""):
            return "the domains look alike to the eye and are not the same"
    return None


def _name_is_label(one: Profile, other: Profile) -> Judgement:
    """One's name is the other's domain: "Acme Systems" and acme-systems.com."""
    for a, b in ((one, other), (other, one)):
        if any(len(each.compact) > _SHORT_NAME and {each.compact} & b.labels for each in a.spellings):
            return Judgement(_NAME_IS_LABEL, ("one's name is the other's domain",))
    return Judgement(0.0, ())


def _names(a: Spelling, b: Spelling) -> Judgement:
    if a.tokens == b.tokens:
        if a.form and b.form and a.form != b.form:
            return Judgement(_OTHER_FORM, ("the same name with another legal form",))
        return Judgement(100.0, ("the same name but for its legal form or spelling",))
    if a.numbers != b.numbers:
        return Judgement(min(_OTHER_NUMBER, fuzz.ratio(a.compact, b.compact)), ("another number in the name",))
    return max(_by_general_words(_cores(a, b), a, b), _initials(a, b), key=lambda judged: judged.score)


def _cores(a: Spelling, b: Spelling) -> Judgement:
    """How alike the distinguishing words are."""
    if a.compact == b.compact:
        return Judgement(100.0, ("the same letters, spaced otherwise",))
    if sorted(a.core) == sorted(b.core):
        general = set(a.core) <= set(a.tokens) and not _distinguishes(a)
        return Judgement(_GENERAL_WORDS if general else 100.0, ("the same distinguishing words",))
    if a.compact_core == b.compact_core:
        return Judgement(_OTHER_SPACING, ("the same distinguishing words, spaced otherwise",))
    if not (_distinguishes(a) and _distinguishes(b)):
        return Judgement(min(_GENERAL_WORDS, fuzz.ratio(a.compact, b.compact)), ("general words alone",))
    return max(_slip(a, b), _contained(a, b), key=lambda judged: judged.score)


def _distinguishes(each: Spelling) -> bool:
    """Whether the core is more than the trade and the place."""
    return len(each.core) < len(each.tokens) or not (each.trades or each.places)


def _slip(a: Spelling, b: Spelling) -> Judgement:
    """Spelled a little otherwise."""
    spaced = fuzz.ratio(" ".join(sorted(a.core)), " ".join(sorted(b.core)))
    score = max(spaced, fuzz.ratio(a.compact_core, b.compact_core))
    if not _slips(a, b):
        score = min(score, _OTHER_WORD)
    return Judgement(score, ("the names differ by a few letters",))


def _slips(a: Spelling, b: Spelling) -> bool:
    """Whether each word of one is a slip of a word of the other; if they are spaced otherwise, whether all in one are."""
    left, right = sorted(set(a.core) - set(b.core)), sorted(set(b.core) - set(a.core))
    if len(left) != len(right):
        return _is_slip(a.compact_core, b.compact_core)
    return all(any(_is_slip(x, y) for y in right) for x in left) and all(any(_is_slip(x, y) for x in left) for y in right)


def _is_slip(a: str, b: str) -> bool:
    """Whether one word is the other with a slip of the pen. A short one with one letter for another is another word: "Carter", "Carver"."""
    shorter, longer = sorted((len(a), len(b)))
    if shorter < _SHORT_NAME or (a[0] != b[0] and longer < _RARE):
        return False
    if longer <= _SHORT_WORD and len(a) == len(b) and sorted(a) != sorted(b):
        return False
    return fuzz.ratio(a, b) >= _ALIKE


def _contained(a: Spelling, b: Spelling) -> Judgement:
    """One has all distinguishing words of the other and more."""
    less, more = (a, b) if len(set(a.core)) < len(set(b.core)) else (b, a)
    small, large = set(less.core), set(more.core)
    if not small or not small < large or max(map(len, small)) < _SHORT_NAME:
        return Judgement(0.0, ())
    share = sum(map(len, small)) / sum(map(len, large))
    score = _ONE_WORD_MORE + _PER_SHARE * share
    if less.trades - more.trades:  # then each has what the other has not
        return Judgement(score - _BOTH_MORE, ("each name has a word that the other has not",))
    return Judgement(score, ("one name is the other with a word more",))


def _initials(a: Spelling, b: Spelling) -> Judgement:
    for short, long in ((a, b), (b, a)):
        if len(short.core) == 1 and len(long.tokens) >= 3 and short.compact_core == long.initials:
            return Judgement(_INITIALS, ("one name is the initials of the other",))
    return Judgement(0.0, ())


def _by_general_words(core: Judgement, a: Spelling, b: Spelling) -> Judgement:
    """Trades and places that differ tell companies apart, or name parts of one."""
    score, reasons = core.score, list(core.reasons)
    if a.trades - b.trades and b.trades - a.trades:
        score -= _OTHER_TRADE
        reasons.append("another trade in the name")
    elif a.trades != b.trades:
        score -= _ONE_TRADE
    if a.places & _SIDES and b.places & _SIDES and a.places & _SIDES != b.places & _SIDES:
        score -= _OTHER_TRADE
        reasons.append("another side: north, south, east or west")
    elif a.places and b.places and not a.places & b.places:
        score -= _OTHER_PLACE
        reasons.append("another place in the name: perhaps two subsidiaries")
    elif a.places != b.places:
        reasons.append("a place in one of the names: perhaps a subsidiary")
    return Judgement(score, tuple(reasons))


def _weighed(judged: Judgement, one: Profile, other: Profile) -> Judgement:
    """The likeness of names, with what country and domain say to it."""
    score, reasons = judged.score, list(judged.reasons)
    same_label = bool(one.labels & other.labels)
    if one.countries and other.countries:
        if one.countries & other.countries:
            score += _SAME_COUNTRY
        elif not same_label and not _places(one, other):
            rare = all(any(len(each.compact_core) >= _RARE for each in side.spellings) for side in (one, other))
            score -= _OTHER_COUNTRY_RARE if rare else _OTHER_COUNTRY
            reasons.append("another country")
    if same_label and judged.score >= 50.0:
        score += _SAME_LABEL
        reasons.append("the domains differ in their ending only")
    elif one.labels and other.labels and not _akin(one.labels, other.labels):
        score -= _OTHER_LABEL
        reasons.append("domains that have nothing in common")
    return Judgement(max(0.0, min(score, 100.0)), tuple(reasons))


def _places(one: Profile, other: Profile) -> bool:
    """Whether a name says where it is: then another country is what one expects of a subsidiary."""
    return any(each.places for side in (one, other) for each in side.spellings)


def _akin(labels: frozenset[str], others: frozenset[str]) -> bool:
    """Whether a label begins like another: "acme" and "acmegroup"."""
    return any(a.startswith(b) or b.startswith(a) or fuzz.ratio(a, b) >= 80.0 for a, b in product(labels, others))
