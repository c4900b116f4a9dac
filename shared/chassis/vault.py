"""Sealing of secrets: what the database holds opens nothing without the service's own key."""

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import AfterValidator, SecretStr

from shared.chassis.errors import Refused

_OWNER_ONLY = 0o600


class VaultClosed(Refused):
    """There is no key, or not the one that sealed it: an operator must put the right ones in the settings."""

    code = "sealing_key_missing"
    status = 409
    sentence = "What is kept sealed cannot be written or read: {why}."


class Vault:
    """Seals with the first key and opens with any, so that keys can be changed without a gap. `keys` is read at first use."""

    def __init__(self, keys: Callable[[], Sequence[str]]) -> None:
        self._keys = keys

    @cached_property
    def _fernet(self) -> MultiFernet:
        keys = self._keys()
        if not keys:
            raise VaultClosed(why="no key is set (secret_keys or secret_keys_file)")
        try:
            return _opener(keys)
        except ValueError as error:
            raise VaultClosed(why=str(error)) from error

    def check(self) -> None:
        """Raises VaultClosed if nothing can be sealed."""
        _ = self._fernet

    def seal(self, text: str) -> bytes:
        """Encrypt and authenticate. Raises VaultClosed."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """The inverse of `seal`. Raises VaultClosed."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise VaultClosed(why="it was sealed with another key") from error


def _opener(keys: Sequence[str]) -> MultiFernet:
    """Raises ValueError, without the key."""
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ValueError("a key is not 32 bytes in URL-safe base64") from None


def keys_of(text: SecretStr) -> list[str]:
    """The keys in a setting, comma separated, newest first."""
    return [key.strip() for key in text.get_secret_value().split(",") if key.strip()]


def _well_formed(text: SecretStr) -> SecretStr:
    if keys := keys_of(text):
        _opener(keys)
    return text


def _well_formed_in(path: Path | None) -> Path | None:
    if path is not None and path.exists():
        if not (keys := keys_in(path)):
            raise ValueError("the file holds no key")
        _opener(keys)
    return path


SealingKeys = Annotated[SecretStr, AfterValidator(_well_formed)]
"""A setting that holds keys: a malformed one is refused when the process starts, not when something is to be sealed."""

SealingKeysFile = Annotated[Path | None, AfterValidator(_well_formed_in)]
"""A setting that names a file of keys, which may not be there yet."""


def keys_in(path: Path) -> list[str]:
    """The keys in a file, one a line, newest first; a file that is not there yet is made with one fresh key, for its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "w") as file:  # noqa: PTH123 - the mode from the start
            file.write(Fernet.generate_key().decode() + "\n")
        try:
            os.link(draft, path)  # whole or not at all, and never over a file that another process just made
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]
