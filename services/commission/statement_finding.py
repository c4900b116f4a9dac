"""What the verification of a statement finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a statement: a code, its place in the document and a sentence."""

    code: str
    place: str
    sentence: str
