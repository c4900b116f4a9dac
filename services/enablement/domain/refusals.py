"""What the service says no to, in sentences that a partner could read."""

from shared.chassis.errors import Refused


class CourseUnknown(Refused):
    code = "course_unknown"
    status = 404
    sentence = "There is no course {course}; the list of courses shows those that exist."


class PartnerUnknown(Refused):
    code = "partner_unknown"
    status = 409
    sentence = "This partner is not known here yet: if it was activated just now, try again in a moment."


class PartnerNotActive(Refused):
    code = "partner_not_active"
    status = 409
    sentence = "The partner is {standing}, so its people cannot be enrolled or certified."


class PartnerMissing(Refused):
    code = "partner_missing"
    status = 422
    sentence = "Name the partner that the person works for (partner_id)."


class PrerequisiteMissing(Refused):
    code = "prerequisite_missing"
    status = 409
    sentence = "The course {course} requires {missing} first."


class AlreadyEnrolled(Refused):
    code = "already_enrolled"
    status = 409
    sentence = "This person is enrolled in the course {course} already and has not completed it."


class NotEnrolled(Refused):
    code = "not_enrolled"
    status = 409
    sentence = "This person is not enrolled in the course {course}."


class AlreadyCompleted(Refused):
    code = "already_completed"
    status = 409
    sentence = "This person has completed the course {course}; to take it again, enrol again."


class NotCompleted(Refused):
    code = "not_completed"
    status = 409
    sentence = "A certificate needs the completed course {course} first."


class AlreadyCertified(Refused):
    code = "already_certified"
    status = 409
    sentence = "This completion of the course {course} has its certificate; to renew it, take the course again."


class InstantRefused(Refused):
    code = "instant_refused"
    status = 422
    sentence = "The {what} cannot lie {where}."
