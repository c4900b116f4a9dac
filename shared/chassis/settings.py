"""Settings of a service: read from the environment under the service's own prefix, nowhere else."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_DRIVER = "postgresql+asyncpg"


def _workable(url: str) -> str:
    """An address that could work, or none. Raises ValueError, without the address: it holds a password."""
    if url:
        try:
            parts = make_url(url)
        except (ArgumentError, ValueError):
            parts = None
        if parts is None or parts.drivername != _DRIVER or not parts.database or not (parts.host or "host" in parts.query):
            raise ValueError(f"this is no address of a database: write {_DRIVER}://user:password@host:port/database")
    return url


DatabaseUrl = Annotated[str, AfterValidator(_workable)]


class ServiceSettings(BaseSettings):
    """What every service needs to know of its surroundings; a service subclasses it and adds its own.

    A subclass sets `model_config = SettingsConfigDict(env_prefix="HANSA_REGISTRATION_")`.
    Database addresses are SQLAlchemy URLs (`postgresql+asyncpg://…`), one per role, all of the same database.
    """

    model_config = SettingsConfigDict(env_prefix="HANSA_", extra="ignore")

    programme: str = Field("programme.yaml", description="the partner programme that becomes version 1 of the policies")

    migrator_url: DatabaseUrl = ""
    worker_url: DatabaseUrl = ""
    api_url: DatabaseUrl = ""
    worker_pool: int = Field(4, ge=2, description="connections of the worker; relay, timers and listeners use one more each")
    api_pool: int = Field(8, ge=1)
    lock_timeout_ms: int = 5_000
    statement_timeout_ms: int = 30_000

    kafka: str = Field("127.0.0.1:9092", description="bootstrap servers, comma separated")
    topic_prefix: str = Field("", description="put before every topic and group, to share one cluster")
    batch_records: int = Field(2_000, description="the most records of one transaction or, of a large batch, of two side by side")
    batch_timeout_ms: int = 10
    session_timeout_ms: int = 10_000
    max_poll_interval_ms: int = 300_000
    retry_budget_s: float = Field(60.0, description="how long one batch is retried on passing faults before it is handed back")
    park_limit: int = Field(100, description="parked events within the window before the consumer pauses")
    park_share: float = Field(0.5, description="share of handled events parked within the window before it pauses")
    park_window_s: float = 300.0
    relay_poll_s: float = 0.5
    outbox_keep_hours: float = 72.0
    timer_interval_s: float = 5.0

    issuer: str = Field("", description="OIDC issuer of accepted tokens (`iss`)")
    audience: str = "hansa"
    jwks_url: str = Field("", description="where the issuer's public keys are; empty: <issuer>/.well-known/jwks.json")
    jwks_file: str = Field("", description="a local key set instead of the URL (the one-machine runtime)")
    max_body_bytes: int = 1_048_576

    otlp_endpoint: str = Field("", description="OTLP/HTTP collector, e.g. http://127.0.0.1:4318; empty: no export")
    log_level: str = "INFO"
    fail_points: str = Field("", description="tests only: where the process kills itself, e.g. relay.sent:3")
