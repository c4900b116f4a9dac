"""The canonical fact by which sales systems speak to Hansa; anyone may produce it."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.schemas.base import Currency, Event, Model, Share


class Stage(StrEnum):
    """Where an opportunity stands in the sales system."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class OpportunityCredit(Model):
    """A share of the opportunity for one partner."""

    partner_id: UUID
    share: Share


class OpportunityLine(Model):
    """One product of the opportunity. `amount` is a decimal string in major units, e.g. "1054.00"."""

    product: str
    family: str
    quantity: int = 1
    amount: str


class OpportunityChanged(Event):
    """The whole state of one opportunity in a sales system. `source` + `external_id` name it; `occurred_at` is when it changed there.

    `source_version` counts its states in the source: the highest is the newest, however they arrive. Without it the time decides.
    `origin` says who made the change: `hansa:{deal_id}@{ce_sequence}` where Hansa's own fact was written there, else the source itself.
    """

    topic: ClassVar[str] = "crm.opportunity_changed"
    subject_field: ClassVar[str] = "external_id"
    key_field: ClassVar[str] = "external_id"
    source: str
    external_id: str
    partner_id: UUID
    account_name: str
    account_domain: str | None = None
    country: str | None = None
    territory: str = "any"
    families: tuple[str, ...] = Field(min_length=1)
    engaged_at: AwareDatetime
    stage: Stage
    closed_at: AwareDatetime | None = None
    currency: Currency = "USD"
    amount: str | None = None
    lines: tuple[OpportunityLine, ...] = ()
    credits: tuple[OpportunityCredit, ...] = ()
    tax_id: str | None = None
    crm_ids: tuple[str, ...] = ()
    source_version: int | None = Field(None, ge=1, lt=2**63)
    origin: str | None = Field(None, max_length=200)


class RereadRequested(Event):
    """States of an opportunity never came: versions after `after_version`, up to `up_to`. Its source's connector sends it again."""

    topic: ClassVar[str] = "crm.reread_requested"
    subject_field: ClassVar[str] = "external_id"
    key_field: ClassVar[str] = "external_id"
    source: str
    external_id: str
    after_version: int
    up_to: int
