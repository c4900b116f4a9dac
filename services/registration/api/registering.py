"""What becomes of a registration over HTTP: the same answer, whichever way it was registered."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import Response

from services.registration.api.models import deal_out
from services.registration.api.receipt_headers import name_receipt
from services.registration.domain.accounts.identifiers import Registrable, identifiers
from services.registration.domain.deals.deal import Deal
from services.registration.domain.receipts.receipt import Link
from services.registration.policy import Policy
from services.registration.use_cases.receipts.issue import Receipts, submitted
from services.registration.use_cases.register import Registration, register
from services.registration.use_cases.register_set import InSet, register_set
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.http import Asked, Together, etag, problem
from shared.chassis.policies import Policies


def answered(outcome: Deal | Refused, receipt: Link, *, now: datetime) -> Response:
    """The deal, or the refusal that is itself on record (returned, since raising would undo it), with its receipt in the headers."""
    if isinstance(outcome, Refused):
        refused: Response = problem(outcome)
        return name_receipt(refused, receipt)
    response = Response(deal_out(outcome, now=now).model_dump_json(), status_code=201, media_type="application/json")
    name_receipt(response, receipt)
    response.headers["Location"] = f"v1/deals/{outcome.id}"
    etag(response, outcome.version)
    return response


class Registering:
    """Registers deals alone and in sets, each with its receipt."""

    def __init__(self, policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> None:
        self._policies = policies
        self._registrable = registrable
        self._receipts = receipts
        self._free_mail: frozenset[str] = frozenset()  # as the last policy had it: only what keeps two apart depends on it

    async def alone(self, uow: UnitOfWork, wanted: Registration) -> Response:
        """Raises what `register` raises."""
        policy = (await self._policies.at(uow, uow.now))[1]
        outcome = await register(uow, wanted, policy=policy, registrable=self._registrable)
        receipt = await self._receipts.issue(uow, submitted(wanted, outcome))
        return answered(outcome, receipt, now=uow.now)

    async def in_set(self, uow: UnitOfWork, asked: Sequence[Asked[Registration]]) -> list[Response | None]:
        """The answers; None for what goes alone. Raises what `register_set` raises."""
        policy = (await self._policies.at(uow, uow.now))[1]
        self._free_mail = policy.free_mail_domains
        wanted = [InSet(one.item, one.context) for one in asked]
        deals = await register_set(uow, wanted, policy=policy, registrable=self._registrable)
        entered = [(one.item, deal) for one, deal in zip(asked, deals, strict=True) if deal]
        links = iter(await self._receipts.issue_all(uow, [submitted(*each) for each in entered]) if entered else ())
        return [answered(deal, next(links), now=uow.now) if deal else None for deal in deals]

    def names(self, wanted: Registration) -> tuple[object, ...] | None:
        """What keeps two registrations out of one set: they may be about the same customer."""
        try:
            return identifiers(wanted.customer, registrable=self._registrable, free_mail=self._free_mail)
        except Refused:
            return None

    def together(self) -> Together[Registration]:
        """The place where registrations that come at once meet."""
        return Together(alone=self.alone, in_set=self.in_set, names=self.names)
