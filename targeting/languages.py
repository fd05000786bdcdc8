"""Poster languages and the census groups that hold them.

Table C16001 counts twelve *groups*. Six of them are one language (Spanish, Korean, Chinese,
Vietnamese, Tagalog, Arabic). Three are a few languages with a leading one (Russian, Polish, or
other Slavic). Three are leftovers that no poster can be printed in. A poster language is measured
by its group: where that is more than the language itself, every output says so.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Literal

from targeting.errors import CampaignError

Kind = Literal["language", "cluster", "leftover"]


@dataclass(frozen=True)
class Group:
    """One language group of ACS table C16001.

    Attributes
    ----------
    key : str
    name : str
        The Census Bureau's name.
    first_line : int
        Line of all its speakers (3 for Spanish); the LEP line is two further.
    kind : {"language", "cluster", "leftover"}
    leading : str
        Tag of the language that the group is chiefly made of; empty for a leftover.
    """

    key: str
    name: str
    first_line: int
    kind: Kind
    leading: str


@dataclass(frozen=True)
class Language:
    """A language that a poster is printed in.

    Attributes
    ----------
    tag : str
        BCP 47.
    english_name, own_name : str
    group : Group
        The census group that counts its speakers.
    """

    tag: str
    english_name: str
    own_name: str
    group: Group

    @property
    def measured_as(self) -> str:
        """What the figures really count: the language's name, or its group's."""
        alone = self.group.kind == "language" and self.tag == self.group.leading
        return self.english_name if alone else self.group.name


_GROUPS: list[tuple[str, str, Kind, str]] = [
    ("spanish", "Spanish", "language", "es"),
    ("french", "French, Haitian, or Cajun", "cluster", "fr"),
    ("german", "German or other West Germanic languages", "cluster", "de"),
    ("slavic", "Russian, Polish, or other Slavic languages", "cluster", "ru"),
    ("other_indo_european", "Other Indo-European languages", "leftover", ""),
    ("korean", "Korean", "language", "ko"),
    ("chinese", "Chinese (incl. Mandarin, Cantonese)", "language", "zh"),
    ("vietnamese", "Vietnamese", "language", "vi"),
    ("tagalog", "Tagalog (incl. Filipino)", "language", "tl"),
    ("other_asian_pacific", "Other Asian and Pacific Island languages", "leftover", ""),
    ("arabic", "Arabic", "language", "ar"),
    ("other", "Other and unspecified languages", "leftover", ""),
]
GROUPS: dict[str, Group] = {
    key: Group(key, name, 3 + 3 * position, kind, leading)
    for position, (key, name, kind, leading) in enumerate(_GROUPS)
}


@cache
def catalogue() -> dict[str, Language]:
    """Return every known poster language by its tag."""
    text = files("targeting").joinpath("languages.csv").read_text(encoding="utf-8")
    return {
        row["tag"]: Language(row["tag"], row["english_name"], row["own_name"], GROUPS[row["group"]])
        for row in csv.DictReader(text.splitlines())
    }


def find_languages(tags: Sequence[str]) -> list[Language]:
    """Return the languages of the campaign, in its order.

    Raises
    ------
    CampaignError
        When a tag is unknown or given twice; English is never a poster language here.
    """
    known = catalogue()
    by_name = {language.english_name.lower(): tag for tag, language in known.items()}
    found: list[Language] = []
    for tag in tags:
        if tag.lower() in ("en", "english"):
            raise CampaignError(
                "posters.languages: English cannot be a poster language here: table C16001 counts "
                "people by the other languages they speak; remove 'en'."
            )
        if tag not in known:
            close = by_name.get(tag.lower()) or next(
                iter(get_close_matches(tag.lower(), [*known, *by_name], n=1)), None
            )
            hint = f"did you mean {by_name.get(close, close)!r}?" if close else "see docs/languages.md."
            raise CampaignError(f"posters.languages: unknown language tag {tag!r}; {hint}")
        if known[tag] in found:
            raise CampaignError(f"posters.languages: {tag!r} is listed twice; remove one.")
        found.append(known[tag])
    return found


def largest_languages(count: int, speakers: Mapping[str, float]) -> list[Language]:
    """Return the leading languages of the groups with the most people, leftovers left out.

    Parameters
    ----------
    count : int
    speakers : mapping of group key to people
    """
    nameable = [GROUPS[key] for key in speakers if GROUPS[key].leading and speakers[key] > 0]
    nameable.sort(key=lambda group: (-speakers[group.key], group.first_line))
    return [catalogue()[group.leading] for group in nameable[:count]]


def told_apart(languages: Iterable[Language]) -> dict[str, list[Language]]:
    """Return the campaign's languages by group, in the order of the campaign."""
    groups: dict[str, list[Language]] = {}
    for language in languages:
        groups.setdefault(language.group.key, []).append(language)
    return groups
