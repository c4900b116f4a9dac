"""Kafka's jars: pinned by version and SHA-256 in kafka-jars.lock, fetched by jgo, verified before each use."""

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("kafka-jars.lock")
_PINNED_FROM = ("org.apache.kafka:kafka_2.13:4.1.2", "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3")
_PARALLEL = 8
_TRIES = 3


class JarMismatch(RuntimeError):
    """A jar is not the file that was pinned; it is never put on the class path."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar: Maven coordinates (group:artifact:version) and the SHA-256 of the file."""

    coordinates: str
    sha256: str

    def path(self, cache: Path) -> Path:
        """Where the jar lies in the cache, in Maven's own layout."""
        group, artifact, version = self.coordinates.split(":")
        return cache.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.jar")


def cache_dir() -> Path:
    """The user's cache: $HANSA_CACHE, else ~/.cache/hansa (or what XDG_CACHE_HOME says)."""
    if chosen := os.environ.get("HANSA_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "hansa"


def pinned(lock: Path = LOCK) -> tuple[Jar, ...]:
    """The jars of the lock file, in class path order."""
    lines = (line.split() for line in lock.read_text().splitlines() if line and not line.startswith("#"))
    return tuple(Jar(coordinates, sha256) for coordinates, sha256 in lines)


def class_path(*, cache: Path | None = None, jars: tuple[Jar, ...] | None = None) -> str:
    """Every pinned jar, fetched where missing and verified. Raises JarMismatch, or ConnectionError when one cannot be had."""
    store = (cache or cache_dir()) / "jars"
    wanted = jars if jars is not None else pinned()
    try:
        with ThreadPoolExecutor(_PARALLEL) as pool:
            return os.pathsep.join(str(path) for path in pool.map(lambda jar: _ready(jar, store), wanted))
    finally:
        shutil.rmtree(_fresh(store), ignore_errors=True)


def _ready(jar: Jar, store: Path) -> Path:
    path = jar.path(store)
    if not (path.exists() and _sha256(path) == jar.sha256):  # missing, or cut short by a crash
        _fetch(jar, store)
    return path


def _fetch(jar: Jar, store: Path) -> None:
    """Download beside the store and move in whole, so that two at once and a crash leave no half jar."""
    fresh = _fresh(store)
    found = jar.path(fresh)
    found.unlink(missing_ok=True)
    _download(jar, fresh)
    if (actual := _sha256(found)) != jar.sha256:
        found.unlink()
        raise JarMismatch(f"{jar.coordinates} has SHA-256 {actual}, pinned is {jar.sha256}: it was not used.")
    target = jar.path(store)
    target.parent.mkdir(parents=True, exist_ok=True)
    found.replace(target)


def _fresh(store: Path) -> Path:
    return store.with_name(f"{store.name}.fetching.{os.getpid()}")


def _download(jar: Jar, into: Path) -> None:
    import requests
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=into, timeout=60)
    for attempt in range(1, _TRIES + 1):
        try:
            context.create_dependency(jar.coordinates).artifact.resolve()
        except (requests.RequestException, RuntimeError) as error:
            jar.path(into).unlink(missing_ok=True)
            if attempt == _TRIES:
                raise ConnectionError(f"{jar.coordinates} could not be fetched: {error}") from error
        else:
            return


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pin(lock: Path = LOCK) -> int:
    """Resolve Kafka's runtime dependencies anew and write the lock file; returns how many jars."""
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=cache_dir() / "resolving", timeout=60)
    kafka, logging = (context.create_dependency(coordinates) for coordinates in _PINNED_FROM)
    direct, transitive = context.resolver.resolve([kafka])
    # resolved apart: as an input of the same resolution, log4j's own BOM would pull kafka-clients down to 3.8
    artifacts = {str(each.artifact.component): each.artifact for each in [*direct, *transitive, logging]}
    lines = [f"{name} {_sha256(Path(artifacts[name].resolve()))}" for name in sorted(artifacts)]
    lock.write_text("# Apache Kafka and what it runs on: coordinates, SHA-256. Made by `just jars`.\n" + "\n".join(lines) + "\n")
    return len(lines)
