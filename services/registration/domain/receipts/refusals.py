"""Why registration may not hand a receipt out."""

from shared.chassis.errors import Refused


class ReceiptInDoubt(Refused):
    """What is stored is not what was signed: nobody signs it anew."""

    code = "receipt_in_doubt"
    status = 409
    sentence = "What is kept of this receipt does not follow from the signed chain. The vendor's operators must look at it."
