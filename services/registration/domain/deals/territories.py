"""The tree of territories: `any` ⊃ EMEA ⊃ DACH ⊃ DE. A territory is its path from the root, so that ancestors are prefixes."""

import re
from collections.abc import Mapping, Sequence

from services.registration.domain.accounts.countries import country_code

ANY = "any"
_CODE = re.compile(r"[^0-9A-Za-z_.-]+")


class TreeInvalid(ValueError):
    """A territory has two parents, is its own ancestor, or its name cannot stand in a path."""


class Territories:
    """The vendor's tree, from parent → children. Names not listed are leaves of their own under `any`."""

    def __init__(self, tree: Mapping[str, Sequence[str]]) -> None:
        self._parent: dict[str, str] = {}
        for parent, children in tree.items():
            for child in children:
                if child in self._parent or child == ANY:
                    raise TreeInvalid(f"{child} has two parents")
                self._parent[child] = parent
        known = {ANY, *tree, *self._parent}
        if unfit := [name for name in known if _CODE.search(name)]:
            raise TreeInvalid(f"letters, digits, dot, dash and underscore only: {unfit}")
        self._known = {name.casefold(): name for name in known}
        self._paths = {name: self._walk(name) for name in known}

    def _walk(self, name: str) -> str:
        steps: list[str] = []
        while name != ANY:
            if name in steps:
                raise TreeInvalid(f"{name} is its own ancestor")
            steps.append(name)
            name = self._parent.get(name, ANY)
        return "".join(f"/{step}" for step in reversed(steps))

    def named(self, text: str) -> str:
        """The territory that `text` names: a node of the tree, a country by code or English name, else a leaf of its own."""
        text = text.strip()
        found = self._known.get(text.casefold()) or country_code(text)
        return found or _CODE.sub("-", text).strip("-") or ANY

    def derive(self, territory: str | None, country: str | None) -> str:
        """The territory as given, or else the customer's country, or else everywhere."""
        return self.named(territory or country or ANY)

    def path(self, territory: str) -> str:
        """`/EMEA/DACH/DE`; the root is the empty path."""
        return self._paths.get(territory, f"/{territory}")


def meet(one: str, other: str) -> bool:
    """Whether one of two paths lies within the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
