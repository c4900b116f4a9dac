"""What to do about each refusal of the intake, in words for whoever looks after the sales system's connection."""

from collections.abc import Mapping

GENERAL = "Read the message, correct the row and send it again."

FIXES: Mapping[str, str] = {
    "row_invalid": "The row is not of the form that the schema describes: correct the field that the message names.",
    # who and which account
    "partner_unknown": "Enter the partner and activate it, or correct partner_id (and the credits); then retry.",
    "partner_inactive": "The partner is suspended or has left: reinstate it and retry, give the opportunity to another, or drop it.",
    "partner_changed": "Decide who keeps the deal. For the new partner: reopen the former partner's deal if it is closed, withdraw it, "
    "and retry. For the former one: put its partner_id back. `on_owner_change: follow` lets open deals follow by themselves.",
    "account_name_missing": "Give the customer's legal name in account_name.",
    "account_ambiguous": "The customer's names belong to more than one account: settle the review (GET reviews), or take the wrong name "
    "out of the row; then retry.",
    "account_taken": "Another registration holds this account. Let it end, or have a channel manager decide; then retry, or drop the row.",
    "families_missing": "Name at least one product family.",
    "registered_in_future": "engaged_at lies ahead: correct it, or retry once it has come.",
    # versions and origins
    "opportunity_conflict": "The source sent two contents under one version: send the right one again with a higher source_version, or "
    "drop this one if what is on record is right.",
    "origin_unknown": "The row says that Hansa made this change, and it did not: take the origin out if a person changed the opportunity.",
    # how it closed
    "closed_at_missing": "Give the date of the close in closed_at.",
    "close_before_registration": "The close lies before engaged_at: correct whichever is wrong.",
    "close_in_future": "closed_at lies ahead: correct it, or retry once it has come.",
    "deal_not_open": "The deal was withdrawn in Hansa: have it registered anew, or drop the row.",
    "credit_held_by_rival": "Protection had ended and another partner holds the account: a channel manager closes the deal with "
    "credit_decided, or drops the row.",
    "credit_expired": "Protection had ended, and the programme gives no credit after that: a channel manager closes the deal with "
    "credit_decided, or drops the row.",
    "credit_review": "Protection had ended: a channel manager closes the deal with credit_decided, or drops the row.",
    # what was sold
    "amount_missing": "A win needs an amount or lines.",
    "amount_invalid": "Write amounts as digits with a point, such as 1054.00.",
    "amount_precision": "Give no more decimals than the currency has.",
    "amount_negative": "Amounts cannot be negative: send what was sold, and book what went back as a refund.",
    "currency_unknown": "Give the currency as its code of ISO 4217, such as EUR.",
    "lines_invalid": "Correct the lines: the message says what is wrong with them.",
    "splits_not_one": "The shares of the credits must be above zero and total exactly 1.",
    "beneficiary_twice": "Name each partner once among the credits.",
    "amend_below_refunds": "More was refunded than the new amount covers: correct the amount, or the refunds.",
}
"""By code. A test holds it complete over what the intake can answer."""


def fix_of(code: str) -> str:
    """The suggestion for a code."""
    return FIXES.get(code, GENERAL)
