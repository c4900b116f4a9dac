"""What every published event is: a frozen model that knows its topic, version, subject and record key."""

from typing import Annotated, ClassVar
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code")]
Share = Annotated[str, Field(pattern=r"^(\d+(\.\d+)?|\d+/\d+)$", description='decimal or fraction: "0.5", "1/3"')]


def text_of(value: object) -> str:
    """`str(value)`, of an id at a third of the price: each event needs a few, and Python writes them letter by letter."""
    return orjson.dumps(value)[1:-1].decode() if type(value) is UUID else str(value)


class Model(BaseModel):
    """A frozen value; unknown fields are ignored, so that producers may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class MoneyAmount(Model):
    """Money on the wire: integer minor units of an ISO 4217 currency (12.34 USD is 1234)."""

    amount_minor: int = Field(ge=-(2**63), lt=2**63)
    currency: Currency


class Event(Model):
    """A fact that happened. `occurred_at` is business time, `recorded_at` when the owner wrote it down (both UTC)."""

    topic: ClassVar[str]
    version: ClassVar[int] = 1
    subject_field: ClassVar[str]
    key_field: ClassVar[str] = "partner_id"

    occurred_at: AwareDatetime
    recorded_at: AwareDatetime

    @classmethod
    def ce_type(cls) -> str:
        """The CloudEvents type, e.g. `hansa.deal.closed.v1`."""
        return f"hansa.{cls.topic}.v{cls.version}"

    @property
    def subject(self) -> str:
        """The id of the aggregate that the fact is about (`ce_subject`)."""
        return text_of(getattr(self, self.subject_field))

    @property
    def key(self) -> str:
        """The record key: facts of one key keep their order within a topic."""
        return text_of(getattr(self, self.key_field))
