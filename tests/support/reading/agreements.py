"""What each party holds of co-selling agreements: of every version the newest fact that it was told."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from shared.schemas.coselling import CosellAgreed, CosellEnded, CosellFact, CosellInvited
from tests.support.reading.facts import Fact

Name: TypeAlias = tuple[UUID, UUID, int]
"""An agreement, a party of it, and the number of a version."""


@dataclass(frozen=True)
class Seat:
    """One party's part in one version of an agreement."""

    deal: UUID
    role: str
    share: str
    overlay: bool
    hash: str
    respond_by: object
    state: str


@dataclass
class Agreements:
    """An agreement's sequence has gaps (a signature is told to nobody), so nothing waits here: each fact names its version."""

    invited: dict[Name, CosellInvited] = field(default_factory=dict)
    agreed: set[Name] = field(default_factory=set)
    ended: dict[Name, CosellEnded] = field(default_factory=dict)
    sequences: defaultdict[tuple[UUID, UUID], set[int]] = field(default_factory=lambda: defaultdict(set))

    def take(self, fact: Fact) -> None:
        event: CosellFact = fact.event
        name = (event.agreement_id, event.partner_id, event.number)
        assert fact.sequence not in self.sequences[name[:2]], f"a party is told two things under one sequence: {fact}"
        self.sequences[name[:2]].add(fact.sequence)
        match event:
            case CosellInvited():
                self.invited[name] = event
            case CosellAgreed():
                self.agreed.add(name)
            case CosellEnded():
                self.ended[name] = event

    def seats(self) -> dict[Name, Seat]:
        return {name: self._seat(name, part) for name, part in self.invited.items()}

    def _seat(self, name: Name, part: CosellInvited) -> Seat:
        return Seat(part.deal_id, part.role, part.share, part.overlay, part.hash, part.respond_by, self._state(name))

    def _state(self, name: Name) -> str:
        """A party of a newer version is told of that alone: it supersedes what was proposed, in force it replaces what was."""
        if name in self.ended:
            return _end(self.ended[name], was_in_force=name in self.agreed)
        if name in self.agreed:
            return "replaced" if self._has_newer(name, self.agreed) else "in_force"
        return "superseded" if self._has_newer(name, self.invited) else "proposed"

    @staticmethod
    def _has_newer(name: Name, among: "dict[Name, CosellInvited] | set[Name]") -> bool:
        return any(other[:2] == name[:2] and other[2] > name[2] for other in among)


def _end(fact: CosellEnded, *, was_in_force: bool) -> str:
    if fact.because is not None:
        return "ended" if was_in_force else "void"
    return "ended" if fact.reason.value == "left" else fact.reason.value
