"""Hosts and domains: found in what people write, in one spelling, and seen as a reader's eye sees them."""

import re
import unicodedata

import idna
from text_unidecode import unidecode

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
_DOTS = re.compile(r"[。．｡]")
_AROUND = re.compile(r"^[.\s]+|[.\s]+$")
# Scripts that one word may mix, by the beginnings of their letters' names.
_MIXED_BY_CUSTOM = ({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}, {"LATIN", "CJK", "HANGUL"}, {"LATIN", "CJK", "BOPOMOFO"})
# Letters that look like a Latin one. Others (Cyrillic "л") are told apart by the eye and only transliterated.
_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһӏԛԝкмтвнгαορνικτυχԍɡıⅼ０１ѵ",
    "aeopcyxijsdhlqwkmtbhraopviktuxgg" + "il01v",
)
_DIGITS = str.maketrans("015", "ols")


def host_in(text: str) -> str:
    """The host in a domain, an address of a page or an e-mail address, in ASCII; "" for what names no host.

    IDNA 2008 with the mapping of UTS #46, so that punycode and letters are one, and "straße.de" is not "strasse.de".
    """
    host = _SCHEME.sub("", text.strip().lower()).split("/", 1)[0].rsplit("@", 1)[-1].split(":", 1)[0]
    labels = _AROUND.sub("", _DOTS.sub(".", host)).split(".")
    if not all(labels):
        return ""
    try:
        ascii_labels = [_ascii(label) for label in labels]
    except UnicodeError:  # a label is too long, or holds what no domain can: it names nobody
        return ""
    return ".".join(ascii_labels) if all(0 < len(label) <= 63 for label in ascii_labels) else ""


def _ascii(label: str) -> str:
    if label.isascii():
        return _punycode(label) if label.startswith("xn--") else label
    try:
        return idna.encode(label, uts46=True).decode()
    except idna.IDNAError:  # signs that IDNA 2003 let people register ("i❤.example") and IDNA 2008 does not
        return label.encode("idna").decode()


def _punycode(label: str) -> str:
    """One spelling of a punycode label; one that decodes to nothing stays what it is."""
    try:
        return idna.encode(idna.decode(label), uts46=True).decode()
    except idna.IDNAError:
        return label


def shown(label: str) -> str:
    """A label in letters, as an address bar might show it."""
    if not label.startswith("xn--"):
        return label
    for decode in (idna.decode, _decoded_2003):
        try:
            return decode(label)
        except UnicodeError:
            continue
    return label


def _decoded_2003(label: str) -> str:
    return label.encode("ascii").decode("idna")


def name_label(domain: str) -> str:
    """The label of a registrable domain that somebody chose: "acme" of acme.co.uk, in letters."""
    return shown(domain.split(".", 1)[0])


def is_mixed(domain: str) -> bool:
    """Whether a label mixes scripts as no language does ("аcme" with a Cyrillic "а"): made to be taken for another."""
    return any(_is_mixed(shown(label)) for label in domain.split("."))


def _is_mixed(label: str) -> bool:
    if label.isascii():
        return False
    scripts = {unicodedata.name(c, "?").split()[0] for c in label if c.isalpha()}
    return len(scripts) > 1 and not any(scripts <= custom for custom in _MIXED_BY_CUSTOM)


def skeleton(label: str) -> str:
    """What the eye makes of a label: look-alikes as Latin letters and digits as letters, diacritics and hyphens gone."""
    plain = label.casefold()
    if not plain.isascii():
        plain = unidecode(unicodedata.normalize("NFKC", plain).translate(_LOOK_ALIKES)).casefold()
    return "".join(c for c in plain.translate(_DIGITS).replace("rn", "m").replace("vv", "w") if c.isalnum())
