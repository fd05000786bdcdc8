"""The legal basis of language access: thresholds and wording, from a data file with a date.

The law changes without regard to releases of this program, so that nothing of it stands in code:
`legal_basis.toml` says what held on which day, and every output says that day.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class SafeHarbor:
    """The Safe Harbor test of a language group.

    Attributes
    ----------
    people : float
        Persons that are enough by themselves.
    share : float
        Of the population served, that is enough.
    rule, meaning, citation : str
        The test in words, what passing it means, and where it stands.
    """

    people: float
    share: float
    rule: str
    meaning: str
    citation: str

    def threshold(self, population: float) -> float:
        """Return how many LEP persons of a language pass the test in a population of so many."""
        return min(self.people, self.share * population)


@dataclass(frozen=True)
class Standing:
    """A law or guideline that stands."""

    name: str
    citation: str
    status: str
    text: str


@dataclass(frozen=True)
class Changed:
    """What no longer stands, since when and by what."""

    name: str
    status: str
    date: date
    by: str
    text: str


@dataclass(frozen=True)
class LegalBasis:
    """What held on the day `as_of`."""

    as_of: date
    safe_harbor: SafeHarbor
    standing: tuple[Standing, ...]
    changed: tuple[Changed, ...]


@cache
def legal_basis() -> LegalBasis:
    """Return what the data file says."""
    with files("targeting").joinpath("legal_basis.toml").open("rb") as stream:
        found = tomllib.load(stream)
    return LegalBasis(
        as_of=found["as_of"],
        safe_harbor=SafeHarbor(**found["safe_harbor"]),
        standing=tuple(Standing(**each) for each in found["standing"]),
        changed=tuple(Changed(**each) for each in found["changed"]),
    )
