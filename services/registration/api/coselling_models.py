"""Co-selling as it is read and answered over HTTP."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.registration.api.models import MoneyOut, ShortShare
from services.registration.api.request_body import RequestBody
from services.registration.domain.coselling.agreement import Party, VersionState
from services.registration.domain.coselling.joint_plan import PlanStep, StepState
from services.registration.domain.refusals import SplitsNotOne
from services.registration.domain.values import PartnerId, State
from services.registration.store.coselling import Seat
from services.registration.store.shared_deals import SharedDeal
from services.registration.use_cases.coselling.propose import Proposal
from shared.chassis.http import Instant

Role = Annotated[str, Field(min_length=1, max_length=60, examples=["sourcing", "influence", "delivery"])]
Long = Annotated[str, Field(max_length=2_000)]


class PartyIn(RequestBody):
    """A partner's part: a share of the split, or (`overlay`) credit for influence beside it."""

    partner_id: UUID
    role: Role
    share: ShortShare
    overlay: bool = False

    def exact(self) -> Party:
        """Raises SplitsNotOne for a share that is no number."""
        try:
            return Party(PartnerId(self.partner_id), self.role, Fraction(self.share), self.overlay)
        except (ValueError, ZeroDivisionError) as error:
            raise SplitsNotOne(total="no number") from error


class ProposalIn(RequestBody):
    """A full version. The shares of the split total exactly 1.

    The invited read `message` and the deal's products and territory.
    """

    deal_id: UUID
    parties: tuple[PartyIn, ...] = Field(min_length=1, max_length=20)
    terms: Long = ""
    message: Long = ""
    respond_by: Instant | None = Field(None, description="at the latest what the programme allows, which is the default")

    def proposal(self) -> Proposal:
        """Raises SplitsNotOne."""
        return Proposal(
            deal_id=self.deal_id,
            parties=tuple(party.exact() for party in self.parties),
            terms=self.terms,
            message=self.message,
            respond_by=self.respond_by,
        )


Number = Annotated[int, Field(ge=1, lt=2**31)]


class SignIn(RequestBody):
    """Which version is signed, and the hash of the document that was read."""

    number: Number
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class VersionDeclineIn(RequestBody):
    """Which version is not wanted."""

    number: Number


class NewStep(RequestBody):
    """A step of the joint plan; the vendor names the party that owns it."""

    title: Annotated[str, Field(min_length=1, max_length=300)]
    due_on: date
    notes: Long | None = None
    partner_id: UUID | None = None


class PlanStepIn(RequestBody):
    """Where the step stands; what is left out stays as it is."""

    state: StepState
    due_on: date | None = None
    notes: Long | None = None


class SeatOut(BaseModel):
    """One party's row; a partner sees its own, and the document names who else takes part."""

    partner_id: UUID
    role: str
    share: str
    overlay: bool
    signed_by: str | None
    signed_at: datetime | None


class AboutOut(BaseModel):
    """What the invitation says of the deal."""

    families: tuple[str, ...]
    territory: str
    message: str


class VersionOut(BaseModel):
    """One version. `document` is the exact text that is signed, `hash` its SHA-256."""

    number: int
    state: VersionState
    document: str
    hash: str
    respond_by: datetime
    about: AboutOut
    parties: list[SeatOut]


class AgreementOut(BaseModel):
    """An agreement with its versions, oldest first; they never change."""

    id: UUID
    deal_id: UUID
    versions: list[VersionOut]


class SharedDealOut(BaseModel):
    """What a party reads of the deal: not its evidence, contacts, protection or terms."""

    deal_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    stage: str | None
    expected: MoneyOut | None
    state: State


class PlanStepOut(BaseModel):
    id: UUID
    agreement_id: UUID
    partner_id: UUID
    title: str
    due_on: date
    state: StepState
    notes: str | None
    version: int


class PlanOut(BaseModel):
    """All steps of the joint plan, by date."""

    steps: list[PlanStepOut]


def agreement_out(seats: Sequence[Seat]) -> AgreementOut:
    """The agreement as far as the rows that the caller may see tell it."""
    numbers = dict.fromkeys(seat.number for seat in seats)
    versions = [_version_out([seat for seat in seats if seat.number == number]) for number in numbers]
    return AgreementOut(id=seats[0].agreement_id, deal_id=seats[0].deal_id, versions=versions)


def _version_out(seats: Sequence[Seat]) -> VersionOut:
    first = seats[0]
    return VersionOut(
        number=first.number,
        state=first.state,
        document=first.document,
        hash=first.hash,
        respond_by=first.respond_by,
        about=AboutOut(**first.about),
        parties=[
            SeatOut(
                partner_id=seat.partner_id,
                role=seat.role,
                share=seat.share,
                overlay=seat.overlay,
                signed_by=seat.signed_by,
                signed_at=seat.signed_at,
            )
            for seat in seats
        ],
    )


def step_out(step: PlanStep) -> PlanStepOut:
    """The step as it is shown."""
    return PlanStepOut(
        id=step.id,
        agreement_id=step.agreement_id,
        partner_id=step.owner,
        title=step.title,
        due_on=step.due_on,
        state=step.state,
        notes=step.notes,
        version=step.version,
    )


def shared_deal_out(deal: SharedDeal) -> SharedDealOut:
    """The deal as its parties are shown it."""
    return SharedDealOut(
        deal_id=deal.deal_id,
        account_name=deal.account_name,
        families=deal.families,
        territory=deal.territory,
        stage=deal.stage,
        expected=MoneyOut.of(deal.expected) if deal.expected else None,
        state=deal.state,
    )
