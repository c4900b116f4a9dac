"""Why a conflict, a decision or a rule-change proposal is refused."""

from shared.chassis.errors import Refused


class ConflictOpen(Refused):
    code = "conflict_open"
    sentence = "There is a conflict about this already, and it is not closed yet."


class ConflictClosed(Refused):
    code = "conflict_closed"
    sentence = "This conflict is closed."


class ConflictDecided(Refused):
    code = "conflict_decided"
    sentence = "This conflict is already decided."


class StepOutOfOrder(Refused):
    code = "conflict_step_order"
    sentence = "The steps of a conflict go in their order, and the next one is: {step}."


class SideKnown(Refused):
    code = "conflict_side_known"
    sentence = "This deal is part of the conflict already."


class DealNotConcerned(Refused):
    code = "deal_not_concerned"
    status = 422
    sentence = "This deal is no part of the conflict."


class NotASide(Refused):
    code = "not_a_side"
    status = 422
    sentence = "A decision is between the sides of the conflict: add {partner} to them first."


class RulingInvalid(Refused):
    code = "ruling_invalid"
    status = 422
    sentence = "The decision is not right: {reason}."


class ClauseUnknown(Refused):
    code = "clause_unknown"
    status = 422
    sentence = "Version {version} of the policy has no clause {path}."


class CreditDecided(Refused):
    code = "credit_settled"
    sentence = "Who is credited for this deal was decided; another decision can change it, and nothing else."


class NamesOtherSide(Refused):
    code = "names_other_side"
    status = 422
    sentence = "These words go to one side and name another or its deal. Leave that out."


class LetterMissing(Refused):
    code = "letter_missing"
    status = 404
    sentence = "There is no letter yet: the decision has not been communicated."


class TerritoryNotAllowed(Refused):
    code = "territory_not_allowed"
    status = 403
    sentence = "Your programme does not cover the territory {territory}."


class RuleInvalid(Refused):
    code = "rule_invalid"
    status = 422
    sentence = "The rules would not be valid with this change: {reason}."


class ProposalSettled(Refused):
    code = "proposal_settled"
    sentence = "This proposal was settled before: it is {state}."


class SamePerson(Refused):
    code = "proposal_same_person"
    status = 403
    sentence = "Somebody else than who proposed a rule has to switch it on."


class RuleStartsInPast(Refused):
    code = "rule_starts_in_past"
    status = 422
    sentence = "A rule can be switched on from now on, not from an earlier day."


class RuleNotTriable(Refused):
    code = "rule_not_triable"
    status = 422
    sentence = "A change of {rule} cannot be tried over history: {reason}."


class TrialTooLarge(Refused):
    code = "trial_too_large"
    status = 422
    sentence = "The period holds more than {limit} deals. Choose a shorter one."
