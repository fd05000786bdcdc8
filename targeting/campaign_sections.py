"""The sections of the campaign file: what may stand in it, and every default.

Every default is stated here (those of `[limits]` in `targeting.limits`) and in docs/campaign-file.md, and
nowhere else. The description of a field that takes several forms of value names them all, for whoever wrote
something else.
"""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from targeting.errors import CampaignError
from targeting.limits import Limits
from targeting.plain_text import shortened

MODES = (
    "bus", "coach", "tram", "subway", "rail", "ferry", "cable_tram", "aerial", "funicular",
    "monorail", "other",
)  # fmt: skip

ADDRESS = re.compile(r"(?i)^\s*(?:([a-z][a-z0-9+.-]+):/|//[^/]*@)|://")
LONGEST_NAME = 255  # bytes of a file's name
MOST_BUSES = 1_000_000  # more than the world has, so that sums stay numbers
MOST_PEOPLE = 1e10


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_date(value: object, what: str) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"write {what} as year-month-day: 2025-01-13") from None


def _of_this_century(value: date | None) -> date | None:
    if value is not None and not 2000 <= value.year < 2100:
        raise ValueError("must be a day from 2000 to 2099")
    return value


OneOrMore = Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]


class Section(BaseModel):
    """A section of the file, or a table in one; it refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Region(Section):
    """Where: the feeds, the census table and its geometry."""

    gtfs: OneOrMore
    acs: OneOrMore
    acs_release: str = ""
    tracts: str
    points: str | None = None
    water: str | None = None
    controls: Annotated[list[str], BeforeValidator(_as_list)] = []
    controls_year: int | None = Field(default=None, ge=1900, le=2100)
    birthplaces: str | None = None
    pumas: str | None = None
    week: date | None = None
    modes: Annotated[list[str], BeforeValidator(_as_list)] = ["bus"]
    measure: Literal["lep", "speakers"] = "lep"
    bus_walk_m: float = Field(default=400.0, gt=0, le=5000)
    rail_walk_m: float = Field(default=800.0, gt=0, le=5000)
    layover_minutes: float = Field(default=10.0, ge=0, le=120)

    @field_validator("week", mode="before")
    @classmethod
    def _date_from_text(cls, value: object) -> object:
        return _as_date(value, "the week's first day")

    @field_validator("week")
    @classmethod
    def _in_this_century(cls, value: date | None) -> date | None:
        return _of_this_century(value)

    @field_validator("modes")
    @classmethod
    def _known_modes(cls, value: list[str]) -> list[str]:
        if not value:
            raise ValueError("name at least one mode")
        for mode in value:
            if mode not in MODES:
                raise ValueError(f"unknown mode {mode!r}; known are {', '.join(MODES)}")
        return value


Copies = Annotated[int, Field(ge=0, le=10_000_000)]


class Posters(Section):
    """What: the languages that posters are printed in."""

    languages: list[str] | str = Field(
        description='give a list of tags such as ["es", "vi"] (docs/languages.md), or "auto:6"'
    )
    weeks: float = Field(default=4.0, gt=0, le=520)
    slots: int = Field(default=1, ge=1, le=20)
    copies: Copies | dict[str, Copies] | None = Field(
        default=None,
        description="write the cards printed of each language (40), or a table such as {es = 40, vi = 20}",
    )
    spares: float = Field(default=0.15, ge=0, le=5)

    @field_validator("languages")
    @classmethod
    def _list_or_auto(cls, value: list[str] | str) -> list[str] | str:
        if isinstance(value, list):
            if not value:
                raise ValueError("name at least one language")
            return value
        if not re.fullmatch("auto:0*[1-9][0-9]{0,2}", value):
            raise ValueError(cls.model_fields["languages"].description)
        return value

    @property
    def automatic(self) -> int | None:
        """How many languages to pick by size, None where the campaign names them."""
        return int(self.languages.split(":")[1]) if isinstance(self.languages, str) else None


class Pinned(Section):
    """A placement that the plan must hold."""

    unit: str
    language: str
    buses: int = Field(default=1, ge=1, le=MOST_BUSES)


class Forbidden(Section):
    """A placement that the plan must not hold; without a language, a unit that carries nothing."""

    unit: str
    language: str | None = None


Floor = int | str
Weight = Annotated[float, Field(ge=0, le=1_000_000)]


class Placement(Section):
    """How many buses, and by which rule."""

    buses: int = Field(ge=0, le=MOST_BUSES)
    strategy: Literal["optimal", "predominant"] = "optimal"
    unit: Literal["route", "family", "garage"] = "route"
    garages: str | None = None
    family_share: float = Field(default=0.1, gt=0, le=1)
    rides_per_week: float = Field(default=1.0, gt=0, le=1000)
    elasticity: float = Field(default=0.5, ge=0, le=2)
    weights: Literal["people", "languages", "proportional"] | dict[str, Weight] = Field(
        default="people",
        description='write "people", "languages" or "proportional", or a table such as {es = 1, vi = 2.5}',
    )
    floors: Floor | dict[str, Floor] | None = Field(
        default=None,
        description='write a floor as buses (2) or as a share of the language\'s speakers ("10%"), '
        'for all languages or in a table such as {es = 2, vi = "10%"}',
    )
    pinned: list[Pinned] = Field(
        default=[],
        description="write [[placement.pinned]] and under it unit, language and buses",
    )
    forbidden: list[Forbidden] = Field(
        default=[],
        description="write [[placement.forbidden]] and under it unit, and language where only one is meant",
    )
    keep: str | None = None
    robust: bool = False
    gap: float = Field(default=0.005, ge=0, le=0.5)
    time_limit_s: float = Field(default=60.0, gt=0, allow_inf_nan=True)
    tract_people: float = Field(default=50.0, ge=0, le=MOST_PEOPLE)
    area: Literal["predominant", "hotspot"] = "predominant"
    tract_share: float = Field(default=0.01, ge=0, le=1)

    @field_validator("floors")
    @classmethod
    def _buses_or_percent(cls, value: Floor | dict[str, Floor] | None) -> Floor | dict[str, Floor] | None:
        for tag, floor in value.items() if isinstance(value, dict) else [("", value)]:
            try:
                floor_of(0 if floor is None else floor)
            except ValueError as fault:
                raise ValueError(f"{tag}: {fault}" if tag else str(fault)) from None
        return value


def floor_of(value: Floor) -> tuple[int, float]:
    """Return a floor as buses and as a share of the language's speakers; one of them is 0.

    Raises
    ------
    ValueError
        When it is neither a number of buses nor a percentage such as "10%".
    """
    if isinstance(value, int) and 0 <= value <= MOST_BUSES:
        return value, 0.0
    number = value.strip().removesuffix("%") if isinstance(value, str) and value.strip().endswith("%") else ""
    try:
        share = float(number) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError('write a floor as buses (2) or as a share of the language\'s speakers ("10%")')
    return 0, share


class Venues(Section):
    """Places where posters hang besides buses: fire stations, clinics, libraries."""

    file: str
    cards: int = Field(ge=0, le=MOST_BUSES)
    walk_m: float = Field(default=800.0, gt=0, le=5000)
    visits_per_week: float = Field(default=0.05, gt=0, le=100)


CV_LIMITS = {"esri": (0.12, 0.40), "portland": (0.20, 0.40), "psu": (0.30, 0.50)}


class Certainty(Section):
    """How sure a choice must be, and how figures are classed by their reliability."""

    post_at: float = Field(default=0.8, ge=0, le=1)
    unsure: Literal["pair", "regional"] = "pair"
    min_served: float = Field(default=100.0, ge=0, le=MOST_PEOPLE)
    enough_at: float = Field(default=0.8, ge=0, le=1)
    redraws: int = Field(default=200, ge=0, le=10000)
    seed: int = Field(default=2017, ge=0, lt=2**63)
    reliability: Literal["esri", "portland", "psu"] = "esri"
    smallest_count: float = Field(default=10.0, ge=0, le=MOST_PEOPLE)

    @property
    def cv_limits(self) -> tuple[float, float]:
        """Coefficients of variation up to which a figure is of high, and of medium reliability."""
        return CV_LIMITS[self.reliability]


class Hotspots(Section):
    """Thresholds of the City of Portland's rule for hot spots (docs/hotspots.md)."""

    z: float = Field(default=1.96, gt=0, le=1000)
    nearest: int = Field(default=5, ge=1, le=10_000)
    band_m: float = Field(default=1600.0, gt=0, le=1_000_000)
    dense_estimate: float = Field(default=85.0, ge=0, le=MOST_PEOPLE)
    dense_share: float = Field(default=40.0, ge=0, le=MOST_PEOPLE)
    dense_density: float = Field(default=85.0, ge=0, le=MOST_PEOPLE)
    lone: bool = True


Price = Annotated[float, Field(ge=0, le=1_000_000)]


class Orders(Section):
    """What the print shop and the installers are told (docs/orders.md)."""

    posting_date: date | None = None
    delivery_days: int = Field(default=10, ge=0, le=250)
    pack_size: int = Field(default=1, ge=1, le=100_000)
    artwork_size: str = Field(default="11 × 28 in", min_length=1, max_length=60)
    card_price: Price | None = None
    installation_price: Price | None = None
    currency: str = Field(default="$", min_length=1, max_length=5)

    @field_validator("posting_date", mode="before")
    @classmethod
    def _date_from_text(cls, value: object) -> object:
        return _as_date(value, "the first day on which posters hang")

    @field_validator("posting_date")
    @classmethod
    def _with_known_holidays(cls, value: date | None) -> date | None:
        return _of_this_century(value)


class LimitsSection(Section, Limits):  # type: ignore[misc]  # pydantic freezes it, too
    """How large files may be: `targeting.limits.Limits`, which states the defaults."""

    file_mb: float = Field(default=Limits.file_mb, gt=0, le=1_000_000)
    unpacked_mb: float = Field(default=Limits.unpacked_mb, gt=0, le=1_000_000)
    ratio: float = Field(default=Limits.ratio, ge=1, le=100_000)
    members: int = Field(default=Limits.members, ge=1, le=100_000)


SECTIONS: dict[str, type[Section]] = {
    "region": Region,
    "posters": Posters,
    "placement": Placement,
    "certainty": Certainty,
    "hotspots": Hotspots,
    "venues": Venues,
    "orders": Orders,
    "limits": LimitsSection,
}


class Campaign(Section):
    """A whole campaign file.

    Attributes
    ----------
    name : str
    region, posters, placement, certainty, hotspots, venues, orders, limits
        The sections of the file; `venues` is None where posters hang in buses only.
    file : Path
        Where it was read from; relative paths start in its folder.
    """

    name: str = Field(min_length=1, max_length=200)
    region: Region
    posters: Posters
    placement: Placement
    certainty: Certainty = Certainty()
    hotspots: Hotspots = Hotspots()
    venues: Venues | None = None
    orders: Orders = Orders()
    limits: LimitsSection = LimitsSection()
    file: Path = Field(default=Path("campaign.toml"), exclude=True)

    def path(self, relative: str) -> Path:
        """Return a path of the campaign file as the program opens it."""
        if address := ADDRESS.search(relative):  # it may hold a password, and is not repeated
            kind = f"{address[1]}:// " if address[1] else ""
            raise CampaignError(
                f"{kind}addresses are not read directly; download the file, or let 'targeting fetch' do it, "
                "and give its path."
            )
        if any(len(part.encode()) > LONGEST_NAME for part in Path(relative).parts):
            raise CampaignError(
                f"{shortened(relative)}: no file has so long a name; check the paths in the campaign file."
            )
        path = self.file.parent / relative
        return path if path.name not in ("", "..") else path.resolve()  # messages call files by their names
