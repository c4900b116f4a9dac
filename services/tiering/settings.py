"""Settings of tiering, read from the environment as `HANSA_TIERING_…`."""

from pydantic_settings import SettingsConfigDict

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """What tiering needs to know beyond what every service needs."""

    model_config = SettingsConfigDict(env_prefix="HANSA_TIERING_", extra="ignore")
