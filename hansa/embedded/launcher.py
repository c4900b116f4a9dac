"""Turning into a server program: as `nobody` where it refuses root (PostgreSQL does), and on a leash where it must not outlive us."""

import os
import pwd
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Runner:
    """How to run a server. `uid` None: as ourselves. `leash`: the signal it gets when the thread that started it ends."""

    uid: int | None = None
    gid: int = 0
    search: bool = False
    leash: signal.Signals | None = None

    def command(self, command: Sequence[str]) -> list[str]:
        """`command`, prefixed by the little launcher below where something must change before it runs."""
        if self.uid is None and self.leash is None:
            return list(command)
        user = "-" if self.uid is None else f"{self.uid}:{self.gid}"
        leash = "-" if self.leash is None else f"{os.getpid()}:{int(self.leash)}"
        return [sys.executable, "-I", __file__, user, "search" if self.search else "-", leash, *command]

    def own(self, *paths: Path) -> None:
        """Hand the paths (not their contents: those are the server's already) to the user."""
        for path in paths:
            if self.uid is not None and path.stat().st_uid != self.uid:
                os.chown(path, self.uid, self.gid)


def never_root(*paths: Path, leash: signal.Signals | None = None) -> Runner:
    """As ourselves, unless we are root; then as `nobody`, with leave to pass through folders where a path is root's own."""
    if os.geteuid() != 0:
        return Runner(leash=leash)
    nobody = pwd.getpwnam("nobody")
    return Runner(nobody.pw_uid, nobody.pw_gid, search=not all(_open_to_all(path.resolve()) for path in paths), leash=leash)


def _open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _launch(user: str, search: str, leash: str, *command: str) -> None:
    """Change what must change, and turn into `command`. `leash` is the starter's process id and the signal; "-" stands for no change."""
    if user != "-":
        uid, _, gid = user.partition(":")
        _become(int(uid), int(gid), search=search != "-")
    if leash != "-":
        starter, _, number = leash.partition(":")
        _prctl(_PR_SET_PDEATHSIG, int(number))  # after the change of user, which would undo it
        if os.getppid() != int(starter):
            sys.exit("the starter has already ended")
    os.execv(command[0], command)


def _become(uid: int, gid: int, *, search: bool) -> None:
    """Become the user for good, keeping at most the right to pass through folders."""
    if search:
        # capabilities outlast the change of user, and access(2), by which the server's programs look for each other, counts them
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if search:
        _keep_only(_CAP_DAC_OVERRIDE)


_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP = 28, 4
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE = 1  # DAC_READ_SEARCH would be enough, but containers seldom have it
_CAPABILITY_VERSION_3 = 0x20080522


def _keep_only(capability: int) -> None:
    """Drop every capability but one, and let that one pass through exec (an ambient capability, Linux 4.3)."""
    import ctypes

    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; then the high halves
    if ctypes.CDLL(None, use_errno=True).capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def _prctl(option: int, *values: int) -> None:
    import ctypes

    arguments = [ctypes.c_ulong(value) for value in (*values, *[0] * (4 - len(values)))]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *arguments) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    _launch(*sys.argv[1:])
