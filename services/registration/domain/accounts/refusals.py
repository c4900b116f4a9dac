"""Why a change of accounts is refused: for staff to read, since no partner changes accounts."""

from shared.chassis.errors import Refused


class SameAccount(Refused):
    code = "account_same"
    status = 422
    sentence = "An account cannot be merged with itself, or be its own parent."


class AccountMerged(Refused):
    code = "account_merged"
    sentence = "This account was merged into {successor}."


class MergeCollides(Refused):
    code = "merge_collides"
    sentence = "Deals of both accounts are protected for the same products and territory: {deals}. Say which keeps its protection (keep)."


class MergeClosesRing(Refused):
    code = "merge_closes_ring"
    sentence = "A third company belongs to one of the two accounts and owns the other. End the link that is wrong, then merge."


class IdentifierTaken(Refused):
    code = "identifier_taken"
    sentence = "{identifier} names account {holder} already. Merge the two, or split it off there first."


class IdentifierElsewhere(Refused):
    code = "identifier_elsewhere"
    status = 422
    sentence = "{identifier} is not an identifier of this account."


class NothingNew(Refused):
    code = "identifier_nothing_new"
    status = 422
    sentence = "What you gave identifies nobody, or this account has it already."


class DealElsewhere(Refused):
    code = "deal_elsewhere"
    status = 422
    sentence = "Deal {deal} is not on this account."


class LinkElsewhere(Refused):
    code = "link_elsewhere"
    status = 422
    sentence = "Link {link} is not one of this account."


class SplitEmpty(Refused):
    code = "split_empty"
    status = 422
    sentence = "Name at least one identifier that goes to the new account, and leave this one at least one."


class NotMergedHere(Refused):
    code = "account_not_merged_here"
    status = 422
    sentence = "Account {account} was not merged into this one."


class LinkCycle(Refused):
    code = "link_cycle"
    sentence = "The parent belongs to the child already: companies cannot own each other in a ring."


class ReviewDecided(Refused):
    code = "review_decided"
    sentence = "This review is decided: {state}."


class ReviewNeedsAccount(Refused):
    code = "review_needs_account"
    status = 422
    sentence = "Name the account (account_id) among those that the review shows: {accounts}."
