"""Settings of this service (`HANSA_REGISTRATION_…`)."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """What registration needs beyond what every service needs."""

    model_config = SettingsConfigDict(env_prefix="HANSA_REGISTRATION_", extra="ignore")

    max_body_bytes: int = Field(4_194_304, description="an import of 500 opportunities with many lines fits")
    expiry_interval_s: float = Field(5.0, description="how often protection that ran out is looked for")
