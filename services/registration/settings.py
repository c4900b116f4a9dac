"""Settings of this service (`HANSA_REGISTRATION_…`)."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.registration.domain.receipts.keys import check_keys
from shared.chassis.settings import ServiceSettings
from shared.chassis.vault import keys_in, keys_of


def _well_formed(text: SecretStr) -> SecretStr:
    if keys := keys_of(text):
        check_keys(keys)
    return text


def _well_formed_in(path: Path | None) -> Path | None:
    if path is not None and path.exists():
        check_keys(keys_in(path))
    return path


class Settings(ServiceSettings):
    """What registration needs beyond what every service needs.

    Receipts are signed with `receipt_keys` or, if that is empty, with the keys in `receipt_keys_file`: Ed25519 private keys, 32 bytes in
    URL-safe base64. The first signs, all verify: put a new key in front to change keys; `public:…` keeps a retired key's public half.
    """

    model_config = SettingsConfigDict(env_prefix="HANSA_REGISTRATION_", extra="ignore")

    max_body_bytes: int = Field(4_194_304, description="an import of 500 opportunities with many lines fits")
    expiry_interval_s: float = Field(5.0, description="how often protection that ran out is looked for")
    receipt_keys: Annotated[SecretStr, AfterValidator(_well_formed)] = Field(
        SecretStr(""), description="keys that sign receipts, comma separated, newest first"
    )
    receipt_keys_file: Annotated[Path | None, AfterValidator(_well_formed_in)] = Field(
        None, description="a file with such keys, one a line; made with a fresh key if it is not there"
    )
    receipt_check_interval_s: float = Field(10.0, description="how often a stretch of the receipts is checked, round after round")
    receipt_check_size: int = Field(500, ge=1, description="receipts in one stretch; 500 take a tenth of a second")

    def signing_keys(self) -> list[str]:
        """The keys that sign receipts, newest first; none if none are set."""
        return keys_of(self.receipt_keys) or (keys_in(self.receipt_keys_file) if self.receipt_keys_file else [])
