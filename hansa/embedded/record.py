"""What a running system writes down in its data folder, so that other commands find it."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from hansa.embedded import wiring
from hansa.embedded.processes import Identity


class AlreadyRunning(RuntimeError):
    """Another process holds the data folder."""


@dataclass(frozen=True, slots=True)
class Running:
    """A system that answers: where, and what a tool on this machine needs to reach its parts."""

    folder: str
    address: str
    pid: int
    started: float
    kafka: str
    admin_dsn: str
    password: str
    workers: dict[str, str]

    def token(self, role: str = "operator", *, partner_id: UUID | None = None, ttl: timedelta = timedelta(hours=12)) -> str:
        """A bearer token that the services accept."""
        from shared.chassis.identity.issuer import Issuer

        return Issuer(wiring.keys(Path(self.folder)), issuer=wiring.ISSUER).issue(role, partner_id=partner_id, ttl=ttl)

    def dsn(self, service: str, *, role: str = "worker") -> str:
        """libpq address of one service's database in one of its roles (api, worker, migrator)."""
        host = self.admin_dsn.rsplit("@", 1)[1].split("/", 1)[0]
        return f"postgresql://hansa_{service}_{role}:{self.password}@{host}/hansa_{service}"

    def write(self) -> None:
        """Put the record in its place in one step, readable by its owner alone: it holds passwords."""
        path = _path(Path(self.folder))
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self), indent=1))
        fresh.replace(path)


def _path(folder: Path) -> Path:
    return folder / "run.json"


def running(folder: Path) -> Running | None:
    """The system that runs on `folder`, or None. A record whose process has ended counts as none."""
    try:
        found = Running(**json.loads(_path(folder).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if Identity(found.pid, found.started).process() else None


def forget(folder: Path) -> None:
    """Remove the record: the system is going down."""
    _path(folder).unlink(missing_ok=True)


@contextlib.contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Hold the folder for as long as the block lasts. Raises AlreadyRunning at once when somebody else does."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            there = running(folder)
            where = f"at {there.address} (process {there.pid})" if there else "and is just starting or stopping"
            raise AlreadyRunning(f"Hansa already runs on {folder} {where}. Stop it, or name another --data-dir.") from None
        yield
    finally:
        os.close(handle)
