"""A part of the crowd that does everything at once: what its parts share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.registration.multitude import Multitude


class Part:
    """Some of the crowd, in its world and at its random."""

    def __init__(self, crowd: "Multitude") -> None:
        self.crowd = crowd
        self.world = crowd.world
        self.random = crowd.random
