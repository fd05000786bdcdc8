"""Errors a user can cause: each ends the run with one sentence and exit code 2."""


class TargetingError(Exception):
    """Base of every error that a user can cause; its text is the one sentence they read."""


class CampaignError(TargetingError):
    """The campaign file, or a setting given on the command line, cannot be used."""


class FeedError(TargetingError):
    """A transit feed cannot be used."""


class TractError(TargetingError):
    """The census table, its geometry or the population points cannot be used."""


class OutputError(TargetingError):
    """The plan cannot be written where it was asked for."""
