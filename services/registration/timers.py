"""Which due times lead to which use case."""

from services.registration.use_cases.expire import expire_due
from services.registration.use_cases.receipts.check import ReceiptCheck
from shared.chassis.timers import Timer


def timers(*, every_s: float, receipts: ReceiptCheck, receipts_every_s: float) -> tuple[Timer, ...]:
    """Protections run out by themselves; the receipts are checked all the time."""
    return (
        Timer("expire protection", every_s, expire_due),
        Timer("check receipts", receipts_every_s, receipts),
    )
