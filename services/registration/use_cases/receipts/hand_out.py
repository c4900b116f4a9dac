"""Hand a receipt out with a signature of its own, also where one signature was made for a whole run."""

from services.registration.domain.receipts.keys import PublicKeys
from services.registration.domain.receipts.links import Place, check_links
from services.registration.domain.receipts.receipt import instant, seal, signed_text
from services.registration.domain.receipts.refusals import ReceiptInDoubt
from services.registration.store import receipts
from services.registration.store.receipts import Receipt, Signature
from services.registration.use_cases.receipts.signing import Signer
from shared.chassis.database import UnitOfWork

_LONGEST_RUN = 100_000  # far above what one transaction registers


async def signature_of(uow: UnitOfWork, receipt: Receipt, signer: Signer) -> Signature:
    """The stored signature, else a fresh one for what the next stored one covers. Raises ReceiptInDoubt."""
    if receipt.signature is not None and receipt.key_id is not None:
        return Signature(receipt.link.sequence, receipt.key_id, receipt.signature)
    if not (_is_sealed(receipt) and await _is_covered(uow, receipt, signer.public)):
        raise ReceiptInDoubt
    keys = signer.keys
    return Signature(receipt.link.sequence, keys.key_id, keys.sign(signed_text(receipt.link.hash)))


def _is_sealed(receipt: Receipt) -> bool:
    told, salt = instant(receipt.received_at), receipt.salt.hex()
    return seal(receipt.content, received_at=told, salt=salt) == receipt.link.content_hash


async def _is_covered(uow: UnitOfWork, receipt: Receipt, keys: PublicKeys) -> bool:
    """Whether an unbroken run of links leads from the receipt to one that is signed."""
    link = receipt.link
    end = await receipts.signature_from(uow, link.sequence)
    if end is None:
        return False
    run = await receipts.links(uow, link.sequence, end.sequence, limit=_LONGEST_RUN)
    if not run or run[0] != link or run[-1].sequence != end.sequence:
        return False
    unbroken = not list(check_links(run, start=Place(link.sequence - 1, link.previous_hash)))
    return unbroken and keys.verify(end.key_id, end.signature, signed_text(run[-1].hash))
