"""Which due times lead to which use case."""

from services.enablement.use_cases.expire_certificates import expire_certificates
from shared.chassis.timers import Timer


def timers(*, every_s: float) -> tuple[Timer, ...]:
    """Certificates run out by themselves."""
    return (Timer(name="expire-certificates", every_s=every_s, run=expire_certificates),)
