"""Settings of this service (`HANSA_NOTIFICATIONS_…`)."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.chassis.settings import ServiceSettings
from shared.chassis.vault import SealingKeys, SealingKeysFile, keys_in, keys_of


class Settings(ServiceSettings):
    """Signing secrets are sealed with `secret_keys` or, if that is empty, with the keys in `secret_keys_file`.

    A key is 32 bytes in URL-safe base64. The first seals, all open: put a new key in front to change keys.
    """

    model_config = SettingsConfigDict(env_prefix="HANSA_NOTIFICATIONS_", extra="ignore")

    secret_keys: SealingKeys = Field(SecretStr(""), description="keys that seal webhook secrets, comma separated, newest first")
    secret_keys_file: SealingKeysFile = Field(None, description="a file of such keys, one a line; made with a fresh key if it is not there")
    allow_private_targets: bool | None = Field(None, description="loopback and private addresses, and plain HTTP; overrules the programme")

    sends_fast: int = Field(512, ge=1, description="webhooks under way at once to receivers in good standing")
    sends_slow: int = Field(128, ge=1, description="… to receivers that fail or take long")
    sends_most: int = Field(1024, ge=1, description="… in all, whatever happens")
    sends_each: int = Field(16, ge=1, description="… to one endpoint")
    slow_after_s: float = Field(1.0, description="a send that takes longer makes its endpoint count as slow meanwhile")
    sender_poll_s: float = Field(0.5, description="how often due deliveries are looked for without being told")
    lease_margin_s: float = Field(15.0, description="added to an attempt's time limit: how long a sender owns a delivery")

    def keys(self) -> list[str]:
        """The keys that seal webhook secrets, newest first; none if none are set."""
        return keys_of(self.secret_keys) or (keys_in(self.secret_keys_file) if self.secret_keys_file else [])
