"""Rules for versions of the plan while they are written, apart from what makes a version valid."""

from services.commission.domain.brackets import Fault
from shared.chassis.errors import Refused


class DraftActivated(Refused):
    code = "draft_activated"
    sentence = "This draft is version {number} of the plan by now, and versions are never edited: begin another draft."


ONE_VERSION = Fault("draft_one_version", "versions")
"""A draft is one version, so that who activates it names its day, and its reason, for that version alone."""
