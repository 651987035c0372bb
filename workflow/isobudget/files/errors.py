"""The one exception a user is meant to read."""


class StudyError(Exception):
    """What was wrong, where, and what to do, as one sentence.

    Raised for anything a person can put right: a bad key, a foreign file, a missing
    engine. A stage that meets one prints the sentence without a traceback and exits 1.
    """
