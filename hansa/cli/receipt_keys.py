"""The public keys that verify receipts: from a file, an address, the system that runs here, or the service's own settings."""

import urllib.error
import urllib.request
from pathlib import Path
from typing import cast

import orjson
import typer

from hansa.cli.options import folder_of
from services.registration.domain.receipts.keys import KeyMalformed, PublicKeys, SigningKeys

_PATH = "registration/v1/receipts/keys"
_MOST = 1_000_000


def published(keys: str, data_dir: Path | None) -> PublicKeys:
    """The keys in the file or at the address `keys`, else those that the running one-machine system publishes. Raises RuntimeError."""
    source = keys or f"{_running(data_dir)}/{_PATH}"
    try:
        return PublicKeys.of_jwks(orjson.loads(_text(source)))
    except (ValueError, KeyMalformed) as error:
        raise RuntimeError(f"{source} holds no published keys: {error}.") from error


def own(data_dir: Path | None) -> PublicKeys:
    """The keys of the service's settings (HANSA_REGISTRATION_RECEIPT_KEYS, …_FILE), else of the data folder. Raises RuntimeError."""
    from hansa import catalogue
    from hansa.embedded import wiring
    from services.registration.settings import Settings
    from shared.chassis.vault import keys_in

    settings = cast("Settings", catalogue.settings_of("registration"))
    try:
        return SigningKeys(settings.signing_keys() or keys_in(wiring.receipt_keys(folder_of(data_dir)))).public
    except KeyMalformed as error:
        raise RuntimeError(f"the keys that sign receipts cannot be read: {error}.") from error


def _running(data_dir: Path | None) -> str:
    from hansa.embedded.record import running

    if (there := running(folder_of(data_dir))) is None:
        raise typer.BadParameter(f"name the published keys, a file or an address ({_PATH}).", param_hint="--keys")
    return there.address


def _text(source: str) -> bytes:
    if not source.startswith(("http://", "https://")):
        return Path(source).read_bytes()
    try:
        with urllib.request.urlopen(source, timeout=30) as answer:  # noqa: S310 - http or https alone, see above
            found: bytes = answer.read(_MOST)
            return found
    except urllib.error.URLError as error:
        raise RuntimeError(f"{source} cannot be read: {error.reason}.") from error
