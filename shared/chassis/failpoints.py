"""Places where a test may have the process kill itself, to prove that nothing is lost just there."""

import os
import signal


class FailPoints:
    """Reads "relay.sent:3,consumer.committed:1": at the third hit of `relay.sent` the process dies by SIGKILL."""

    def __init__(self, text: str = "") -> None:
        pairs = (entry.split(":") for entry in text.split(",") if entry)
        self._left = {name: int(count) for name, count in pairs}

    def hit(self, name: str) -> None:
        """Count one pass; die when its number is up."""
        if name not in self._left:
            return
        self._left[name] -= 1
        if self._left[name] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
