"""Errors a user can cause: each ends the run with one sentence and exit code 2."""

from targeting.plain_text import plain, shortened, without_passwords

LONGEST_SENTENCE = 2000


class TargetingError(Exception):
    """Base of every error that a user can cause; its text is the one sentence they read.

    The sentence may quote a file: it is cut where that makes it endless, and carries no control
    characters and no password of an address.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(shortened(without_passwords(plain(sentence)), LONGEST_SENTENCE))


class CampaignError(TargetingError):
    """The campaign file, or a setting given on the command line, cannot be used."""


class FeedError(TargetingError):
    """A transit feed cannot be used."""


class TractError(TargetingError):
    """The census table, its geometry or the population points cannot be used."""


class VenueError(TargetingError):
    """The file of venues cannot be used."""


class PostingsError(TargetingError):
    """The file of what the installers wrote down cannot be used."""


class OutputError(TargetingError):
    """A plan cannot be written where it was asked for, or a plan folder cannot be read."""


class UnsafeFileError(Exception):
    """A file is not opened, or read no further; its text says why, for whoever knows the file's name."""


class NoTextError(UnsafeFileError):
    """A file is no text at all but of a known format.

    Attributes
    ----------
    what : str
        What it is: "a GeoPackage".
    advice : str
        What to do, for those who want a table of text.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"is {what}; {advice}.")
        self.what, self.advice = what, advice


NOT_CACHED = 0


class FetchError(TargetingError):
    """Data could not be fetched, or what came was not what was asked for.

    Attributes
    ----------
    status : int or None
        HTTP status of the server's answer, where one came; `NOT_CACHED` where no server was asked, because
        everything should come from the cache.
    answer : str
        How the text of that answer begins: it may name the fault, as the Census API's pages do.
    unreached : str
        The host that could not be reached; empty where another fault ended the call.
    """

    def __init__(
        self, sentence: str, *, status: int | None = None, answer: str = "", unreached: str = ""
    ) -> None:
        super().__init__(sentence)
        self.status, self.answer, self.unreached = status, answer, unreached
