"""Give accepted submissions their receipts, as the last thing that a transaction does: all share one chain."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.deals.deal import Deal
from services.registration.domain.intake.desk import Taken
from services.registration.domain.intake.opportunity import Opportunity
from services.registration.domain.receipts.receipt import (
    SALT_BYTES,
    Head,
    Link,
    Submission,
    canonical,
    chain,
    instant,
    seal_written,
    signed_text,
)
from services.registration.store import receipts
from services.registration.store.receipts import Entry
from services.registration.use_cases.receipts.signing import Signer
from services.registration.use_cases.register import Registration
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused


class Receipts:
    """The chain as use cases see it. Every append holds the head's row for the commit alone."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def issue(self, uow: UnitOfWork, submission: Submission) -> Link:
        """The receipt's place, at once: nothing but the answer may follow in this transaction, and no lock."""
        return (await self.issue_all(uow, [submission]))[0]

    async def issue_all(self, uow: UnitOfWork, submissions: Sequence[Submission]) -> list[Link]:
        """`issue` for a set, in its order."""
        return await self._append(uow, submissions, lock_head=receipts.flush_and_lock_head)

    def issue_at_last(self, uow: UnitOfWork, taken: Sequence[Taken]) -> None:
        """Receipts for those of a set that registered a new deal, before the commit: in the order in which they were decided."""
        for one in taken:
            if one.registered and one.deal:
                uow.at_last(self._append_noted, _followed(one.seen, one.deal))

    async def _append_noted(self, uow: UnitOfWork, submissions: Sequence[Submission]) -> None:
        await self._append(uow, submissions, lock_head=receipts.lock_head)

    async def _append(
        self, uow: UnitOfWork, submissions: Sequence[Submission], *, lock_head: Callable[[UnitOfWork], Awaitable[Head]]
    ) -> list[Link]:
        """One signature for the whole run: it covers the last link, and through the chain those before it."""
        keys = self._signer.keys  # asked for before the head is locked
        contents = [canonical(submission.content()) for submission in submissions]
        random = secrets.token_bytes(SALT_BYTES * len(contents))
        salts = [random[n * SALT_BYTES : (n + 1) * SALT_BYTES] for n in range(len(contents))]
        entries = [
            Entry(partner_id=one.partner_id, subject_id=one.subject_id, content=content.decode(), salt=salt)
            for one, content, salt in zip(submissions, contents, salts, strict=True)
        ]
        head = await lock_head(uow)
        received_at = max(uow.now, head.received_at)  # who waited for an account came after the one who held it, also by the clock
        told = instant(received_at)
        sealed = [seal_written(content, received_at=told, salt=salt.hex()) for content, salt in zip(contents, salts, strict=True)]
        links = chain(head, sealed)
        signature = keys.sign(signed_text(links[-1].hash))
        await receipts.append(uow, links, entries, received_at=received_at, key_id=keys.key_id, signature=signature)
        return links


def submitted(wanted: Registration, outcome: Deal | Refused) -> Submission:
    """What was submitted over the API, whatever became of it."""
    return Submission(
        subject_id=_subject(outcome),
        partner_id=wanted.partner_id,
        customer=wanted.customer,
        families=wanted.families,
        territory=wanted.territory,
        expected=wanted.expected,
        registered_at=wanted.registered_at,
        evidence=wanted.evidence,
    )


def accepted(deal: Deal) -> Submission:
    """What an offer was accepted for: the submission is what waited for it."""
    return Submission(
        subject_id=deal.id,
        partner_id=deal.partner_id,
        customer=Customer(name=deal.account_name, country=deal.country),
        families=deal.scope.families,
        territory=deal.territory,
        expected=deal.expected,
        evidence=deal.evidence,
    )


def _subject(outcome: Deal | Refused) -> UUID:
    if isinstance(outcome, Deal):
        return outcome.id
    refusal_id = outcome.details["refusal_id"]
    if not isinstance(refusal_id, UUID):
        raise TypeError(f"{outcome.code} is not on record")
    return refusal_id


def _followed(seen: Opportunity, deal: Deal) -> Submission:
    """What a sales system told of an opportunity that became a deal."""
    return Submission(
        subject_id=deal.id,
        partner_id=seen.partner_id,
        customer=seen.customer,
        families=seen.families,
        territory=seen.territory,
        registered_at=seen.engaged_at,
        source=seen.source,
        external_id=seen.external_id,
    )
