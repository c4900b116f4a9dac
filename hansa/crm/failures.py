"""Why an import cannot be done, or not to its end; each message is a sentence that says what to do."""


class ImportFailed(Exception):
    """What stands in the way."""


class MappingInvalid(ImportFailed):
    """The mapping file cannot be used."""


class ExportInvalid(ImportFailed):
    """The export cannot be read at all."""


class RejectsUnwritable(ImportFailed):
    """The file of rejects could not be written when the import is done."""


class NotHeardOf(ImportFailed):
    """Registration did not learn of new partners in time: its worker may not be running."""


class NotCaughtUp(ImportFailed):
    """Commission did not take in every win in time: its worker may not be running."""
