"""A co-selling agreement: versions that never change, in force once every side has signed the very same document."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NewType
from uuid import UUID

from services.registration.domain.coselling import refusals as no
from services.registration.domain.refusals import BeneficiaryTwice, SplitsNotOne
from services.registration.domain.values import Credit, DealId, PartnerId
from shared.chassis.values import replace

AgreementId = NewType("AgreementId", UUID)
Signer = PartnerId | None
"""A partner, or (None) the vendor."""


class VersionState(StrEnum):
    """Proposed until all have signed; in force until another one is, or a party leaves. The others are final.

    `void`: proposed when its deal was won or over, or the partnership of a party ended.
    """

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    SUPERSEDED = "superseded"
    DECLINED = "declined"
    LAPSED = "lapsed"
    ENDED = "ended"
    VOID = "void"


class Because(StrEnum):
    """What ended a version that none of its sides ended."""

    DEAL_OVER = "deal_over"
    DEAL_WON = "deal_won"
    DEAL_REASSIGNED = "deal_reassigned"
    PARTNER_INACTIVE = "partner_inactive"


@dataclass(frozen=True, slots=True)
class Party:
    """A partner's part. `overlay`: credit for influence, beside the split, which may exceed 1."""

    partner_id: PartnerId
    role: str
    share: Fraction
    overlay: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One full proposal. `document` is what is signed, `hash` its SHA-256; `respond_by` is excluded."""

    number: int
    parties: tuple[Party, ...]
    document: str
    hash: str
    respond_by: datetime
    proposed_at: datetime
    vendor_signs: bool
    state: VersionState = VersionState.PROPOSED
    signatures: Mapping[Signer, Signature] = field(default_factory=dict)
    in_force_from: datetime | None = None
    ended_at: datetime | None = None

    @property
    def sides(self) -> frozenset[Signer]:
        """Everybody whose signature it takes."""
        vendor: frozenset[Signer] = frozenset({None} if self.vendor_signs else ())
        return vendor | {party.partner_id for party in self.parties}

    @property
    def credits(self) -> tuple[Credit, ...]:
        return tuple(Credit(party.partner_id, party.share) for party in self.parties if not party.overlay)

    @property
    def overlays(self) -> tuple[Credit, ...]:
        return tuple(Credit(party.partner_id, party.share) for party in self.parties if party.overlay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What is agreed about one deal. `revision` counts its changes from 1."""

    id: AgreementId
    deal_id: DealId
    registrant: PartnerId
    versions: tuple[Version, ...] = ()
    revision: int = 0

    def in_state(self, state: VersionState) -> Version | None:
        """The version that is proposed, or in force: there is at most one of each."""
        return next((version for version in self.versions if version.state is state), None)

    def version(self, number: int) -> Version | None:
        return self.versions[number - 1] if 0 < number <= len(self.versions) else None


class What(StrEnum):
    """What a party is told."""

    INVITED = "invited"
    AGREED = "agreed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Told:
    """One party's news of one version; the version as it then stands carries the rest."""

    what: What
    version: Version
    party: Party
    because: Because | None = None


Step = tuple[Agreement, tuple[Told, ...]]


def document_of(agreement: Agreement, number: int, parties: tuple[Party, ...], *, terms: str) -> str:
    """The canonical text of a version: JSON with sorted keys, no blanks and shares in lowest terms."""

    def rows(*, overlay: bool) -> list[dict[str, str]]:
        several = [party for party in parties if party.overlay is overlay]
        return [{"partner": str(party.partner_id), "role": party.role, "share": str(party.share)} for party in several]

    content = {
        "agreement": str(agreement.id),
        "credits": rows(overlay=False),
        "deal": str(agreement.deal_id),
        "overlays": rows(overlay=True),
        "terms": terms,
        "version": number,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(document: str) -> str:
    """What is signed."""
    return hashlib.sha256(document.encode()).hexdigest()


def propose(
    agreement: Agreement, parties: tuple[Party, ...], *, terms: str, vendor_signs: bool, respond_by: datetime, now: datetime
) -> Step:
    """A new version, which supersedes one that is still open. What is in force stays so until all have signed this one.

    Raises SplitsNotOne, BeneficiaryTwice, RegistrantMissing.
    """
    _check(parties, agreement.registrant)
    number = len(agreement.versions) + 1
    document = document_of(agreement, number, parties, terms=terms)
    version = Version(
        number=number,
        parties=parties,
        document=document,
        hash=hash_of(document),
        respond_by=respond_by,
        proposed_at=now,
        vendor_signs=vendor_signs,
    )
    closed, told = _close(agreement, VersionState.PROPOSED, VersionState.SUPERSEDED, now=now, besides=version)
    changed = replace(closed, versions=(*closed.versions, version), revision=agreement.revision + 1)
    return changed, (*told, *_tell(What.INVITED, version))


def _check(parties: tuple[Party, ...], registrant: PartnerId) -> None:
    total = sum((party.share for party in parties if not party.overlay), Fraction(0))
    if total != 1 or any(party.share <= 0 for party in parties):
        raise SplitsNotOne(total=total)
    names = {party.partner_id for party in parties}
    if len(names) != len(parties):
        raise BeneficiaryTwice
    if registrant not in names:
        raise no.RegistrantMissing


def sign(agreement: Agreement, number: int, *, signer: Signer, signed_hash: str, by: str, now: datetime) -> Step:
    """One side signs; with the last signature the version is in force and the former one is replaced.

    Raises NoSide, VersionNotProposed, OtherDocument, AlreadySigned.
    """
    version = _open(agreement, number, signer, now)
    if signed_hash != version.hash:
        raise no.OtherDocument
    if signer in version.signatures:
        raise no.AlreadySigned
    version = replace(version, signatures={**version.signatures, signer: Signature(by, now)})
    if version.signatures.keys() != version.sides:
        return _put(replace(agreement, revision=agreement.revision + 1), version), ()
    closed, told = _close(agreement, VersionState.IN_FORCE, VersionState.REPLACED, now=now, besides=version)
    version = replace(version, state=VersionState.IN_FORCE, in_force_from=now)
    return _put(replace(closed, revision=agreement.revision + 1), version), (*told, *_tell(What.AGREED, version))


def decline(agreement: Agreement, number: int, *, signer: Signer, now: datetime) -> Step:
    """One side does not want it: the version is over. Raises NoSide, VersionNotProposed."""
    _open(agreement, number, signer, now)
    return _end(agreement, VersionState.PROPOSED, VersionState.DECLINED, now=now)


def leave(agreement: Agreement, *, signer: Signer, now: datetime) -> Step:
    """A party, or the vendor, leaves what is in force; without it the shares are not one. Raises NothingInForce, NoSide."""
    version = agreement.in_state(VersionState.IN_FORCE)
    if version is None:
        raise no.NothingInForce
    if signer is not None and signer not in version.sides:
        raise no.NoSide
    return _end(agreement, VersionState.IN_FORCE, VersionState.ENDED, now=now)


def lapse(agreement: Agreement, *, now: datetime) -> Step | None:
    """The invitation that was not signed by all in time is over."""
    version = agreement.in_state(VersionState.PROPOSED)
    if version is None or now < version.respond_by:
        return None
    return _end(agreement, VersionState.PROPOSED, VersionState.LAPSED, now=now)


def call_off(
    agreement: Agreement, *, because: Because, now: datetime, party: PartnerId | None = None, signed: bool = True
) -> tuple[Step, ...]:
    """End what is proposed and, with `signed`, what is in force; with `party` only that of which it is a party.

    A step each: who is a party of both is told two things, and one revision is one thing told.
    """
    ends = {VersionState.PROPOSED: VersionState.VOID} | ({VersionState.IN_FORCE: VersionState.ENDED} if signed else {})
    steps: list[Step] = []
    for state, then in ends.items():
        version = agreement.in_state(state)
        if version is not None and (party is None or party in version.sides):
            agreement, told = _end(agreement, state, then, now=now)
            steps.append((agreement, tuple(replace(one, because=because) for one in told)))
    return tuple(steps)


def _open(agreement: Agreement, number: int, signer: Signer, now: datetime) -> Version:
    version = agreement.version(number)
    if version is None or signer not in version.sides:
        raise no.NoSide
    if version.state is not VersionState.PROPOSED:
        raise no.VersionNotProposed(state=version.state)
    if version.respond_by <= now:  # decided here, whenever the timer comes by
        raise no.VersionNotProposed(state=VersionState.LAPSED)
    return version


def _end(agreement: Agreement, state: VersionState, then: VersionState, *, now: datetime) -> Step:
    closed, told = _close(agreement, state, then, now=now)
    return replace(closed, revision=agreement.revision + 1), told


def _close(agreement: Agreement, state: VersionState, then: VersionState, *, now: datetime, besides: Version | None = None) -> Step:
    """End the version in `state`, if there is one; those who are parties of `besides` too hear of that one instead."""
    version = agreement.in_state(state)
    if version is None:
        return agreement, ()
    ended = replace(version, state=then, ended_at=now)
    stay = {party.partner_id for party in besides.parties} if besides else set()
    return _put(agreement, ended), tuple(told for told in _tell(What.ENDED, ended) if told.party.partner_id not in stay)


def _put(agreement: Agreement, version: Version) -> Agreement:
    return replace(agreement, versions=tuple(version if each.number == version.number else each for each in agreement.versions))


def _tell(what: What, version: Version) -> Iterator[Told]:
    return (Told(what, version, party) for party in version.parties)
