"""Errors a user can cause: each ends the run with one sentence and exit code 2."""


class TargetingError(Exception):
    """Base of every error that a user can cause; its text is the one sentence they read."""


class CampaignError(TargetingError):
    """The campaign file, or a setting given on the command line, cannot be used."""


class FeedError(TargetingError):
    """A transit feed cannot be used."""


class TractError(TargetingError):
    """The census table, its geometry or the population points cannot be used."""


class VenueError(TargetingError):
    """The file of venues cannot be used."""


class OutputError(TargetingError):
    """A plan cannot be written where it was asked for, or a plan folder cannot be read."""


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
    """

    def __init__(self, sentence: str, *, status: int | None = None, answer: str = "") -> None:
        super().__init__(sentence)
        self.status, self.answer = status, answer
