"""Settings of this service (`HANSA_PARTNERS_…`)."""

from pydantic_settings import SettingsConfigDict

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing beyond what every service needs."""

    model_config = SettingsConfigDict(env_prefix="HANSA_PARTNERS_", extra="ignore")
