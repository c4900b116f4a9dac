"""What is read and answered about accounts over HTTP. For the vendor's staff: none of it is shown to a partner."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.registration.api.models import Reason, Text
from services.registration.api.request_body import RequestBody
from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.accounts.joining import Keep
from services.registration.domain.values import DealId
from services.registration.store.account_book import Account, Change
from services.registration.store.account_links import Link, LinkKind
from shared.chassis.http import Instant


class _Reasoned(RequestBody):
    reason: Reason


class IdentifierOut(BaseModel):
    """One name of a customer: `crm`, `domain`, `name` (with its country behind a bar) or `tax`."""

    kind: str
    value: str


class IdentifierIn(RequestBody):
    """An identifier as the account shows it."""

    kind: IdentifierKind
    value: Annotated[str, Field(min_length=1, max_length=1_100)]

    def exact(self) -> Identifier:
        return Identifier(self.kind, self.value)


class KeepIn(RequestBody):
    """Where both accounts protect the same deal: those named keep their protection, among others the earlier registered. The rest ends."""

    deal_ids: tuple[UUID, ...] = Field((), max_length=500)

    def exact(self) -> Keep:
        return Keep(frozenset(DealId(each) for each in self.deal_ids))


class MergeIn(_Reasoned):
    """Which account carries on."""

    into: UUID
    keep: KeepIn | None = Field(None, description="without it a merge that would end somebody's protection is refused")


class SplitIn(_Reasoned):
    """What goes to a new account; or, with `revive`, back to an account that was merged into this one."""

    identifiers: tuple[IdentifierIn, ...] = Field(min_length=1, max_length=500)
    deal_ids: tuple[UUID, ...] = Field((), max_length=500)
    link_ids: tuple[UUID, ...] = Field((), max_length=500)
    account_name: Text | None = Field(None, description="of the new account; without it, this one's")
    country: str | None = Field(None, max_length=100)
    revive: UUID | None = None


class AliasIn(_Reasoned):
    """More of what names the account: at least one of them."""

    account_name: Text | None = Field(None, description="another legal name")
    country: str | None = Field(None, max_length=100, description="of that name; without it, the account's")
    account_domain: str | None = Field(None, max_length=300)
    tax_id: str | None = Field(None, max_length=100)
    crm_ids: tuple[Text, ...] = Field((), max_length=20)


class LinkIn(_Reasoned):
    """To whom the account belongs, and who says so."""

    parent_id: UUID
    kind: LinkKind = LinkKind.SUBSIDIARY
    source: Text = Field(examples=["commercial register"])
    valid_from: Instant | None = None
    valid_until: Instant | None = None


class ReasonIn(_Reasoned):
    """Why."""


class AccountDecisionIn(_Reasoned):
    """`same`: merge the customer into `account_id`, one of those shown; `different`: none of them, and nobody is asked again."""

    decision: Literal["same", "different"]
    account_id: UUID | None = None
    keep: KeepIn | None = None


class AccountOut(BaseModel):
    """A customer's account."""

    id: UUID
    name: str
    country: str | None
    created_at: datetime
    version: int

    @classmethod
    def of(cls, account: Account) -> "AccountOut":
        return cls(id=account.id, name=account.name, country=account.country, created_at=account.created_at, version=account.version)


class AccountLinkOut(BaseModel):
    id: UUID
    parent_id: UUID
    child_id: UUID
    kind: LinkKind
    source: str
    valid_from: datetime
    valid_until: datetime | None
    recorded_by: str
    recorded_at: datetime

    @classmethod
    def of(cls, link: Link) -> "AccountLinkOut":
        return cls(**{name: getattr(link, name) for name in cls.model_fields})


class ChangeOut(BaseModel):
    """`merged`: account into other; `split`: other out of account; `alias`, `link`, `unlink`."""

    id: UUID
    account_id: UUID
    other_id: UUID | None
    kind: str
    changed_at: datetime
    changed_by: str
    because: str
    details: dict[str, Any]

    @classmethod
    def of(cls, change: Change) -> "ChangeOut":
        return cls(**{name: getattr(change, name) for name in cls.model_fields})


class WholeAccountOut(AccountOut):
    """An account with all that is known of it. `formerly`: the accounts that it carries on for."""

    formerly: list[UUID]
    identifiers: list[IdentifierOut]
    links: list[AccountLinkOut]
    history: list[ChangeOut]


def identifiers_out(names: list[Identifier] | tuple[Identifier, ...]) -> list[IdentifierOut]:
    """Identifiers as they are shown."""
    return [IdentifierOut(kind=name.kind.value, value=name.value) for name in names]
