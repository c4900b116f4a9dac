"""Which changes of the rules can be tried over history, and why others cannot: nothing that would matter is left out silently."""

from collections.abc import Iterator

from pydantic import BaseModel

from services.registration.domain.conflicts.refusals import RuleNotTriable
from services.registration.policy import Policy

# What the trial simulates.
_TRIED = frozenset(
    {
        "protection_days",
        "extension.days",
        "extension.times",
        "credit_after_expiry",
        "opportunity_exclusivity",
        "cool_off_days",
        "open_registrations_limit",
        "territories",
        "partner_territories",
        "free_mail_domains",
    }
)
# What changes neither who may register, nor who is credited, nor which conflicts there are: words, names, deadlines of the staff's own.
_WITHOUT_BEARING = frozenset(
    {
        "expiring_soon_days",
        "sources",
        *(f"conflicts.{step}_days" for step in ("identify", "investigate", "mediate", "decide", "communicate", "prevent")),
        "conflicts.owner",
        "conflicts.escalation_owner",
        "conflicts.letters",
        "approval.owner",
        "approval.escalate_to",
        "approval.remind_before_hours",
    }
)
_PARTS = frozenset({"extension", "conflicts", "approval"})
_PEOPLE = "people would have decided otherwise, or at other times, and what they would have decided nobody knows"
_REASONS = {
    "approval": _PEOPLE,
    "review_limit_days": _PEOPLE,
    "business_hours": _PEOPLE,
    "protection_starts": _PEOPLE,
    "account_likeness": "whom a customer was taken for was decided by people at the time, and their decisions are not tried again",
    "conflicts.probable_duplicates": "which registrations looked alike at the time is not on record",
    "conflicts.look_back_days": "of conflicts that were not opened there is no record",
    "evidence_required": "what evidence partners would have given is not on record",
    "extension": "which requests would have come, and in time, is not on record",
    "stages": "when a deal was in which stage is on record for the last one alone",
    "renew_on_stage_advance": "when a deal was in which stage is on record for the last one alone",
    "quiet": "when partners spoke of a deal is on record for the last time alone",
    "waiting_list": "who would have waited is not on record",
    "existing_opportunity_days": "when the vendor's own opportunities were active is on record for the last time alone",
}
_OTHERWISE = "what it would have changed is not on record"


def check_triable(now: Policy, then: Policy) -> None:
    """Raises RuleNotTriable for a change that matters and that history does not tell enough about."""
    for rule in _changed(now, then):
        if rule not in _TRIED | _WITHOUT_BEARING:
            raise RuleNotTriable(rule=rule, reason=_REASONS.get(rule) or _REASONS.get(rule.split(".")[0]) or _OTHERWISE)
    if then.extension.times > now.extension.times:
        raise RuleNotTriable(rule="extension.times", reason="who would have asked for one more extension is not on record")
    if now.free_mail_domains - then.free_mail_domains:
        raise RuleNotTriable(rule="free_mail_domains", reason="a domain that named no customer was not kept with its registrations")


def freed_domains(now: Policy, then: Policy) -> frozenset[str]:
    """The domains that would name no customer any more."""
    return then.free_mail_domains - now.free_mail_domains


def identifying(domain: str) -> RuleNotTriable:
    """The refusal for one of these that named a customer: which registrations it brought there is not on record."""
    return RuleNotTriable(rule="free_mail_domains", reason=f"which registrations came to a customer by {domain} is not on record")


def _changed(now: Policy, then: Policy) -> Iterator[str]:
    """The rules that differ, by their paths."""
    for name in Policy.model_fields:
        one, other = getattr(now, name), getattr(then, name)
        if one == other:
            continue
        if name in _PARTS:
            yield from _fields(name, one, other)
        else:
            yield name


def _fields(name: str, one: BaseModel, other: BaseModel) -> Iterator[str]:
    return (f"{name}.{field}" for field in type(one).model_fields if getattr(one, field) != getattr(other, field))
