"""What each side of a conflict is written: its own words, made of what is its own and of nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

from services.registration.domain.conflicts.conflict import Effect, Ruling, Side
from services.registration.domain.conflicts.refusals import NamesOtherSide

SUBJECT: Final = "Our decision on your deal with $account"
WORDING: Final[Mapping[Effect, str]] = {
    Effect.UNCHANGED: "Nothing changes for your deal with $account.",
    Effect.DEAL_GAINED: "The deal with $account is yours from now on, with what is left of its protection.",
    Effect.DEAL_LOST: "Your registration of $account could not stand. The deal is no longer yours.",
    Effect.CREDIT_GAINED: "You are credited for the deal with $account.",
    Effect.CREDIT_LOST: "The credit for the deal with $account does not go to you.",
    Effect.CREDIT_SHARED: "The credit for the deal with $account is shared. Your share is $share.",
    Effect.PROTECTION_ENDED: "The protection of your deal with $account ended with this decision. The deal itself stays yours.",
}
NAMES: Final = frozenset({"account", "share", "decided_on", "clause", "policy_version"})
_GROUND: Final = "Decided on $decided_on under $clause, version $policy_version of the programme's rules."


@dataclass(frozen=True, slots=True)
class Letter:
    """The letter of one side."""

    side: Side
    subject: str
    body: str


def write(side: Side, ruling: Ruling, *, wording: Mapping[Effect, str], words: str | None) -> Letter:
    """The letter in the programme's wording, with `words` of who communicates added for this side alone."""
    effect = side.effect or Effect.UNCHANGED
    values = {
        "account": side.account_name,
        "share": str(side.share) if side.share is not None else "",
        "decided_on": ruling.said.at.date().isoformat(),
        "clause": ruling.clause.path,
        "policy_version": str(ruling.clause.policy_version),
    }
    parts = (wording.get(effect) or WORDING[effect], words or "", _GROUND)
    body = "\n\n".join(Template(part).safe_substitute(values) if part is not words else part for part in parts if part)
    return Letter(side, Template(SUBJECT).safe_substitute(values), body)


def unknown_names(text: str) -> list[str]:
    """The placeholders of a wording that no letter fills; what is no placeholder at all is told as `$`."""
    template = Template(text)
    return sorted(set(template.get_identifiers()) - NAMES) if template.is_valid() else ["$"]


def check_words(text: str, side: Side, sides: Iterable[Side]) -> None:
    """Words for one side must not carry what is another's: ids, or the customer's name as another gave it. Raises NamesOtherSide."""
    said, own = text.casefold(), side.account_name.casefold()
    for other in sides:
        if other.id == side.id:
            continue
        ids = [str(each) for each in (other.id, other.partner_id, *other.deal_ids) if each is not None]
        names = [other.account_name.casefold()] if other.account_name.casefold() not in own else []
        if any(secret and secret in said for secret in (*ids, *names)):
            raise NamesOtherSide
