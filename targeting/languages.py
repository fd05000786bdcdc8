"""Poster languages and the census groups that hold them.

Table C16001 counts twelve *groups*. Six of them are one language (Spanish, Korean, Chinese,
Vietnamese, Tagalog, Arabic). Three are a few languages with a leading one (Russian, Polish, or
other Slavic). Three are leftovers that no poster can be printed in. A poster language is measured
by its group: where that is more than the language itself, every output says so.

Table B16001 counts 42 finer *categories* (since the 2016 release), for areas larger than a tract. Which
group and category a language is in follows the Bureau's code list of 2016. The catalogue itself is
`languages.csv`; its own names come from CLDR where that has them.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Literal

from targeting.errors import CampaignError

LONGEST_CODE = 3  # letters; any two such codes are alike
ALIKE = 0.75  # likeness of texts, of 1: a slip of the pen in a name, and not another name

Kind = Literal["language", "cluster", "leftover"]
Direction = Literal["ltr", "rtl"]


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
class Category:
    """One language category of ACS table B16001, as it is since the 2016 release.

    Attributes
    ----------
    key : str
    name : str
        The Census Bureau's name.
    first_line : int
        Line of all its speakers (3 for Spanish); the LEP line is two further.
    group : str
        Key of the C16001 group that it is part of.
    """

    key: str
    name: str
    first_line: int
    group: str


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
    script : str
        ISO 15924 code of the script that a poster is printed in.
    direction : {"ltr", "rtl"}
    category : str
        Key of the category of table B16001 that counts its speakers.
    alone : bool
        Whether that category is this language and nothing else. Varieties that read the same poster
        (Cajun and French, Mandarin and Cantonese) are no other language. Each category has at most
        one such language.
    countries : tuple of str
        Chief countries of birth of its speakers, most important first, by their names in table
        B05006; a country that the table does not list has its usual name. Empty for languages of
        the United States.
    split, split_name : str
        Key of the category that measures it where the campaign gives language controls, and what that
        category counts; empty where the group does.
    aliases : tuple of str
        Other names and tags by which a planner may mean it; they are suggested, never accepted.
    """

    tag: str
    english_name: str
    own_name: str
    group: Group
    script: str = "Latn"
    direction: Direction = "ltr"
    category: str = "rest_other"
    alone: bool = False
    countries: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    split: str = ""
    split_name: str = ""

    @property
    def column(self) -> str:
        """The column of people that measures it: of its category where groups are split, else its group."""
        return self.split or self.group.key

    @property
    def rtl(self) -> bool:
        """Whether it is written from right to left."""
        return self.direction == "rtl"

    @property
    def measured_as(self) -> str:
        """What the figures really count: the language's name, or its group's."""
        if self.split:
            return self.split_name
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

_CATEGORIES: list[tuple[str, str, str]] = [
    ("spanish", "Spanish", "spanish"),
    ("french_incl_cajun", "French (incl. Cajun)", "french"),
    ("haitian", "Haitian", "french"),
    ("italian", "Italian", "other_indo_european"),
    ("portuguese", "Portuguese", "other_indo_european"),
    ("german_incl_swiss", "German", "german"),
    ("other_west_germanic", "Yiddish, Pennsylvania Dutch or other West Germanic languages", "german"),
    ("greek", "Greek", "other_indo_european"),
    ("russian", "Russian", "slavic"),
    ("polish", "Polish", "slavic"),
    ("serbo_croatian", "Serbo-Croatian", "slavic"),
    ("ukrainian_other_slavic", "Ukrainian or other Slavic languages", "slavic"),
    ("armenian", "Armenian", "other_indo_european"),
    ("persian", "Persian (incl. Farsi, Dari)", "other_indo_european"),
    ("gujarati", "Gujarati", "other_indo_european"),
    ("hindi", "Hindi", "other_indo_european"),
    ("urdu", "Urdu", "other_indo_european"),
    ("punjabi", "Punjabi", "other_indo_european"),
    ("bengali", "Bengali", "other_indo_european"),
    ("nepali_other_indic", "Nepali, Marathi, or other Indic languages", "other_indo_european"),
    ("rest_indo_european", "Other Indo-European languages", "other_indo_european"),
    ("telugu", "Telugu", "other_asian_pacific"),
    ("tamil", "Tamil", "other_asian_pacific"),
    ("malayalam_other_dravidian", "Malayalam, Kannada, or other Dravidian languages", "other_asian_pacific"),
    ("chinese", "Chinese (incl. Mandarin, Cantonese)", "chinese"),
    ("japanese", "Japanese", "other_asian_pacific"),
    ("korean", "Korean", "korean"),
    ("hmong", "Hmong", "other_asian_pacific"),
    ("vietnamese", "Vietnamese", "vietnamese"),
    ("khmer", "Khmer", "other_asian_pacific"),
    ("thai_lao", "Thai, Lao, or other Tai-Kadai languages", "other_asian_pacific"),
    ("other_asia", "Other languages of Asia", "other_asian_pacific"),
    ("tagalog", "Tagalog (incl. Filipino)", "tagalog"),
    ("austronesian", "Ilocano, Samoan, Hawaiian, or other Austronesian languages", "other_asian_pacific"),
    ("arabic", "Arabic", "arabic"),
    ("hebrew", "Hebrew", "other"),
    ("amharic_somali", "Amharic, Somali, or other Afro-Asiatic languages", "other"),
    ("west_african", "Yoruba, Twi, Igbo, or other languages of Western Africa", "other"),
    ("swahili_other_bantu", "Swahili or other languages of Central, Eastern, and Southern Africa", "other"),
    ("navajo", "Navajo", "other"),
    ("other_native_american", "Other Native languages of North America", "other"),
    ("rest_other", "Other and unspecified languages", "other"),
]
CATEGORIES: dict[str, Category] = {
    key: Category(key, name, 3 + 3 * position, group)
    for position, (key, name, group) in enumerate(_CATEGORIES)
}


@cache
def catalogue() -> dict[str, Language]:
    """Return every known poster language by its tag."""
    text = files("targeting").joinpath("languages.csv").read_text(encoding="utf-8")
    return {
        row["tag"]: Language(
            tag=row["tag"],
            english_name=row["english_name"],
            own_name=row["own_name"],
            group=GROUPS[row["group"]],
            script=row["script"],
            direction="rtl" if row["direction"] == "rtl" else "ltr",
            category=row["b16001_category"],
            alone=row["alone"] == "true",
            countries=_several(row["countries"]),
            aliases=_several(row["aliases"]),
        )
        for row in csv.DictReader(text.splitlines())
    }


def _several(cell: str) -> tuple[str, ...]:
    """Return the values of a cell that holds several, separated by semicolons."""
    return tuple(cell.split(";")) if cell else ()


def find_languages(tags: Sequence[str]) -> list[Language]:
    """Return the languages of the campaign, in its order.

    Raises
    ------
    CampaignError
        When a tag is unknown or given twice; English is never a poster language here.
    """
    known = catalogue()
    found: list[Language] = []
    for tag in tags:
        if tag.lower() in ("en", "english"):
            raise CampaignError(
                "posters.languages: English cannot be a poster language here: table C16001 counts "
                "people by the other languages they speak; remove 'en'."
            )
        if tag not in known:
            raise CampaignError(_unknown([each for each in tags if each not in known]))
        if known[tag] in found:
            raise CampaignError(f"posters.languages: {tag!r} is listed twice; remove one.")
        found.append(known[tag])
    return found


def _unknown(tags: Sequence[str]) -> str:
    """Return what is wrong with tags that the catalogue lacks, all in one sentence."""
    meant = {tag: " or ".join(map(repr, _meant(tag))) for tag in tags}
    if len(meant) == 1:
        ((tag, hint),) = meant.items()
        return (
            f"posters.languages: unknown language tag {tag!r}; "
            f"{f'did you mean {hint}?' if hint else 'see docs/languages.md.'}"
        )
    named = [f"{tag!r} ({f'did you mean {hint}?' if hint else 'not known'})" for tag, hint in meant.items()]
    return f"posters.languages: unknown language tags {', '.join(named)}; see docs/languages.md."


@cache
def _names() -> dict[str, list[str]]:
    """Return the tags that every tag, name and alias (without regard to case) may stand for."""
    tags: dict[str, list[str]] = {}
    for tag, language in catalogue().items():
        for name in {tag, language.english_name, language.own_name, *language.aliases}:
            tags.setdefault(name.casefold(), []).append(tag)
    return tags


def _meant(unknown: str) -> list[str]:
    """Return the tags that an unknown one may stand for: by name, without its ending, by likeness."""
    names = _names()
    words = name = unknown.strip().casefold().replace("_", "-")
    while name not in names and "-" in name:
        name = name.rpartition("-")[0]
    if name not in names:
        written = [name for name in names if len(name) > LONGEST_CODE]
        name = next(iter(get_close_matches(words, written, n=1, cutoff=ALIKE)), "")
    return names.get(name, [])


def largest_languages(
    count: int, speakers: Mapping[str, float], categories: Mapping[str, float] | None = None
) -> list[Language]:
    """Return the languages with the most people; what is no language is never picked.

    A group that is one language stands for itself. Of the others, each language that table B16001
    tells apart is ranked by its own people where that table is given; where it is not, the leading
    language of a cluster is ranked by the cluster, and leftovers are left out.

    Parameters
    ----------
    count : int
    speakers : mapping of group key to people
    categories : mapping of category key to people, optional
        Of the same people in the same area.
    """
    alone = {language.category: language.tag for language in catalogue().values() if language.alone}
    people: dict[str, float] = {}
    for key, number in speakers.items():
        group = GROUPS[key]
        apart = {
            alone[name]: finer
            for name, finer in (categories or {}).items()
            if group.kind != "language" and CATEGORIES[name].group == key and name in alone
        }
        people |= apart or ({group.leading: number} if group.leading else {})
    ranked = sorted(
        (tag for tag, number in people.items() if number > 0),
        key=lambda tag: (-people[tag], CATEGORIES[catalogue()[tag].category].first_line),
    )
    return [catalogue()[tag] for tag in ranked[:count]]


def told_apart(languages: Iterable[Language]) -> dict[str, list[Language]]:
    """Return the campaign's languages by group, in the order of the campaign."""
    groups: dict[str, list[Language]] = {}
    for language in languages:
        groups.setdefault(language.column, []).append(language)
    return groups
