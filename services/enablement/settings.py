"""Settings of this service (`HANSA_ENABLEMENT_…`)."""

from pydantic_settings import SettingsConfigDict

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing beyond what every service needs: the rules are data of the programme, not settings."""

    model_config = SettingsConfigDict(env_prefix="HANSA_ENABLEMENT_", extra="ignore")
