"""Note what the vendor keeps for itself or for one partner, as its sales system tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.registration.domain.accounts.directory import Party
from services.registration.domain.accounts.identifiers import Customer, Registrable, identifiers
from services.registration.domain.deals.claims import Claim, ClaimKind
from services.registration.domain.refusals import AccountAmbiguous
from services.registration.domain.values import AccountId, PartnerId
from services.registration.policy import Policy
from services.registration.store import claims
from services.registration.store.claims import RecordedClaim
from services.registration.use_cases.conflicts.clashing import with_direct_sales
from services.registration.use_cases.identify import identify
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClaim:
    """A claim as it is told; its source and external id name it."""

    source: str
    external_id: str
    kind: ClaimKind
    customer: Customer
    families: tuple[str, ...]
    territory: str | None
    assigned_to: PartnerId | None
    active_at: datetime | None
    valid_from: datetime | None
    valid_until: datetime | None
    note: str | None


async def record_claims(
    uow: UnitOfWork, wanted: Sequence[NewClaim], *, by: str, policy: Policy, registrable: Registrable
) -> list[UUID | Refused]:
    """For each its id, or why it was refused; what was known by the same name is replaced. What partners protect opens a conflict."""
    named: list[tuple[int, NewClaim, Party]] = []
    answers: dict[int, UUID | Refused] = {}
    for place, one in enumerate(wanted):
        try:
            names = identifiers(one.customer, registrable=registrable, free_mail=policy.free_mail_domains)
            named.append((place, one, Party(one.customer.name, one.customer.country, names)))
        except Refused as refusal:
            answers[place] = refusal
    made = await identify(uow, [party for _, _, party in named]) if named else None
    ready: dict[tuple[str, str], tuple[int, RecordedClaim]] = {}
    for (place, one, _), account_id in zip(named, made.accounts if made else (), strict=True):
        if account_id is None:
            answers[place] = AccountAmbiguous()
        else:
            ready[one.source, one.external_id] = place, _claim(one, account_id, by=by, policy=policy, now=uow.now)
    written = await claims.write(uow, [claim for _, claim in ready.values()])
    await with_direct_sales(uow, [recorded.claim for _, recorded in ready.values()], policy=policy)
    for place, one, _ in named:
        if place not in answers:
            answers[place] = written[one.source, one.external_id]
    return [answers[place] for place in range(len(wanted))]


def _claim(one: NewClaim, account_id: AccountId, *, by: str, policy: Policy, now: datetime) -> RecordedClaim:
    territory = policy.tree.derive(one.territory, one.customer.country)
    claim = Claim(
        id=new_id(),
        kind=one.kind,
        account_id=account_id,
        families=one.families,
        path=policy.tree.path(territory),
        valid_from=one.valid_from or now,
        valid_until=one.valid_until,
        active_at=(one.active_at or now) if one.kind is ClaimKind.OPPORTUNITY else None,
        assigned_to=one.assigned_to,
    )
    return RecordedClaim(
        claim=claim,
        account_name=one.customer.name,
        territory=territory,
        source=one.source,
        external_id=one.external_id,
        note=one.note,
        recorded_by=by,
    )
