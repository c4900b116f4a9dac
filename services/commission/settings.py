"""Settings of commission, read from the environment as `HANSA_COMMISSION_…`."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.chassis.settings import ServiceSettings
from shared.chassis.vault import SealingKeys, SealingKeysFile, keys_in, keys_of


class Settings(ServiceSettings):
    """Bank accounts are sealed with `secret_keys` or, if that is empty, with the keys in `secret_keys_file`.

    A key is 32 bytes in URL-safe base64. The first seals, all open: put a new key in front to change keys.
    """

    model_config = SettingsConfigDict(env_prefix="HANSA_COMMISSION_", extra="ignore")

    self_check_days: int = Field(30, ge=0, le=365, description="within so many days every partner's ledger is replayed once; 0: never")
    secret_keys: SealingKeys = Field(SecretStr(""), description="keys that seal bank accounts, comma separated, newest first")
    secret_keys_file: SealingKeysFile = Field(
        None, description="a file with such keys, one a line; made with a fresh key if it is not there"
    )

    def keys(self) -> list[str]:
        """The keys that seal bank accounts, newest first; none if none are set."""
        return keys_of(self.secret_keys) or (keys_in(self.secret_keys_file) if self.secret_keys_file else [])
