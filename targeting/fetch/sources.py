"""Where public data comes from, and what a fetched file is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sources:
    """Addresses that data is fetched from.

    Attributes
    ----------
    api : str
        The Census Data API; `{api}/{year}/acs/acs5`.
    census : str
        The Census Bureau's files: `{census}/programs-surveys/acs/summary_file/…`, `{census}/geo/tiger/…`.
    catalogue : str
        The Mobility Database's list of feeds.
    """

    api: str = "https://api.census.gov/data"
    census: str = "https://www2.census.gov"
    catalogue: str = "https://files.mobilitydatabase.org/feeds_v2.csv"


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched or made from fetched ones.

    Attributes
    ----------
    path : Path
    what : str
        In words: "ACS 2019-2023 table C16001 by tract".
    url : str
        Where it came from, without any key.
    sha256 : str
        Of the file at `path`.
    licence : str
        The terms it comes under, as the source states them.
    """

    path: Path
    what: str
    url: str
    sha256: str
    licence: str = ""
