"""Settings of commission, read from the environment as `HANSA_COMMISSION_…`."""

from pydantic_settings import SettingsConfigDict

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """What commission needs to know beyond what every service needs."""

    model_config = SettingsConfigDict(env_prefix="HANSA_COMMISSION_", extra="ignore")
