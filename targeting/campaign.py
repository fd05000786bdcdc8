"""The campaign file: what the planner wants, read from TOML and checked.

Paths are relative to the file. Unknown keys are errors with a suggestion. Every default is stated
here and in docs/campaign-file.md, and nowhere else.
"""

import tomllib
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from targeting.errors import CampaignError

MODES = (
    "bus", "coach", "tram", "subway", "rail", "ferry", "cable_tram", "aerial", "funicular",
    "monorail", "other",
)  # fmt: skip


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


OneOrMore = Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Region(_Section):
    """Where: the feeds, the census table and its geometry."""

    gtfs: OneOrMore
    acs: OneOrMore
    acs_release: str = ""
    tracts: str
    points: str | None = None
    controls: Annotated[list[str], BeforeValidator(_as_list)] = []
    controls_year: int | None = None
    birthplaces: str | None = None
    pumas: str | None = None
    week: date | None = None
    modes: Annotated[list[str], BeforeValidator(_as_list)] = ["bus"]
    measure: Literal["lep", "speakers"] = "lep"
    bus_walk_m: float = Field(default=400.0, gt=0, le=5000)
    rail_walk_m: float = Field(default=800.0, gt=0, le=5000)

    @field_validator("week", mode="before")
    @classmethod
    def _date_from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("write the week's first day as year-month-day: 2025-01-13") from None

    @field_validator("modes")
    @classmethod
    def _known_modes(cls, value: list[str]) -> list[str]:
        if not value:
            raise ValueError("name at least one mode")
        for mode in value:
            if mode not in MODES:
                raise ValueError(f"unknown mode {mode!r}; known are {', '.join(MODES)}")
        return value


class Posters(_Section):
    """What: the languages that posters are printed in."""

    languages: list[str] | str

    @field_validator("languages")
    @classmethod
    def _list_or_auto(cls, value: list[str] | str) -> list[str] | str:
        if isinstance(value, list):
            if not value:
                raise ValueError("name at least one language")
            return value
        kind, _, number = value.partition(":")
        if kind != "auto" or not number.isdigit() or not int(number):
            raise ValueError('give a list of tags such as ["es", "vi"] (docs/languages.md), or "auto:6"')
        return value

    @property
    def automatic(self) -> int | None:
        """How many languages to pick by size, None where the campaign names them."""
        return int(self.languages.split(":")[1]) if isinstance(self.languages, str) else None


class Placement(_Section):
    """How many buses, and by which rule."""

    buses: int = Field(ge=1)
    strategy: Literal["predominant"] = "predominant"
    tract_people: float = Field(default=50.0, ge=0)
    area: Literal["predominant", "hotspot"] = "predominant"
    tract_share: float = Field(default=0.01, ge=0, le=1)


CV_LIMITS = {"esri": (0.12, 0.40), "portland": (0.20, 0.40), "psu": (0.30, 0.50)}


class Certainty(_Section):
    """How sure a choice must be, and how figures are classed by their reliability."""

    post_at: float = Field(default=0.8, ge=0, le=1)
    unsure: Literal["pair", "regional"] = "pair"
    min_served: float = Field(default=100.0, ge=0)
    reliability: Literal["esri", "portland", "psu"] = "esri"
    smallest_count: float = Field(default=10.0, ge=0)

    @property
    def cv_limits(self) -> tuple[float, float]:
        """Coefficients of variation up to which a figure is of high, and of medium reliability."""
        return CV_LIMITS[self.reliability]


class Hotspots(_Section):
    """Thresholds of the City of Portland's rule for hot spots (docs/hotspots.md)."""

    z: float = Field(default=1.96, gt=0)
    nearest: int = Field(default=5, ge=1)
    band_m: float = Field(default=1600.0, gt=0)
    dense_estimate: float = Field(default=85.0, ge=0)
    dense_share: float = Field(default=40.0, ge=0)
    dense_density: float = Field(default=85.0, ge=0)
    lone: bool = True


SECTIONS: dict[str, type[_Section]] = {
    "region": Region,
    "posters": Posters,
    "placement": Placement,
    "certainty": Certainty,
    "hotspots": Hotspots,
}


class Campaign(_Section):
    """A whole campaign file.

    Attributes
    ----------
    name : str
    region, posters, placement, certainty, hotspots
        The sections of the file.
    file : Path
        Where it was read from; relative paths start in its folder.
    """

    name: str = Field(min_length=1)
    region: Region
    posters: Posters
    placement: Placement
    certainty: Certainty = Certainty()
    hotspots: Hotspots = Hotspots()
    file: Path = Field(default=Path("campaign.toml"), exclude=True)

    def path(self, relative: str) -> Path:
        """Return a path of the campaign file as the program opens it."""
        if "://" in relative:
            raise CampaignError(
                f"{relative.split('://')[0]}:// addresses are not read directly; download the file "
                "and give its path."
            )
        return self.file.parent / relative


def read_campaign(file: Path, settings: Sequence[str] = ()) -> Campaign:
    """Read a campaign file.

    Parameters
    ----------
    file : Path
    settings : sequence of str
        "section.key=value" or "key=value" from the command line; they win over the file.

    Raises
    ------
    CampaignError
        When the file is missing, is no TOML, or holds something unusable.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as fault:
        raise CampaignError(
            f"{file}: no such campaign file; 'targeting sample DIR' writes one to start from."
        ) from fault
    except IsADirectoryError as fault:
        raise CampaignError(f"{file}: is a folder; give the campaign file in it.") from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise CampaignError(f"{file}: cannot be read as text ({fault}).") from fault
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise CampaignError(
            f"{file.name}: is not valid TOML: {fault}; put text in quotes, and in Windows paths write / "
            "or use single quotes."
        ) from fault
    for setting in settings:
        _apply(content, setting)
    if "file" in content:
        raise CampaignError(f"{file.name}: {_unknown('file', [*_keys()])}")
    try:
        return Campaign(**content, file=file)
    except ValidationError as fault:
        raise CampaignError(f"{file.name}: {_sentence(fault)}") from fault


def _keys() -> dict[str, str]:
    """Return each key of the file with its full path: {"buses": "placement.buses", …}."""
    keys = {"name": "name"}
    for section, model in SECTIONS.items():
        keys |= {key: f"{section}.{key}" for key in model.model_fields}
    return keys


def _apply(content: dict[str, Any], setting: str) -> None:
    """Put a setting of the command line into the file's content."""
    key, equals, value = setting.partition("=")
    key, keys = key.strip(), _keys()
    path = key if key in keys.values() else keys.get(key)
    if not equals or path is None:
        raise CampaignError(
            f"--set {setting}: {_unknown(key, sorted({*keys, *keys.values()}))}"
            if equals
            else f"--set {setting}: write it as key=value, for example --set buses=50."
        )
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    *section, last = path.split(".")
    target = content.setdefault(section[0], {}) if section else content
    if not isinstance(target, dict):
        raise CampaignError(f"{section[0]}: must be a section, written [{section[0]}].")
    target[last] = parsed


def _unknown(key: str, known: Sequence[str]) -> str:
    close = get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}."
    return f"unknown key {key!r}: {hint}"


def _sentence(fault: ValidationError) -> str:
    """Return one sentence for the first thing that is wrong, unknown keys before missing ones."""
    faults = sorted(fault.errors(), key=lambda e: e["type"] != "extra_forbidden")
    first = faults[0]
    path = [str(part) for part in first["loc"] if isinstance(part, str) and part not in _UNION_PARTS]
    where = ".".join(path)
    if first["type"] == "extra_forbidden":
        section = SECTIONS.get(path[0]) if len(path) > 1 else None
        known = list(section.model_fields) if section else ["name", *SECTIONS]
        return f"{f'[{path[0]}]: ' if section else ''}{_unknown(path[-1], known)}"
    if first["type"] == "missing":
        return f"{where} is missing; see docs/campaign-file.md for an example."
    kind, limits = first["type"], first.get("ctx", {})
    reason = {
        "list_type": 'write a list, for example ["es", "vi"]',
        "string_type": "write text in quotes",
        "int_type": "write a whole number without quotes",
        "int_from_float": "write a whole number",
        "float_type": "write a number without quotes",
        "greater_than": f"must be more than {limits.get('gt')}",
        "greater_than_equal": f"must be at least {limits.get('ge')}",
        "less_than_equal": f"must be at most {limits.get('le')}",
        "literal_error": f"must be {limits.get('expected')}",
        "too_short": "must not be empty",
        "string_too_short": "must not be empty",
    }.get(kind, first["msg"].removeprefix("Value error, "))
    return f"{where} = {first['input']!r}: {reason[0].lower()}{reason[1:]}."


_UNION_PARTS = ("list[str]", "str")
