"""The campaign file that a fetched region starts with: commented like the sample's, ready to plan."""

import json
from collections.abc import Sequence

from targeting.languages import catalogue

_SAID = {
    "gtfs": "the transit agencies' timetables (GTFS feeds)",
    "acs": "how many people speak what, by census tract (table C16001)",
    "tracts": "the outlines of those census tracts",
    "points": "where in a tract people live",
    "water": "rivers and lakes, which the map draws",
    "controls": "table B16001: tells Russian from other Slavic languages, and the like",
    "pumas": "which tract lies in which area of that table",
    "birthplaces": "table B05006: where within an area each language is likelier",
}


def release(year: int) -> str:
    """Return a five-year release as it is cited.

    Examples
    --------
    >>> release(2023)
    '2019-2023 5-year'
    """
    return f"{year - 4}-{year} 5-year"


def campaign_text(
    title: str,
    year: int,
    languages: str | tuple[str, ...],
    buses: int,
    inputs: Sequence[tuple[str, str | list[str] | None]],
) -> str:
    """Return the text of a campaign file.

    Parameters
    ----------
    title : str
        The region's.
    year : int
        Last year of the census release.
    languages : str or tuple of str
        "auto:6", or tags.
    buses : int
    inputs : sequence of (key, path or paths)
        Keys of the section region; those without a path are left out.
    """
    lines = [
        "# The campaign file of a region that 'targeting fetch' brought; sources.json says where from.",
        "# Change it as you like: it is yours, and fetching again leaves a changed file alone.",
        "# A line that starts with # is a note, or a setting left at its usual value.",
        f"name = {_toml(f'Posters for {title}')}",
        "",
        "[region]",
        "# Where things are. Paths are relative to this file.",
    ]
    for key, value in inputs:
        if value:
            lines += [_line(f"{key} = {_toml(value)}", _SAID[key])]
        if key == "acs":
            lines += [_line(f"acs_release = {_toml(release(year))}", "as it is cited on every page")]
    lines += [
        _line('# modes = ["bus"]', 'add "tram" to put posters in the light rail too'),
        _line("# bus_walk_m = 400", "how far people walk to a bus stop, in metres"),
        "",
        "[posters]",
        f"# {_languages(languages)}",
        f"languages = {_toml(languages if isinstance(languages, str) else list(languages))}",
        "",
        "[placement]",
        _line(f"buses = {buses}", "how many buses you can put posters in"),
        _line('# unit = "route"', 'what a card is ordered for; or "family", "garage"'),
        _line("# floors = 1", "the least number of buses for every language"),
        _line('# strategy = "predominant"', "TriMet's own: each route its most spoken language"),
    ]
    return "\n".join(lines) + "\n"


def _languages(languages: str | tuple[str, ...]) -> str:
    if isinstance(languages, str):
        number = languages.partition(":")[2]
        return f"The {number} languages with the most speakers; or name yours: " + '["es", "vi", "zh"].'
    known = catalogue()
    return f"The languages you can print: {', '.join(known[tag].english_name for tag in languages)}."


def _line(setting: str, note: str) -> str:
    return f"{setting:<40}# {note}" if len(setting) < 40 else f"# {note[0].upper()}{note[1:]}:\n{setting}"


def _toml(value: str | list[str]) -> str:
    if isinstance(value, list) and len(value) > 2 and sum(map(len, value)) > 60:
        return "[\n" + "".join(f"    {json.dumps(part, ensure_ascii=False)},\n" for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)
