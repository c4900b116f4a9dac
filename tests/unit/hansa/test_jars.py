"""Kafka's jars are used only when they are, to the byte, what was pinned."""

import hashlib
import os
from pathlib import Path

import pytest

from hansa.embedded import jars
from hansa.embedded.jars import Jar, JarMismatch

_CONTENT = b"not really a jar"
_JAR = Jar("org.example:thing:1.0", hashlib.sha256(_CONTENT).hexdigest())


def _put(jar: Jar, cache: Path, content: bytes) -> Path:
    path = jar.path(cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_lock_when_read_then_every_jar_has_a_version_and_a_sha256() -> None:
    pinned = jars.pinned()
    assert any(jar.coordinates.startswith("org.apache.kafka:kafka_2.13:4.1.") for jar in pinned)
    assert all(jar.coordinates.count(":") == 2 and len(jar.sha256) == 64 for jar in pinned)


def test_lock_when_read_then_all_of_kafka_is_of_one_version() -> None:
    versions = {jar.coordinates.split(":")[2] for jar in jars.pinned() if jar.coordinates.startswith("org.apache.kafka:")}
    assert len(versions) == 1


def test_class_path_when_the_jar_is_cached_then_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_download", lambda *_: pytest.fail("fetched"))
    path = _put(_JAR, tmp_path / "jars", _CONTENT)
    assert jars.class_path(cache=tmp_path, jars=(_JAR,)) == str(path)


def test_class_path_when_the_cached_jar_was_cut_short_then_it_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_download", lambda jar, into: _put(jar, into, _CONTENT))
    path = _put(_JAR, tmp_path / "jars", _CONTENT[:4])
    jars.class_path(cache=tmp_path, jars=(_JAR,))
    assert path.read_bytes() == _CONTENT


def test_class_path_when_the_fetched_jar_is_another_then_it_is_refused_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "_download", lambda jar, into: _put(jar, into, b"something else"))
    with pytest.raises(JarMismatch, match="thing"):
        jars.class_path(cache=tmp_path, jars=(_JAR,))
    assert not _JAR.path(tmp_path / "jars").exists()


def test_cache_when_named_by_the_environment_then_it_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(os.environ, "HANSA_CACHE", str(tmp_path))
    assert jars.cache_dir() == tmp_path
