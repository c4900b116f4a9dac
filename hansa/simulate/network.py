"""The partners of the plan sign up, and their people learn."""

from dataclasses import dataclass
from uuid import UUID

from hansa.simulate.client import Api
from hansa.simulate.crowd import Done, each
from hansa.simulate.plan import PartnerPlan, Person, Training

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Member:
    """A partner of the plan as the system knows it, with its people's ids in the order of the plan."""

    plan: PartnerPlan
    id: UUID
    people: tuple[str, ...]


async def sign_up(staff: Api, plans: tuple[PartnerPlan, ...], *, done: Done) -> list[Member]:
    """Create and activate every partner, and record its people."""

    async def one(plan: PartnerPlan) -> Member:
        body = {"name": plan.name, "type": plan.kind, "region": plan.region, "country": plan.country}
        partner_id = (await staff.post("partners/v1/partners", body))["id"]
        path = f"partners/v1/partners/{partner_id}"
        await staff.post(f"{path}/activate", {"enrolled_at": plan.enrolled_at.isoformat()})
        people = [await staff.post(f"{path}/contacts", _contact(plan, person, number)) for number, person in enumerate(plan.people)]
        return Member(plan, UUID(partner_id), tuple(person["person_id"] for person in people))

    return await each(plans, one, at_once=_AT_ONCE, done=done)


async def learn(learning: Api, members: list[Member], *, done: Done) -> tuple[int, int]:
    """Everybody takes the planned courses; how many were completed, and how many certificates were passed."""
    pupils = [
        (member, person_id, person)
        for member in members
        for person_id, person in zip(member.people, member.plan.people, strict=True)
        if person.trainings
    ]

    async def one(pupil: tuple[Member, str, Person]) -> None:
        member, person_id, person = pupil
        for training in person.trainings:
            await _take(learning, training, {"person_id": person_id, "partner_id": str(member.id), "course_id": training.course})

    await each(pupils, one, at_once=_AT_ONCE, done=done)
    trainings = [training for _, _, person in pupils for training in person.trainings]
    return len(trainings), sum(training.passed_at is not None for training in trainings)


async def _take(learning: Api, training: Training, who: dict[str, str]) -> None:
    await learning.post("enablement/v1/enrolments", {**who, "enrolled_at": training.enrolled_at.isoformat()})
    await learning.post("enablement/v1/completions", {**who, "completed_at": training.completed_at.isoformat()})
    if training.passed_at:
        await learning.post("enablement/v1/certificates", {**who, "passed_at": training.passed_at.isoformat()})


def _contact(plan: PartnerPlan, person: Person, number: int) -> dict[str, str]:
    mailbox = f"{person.name}.{number}@{plan.name.replace(' ', '-')}.example".lower()
    return {"name": person.name, "email": mailbox, "role": "sales"}
