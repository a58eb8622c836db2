"""Why a file was not taken."""


class Refused(ValueError):
    """The text is a sentence for the person who sent it."""
