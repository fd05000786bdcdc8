"""The campaign file: every default, and a sentence for everything that can be wrong with it."""

import re
from datetime import date
from pathlib import Path

import pytest

from targeting.campaign import Campaign, read_campaign
from targeting.campaign_sections import floor_of
from targeting.errors import CampaignError, TargetingError
from targeting.scoring import score_routes

WEIGHTS = ['"people", "languages" or "proportional"', "{es = 1, vi = 2.5}"]
FLOORS = ["buses (2)", '("10%")', '{es = 2, vi = "10%"}']
LEAST = """\
name = "Red Means Help"
[region]
gtfs = "feed.zip"
acs = "c16001.csv"
tracts = "tracts.gpkg"
{region}
[posters]
languages = ["es", "vi"]
[placement]
buses = 36
{placement}
"""


class Desk:
    """Writes campaign files in a folder and reads them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "campaign.toml"

    def read(
        self,
        text: str | None = None,
        *,
        region: str = "",
        placement: str = "",
        settings: tuple[str, ...] = (),
    ) -> Campaign:
        text = LEAST.format(region=region, placement=placement) if text is None else text
        self.file.write_text(text, encoding="utf-8")
        return read_campaign(self.file, settings)

    def refusal(self, text: str | None = None, **more: object) -> str:
        with pytest.raises(CampaignError) as caught:
            self.read(text, **more)  # type: ignore[arg-type]
        assert isinstance(caught.value, TargetingError)
        return str(caught.value)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_every_default(desk: Desk) -> None:
    assert desk.read().model_dump() == {
        "name": "Red Means Help",
        "region": {
            "gtfs": ["feed.zip"],
            "acs": ["c16001.csv"],
            "controls": [],
            "controls_year": None,
            "birthplaces": None,
            "pumas": None,
            "acs_release": "",
            "tracts": "tracts.gpkg",
            "points": None,
            "water": None,
            "week": None,
            "modes": ["bus"],
            "measure": "lep",
            "bus_walk_m": 400.0,
            "rail_walk_m": 800.0,
            "layover_minutes": 10.0,
        },
        "posters": {
            "languages": ["es", "vi"],
            "weeks": 4.0,
            "slots": 1,
            "copies": None,
            "spares": 0.15,
        },
        "hotspots": {
            "z": 1.96,
            "nearest": 5,
            "band_m": 1600.0,
            "dense_estimate": 85.0,
            "dense_share": 40.0,
            "dense_density": 85.0,
            "lone": True,
        },
        "certainty": {
            "post_at": 0.8,
            "unsure": "pair",
            "min_served": 100.0,
            "enough_at": 0.8,
            "redraws": 200,
            "seed": 2017,
            "reliability": "esri",
            "smallest_count": 10.0,
        },
        "placement": {
            "buses": 36,
            "strategy": "optimal",
            "unit": "route",
            "garages": None,
            "family_share": 0.1,
            "rides_per_week": 1.0,
            "elasticity": 0.5,
            "weights": "people",
            "floors": None,
            "pinned": [],
            "forbidden": [],
            "keep": None,
            "robust": False,
            "gap": 0.005,
            "time_limit_s": 60.0,
            "tract_people": 50.0,
            "tract_share": 0.01,
            "area": "predominant",
        },
        "venues": None,
        "orders": {
            "posting_date": None,
            "delivery_days": 10,
            "pack_size": 1,
            "artwork_size": "11 × 28 in",
            "card_price": None,
            "installation_price": None,
            "currency": "$",
        },
        "limits": {"file_mb": 500.0, "unpacked_mb": 2000.0, "ratio": 200.0, "members": 1000},
    }


def test_defaults_of_venues(desk: Desk) -> None:
    venues = desk.read(settings=("file=clinics.csv", "cards=8")).venues
    assert venues is not None
    assert venues.model_dump() == {
        "file": "clinics.csv",
        "cards": 8,
        "walk_m": 800.0,
        "visits_per_week": 0.05,
    }


def test_paths_are_relative_to_the_file(desk: Desk) -> None:
    campaign = desk.read()
    assert campaign.file == desk.file
    assert campaign.path("data/feed.zip") == desk.file.parent / "data/feed.zip"
    assert campaign.path("/data/feed.zip") == Path("/data/feed.zip")


def test_address_is_refused(desk: Desk) -> None:
    campaign = desk.read()
    with pytest.raises(CampaignError, match=r"https:// addresses are not read.*download"):
        campaign.path("https://developer.trimet.org/schedule/gtfs.zip")


def test_address_in_the_file_is_refused_before_anything_is_read(desk: Desk) -> None:
    campaign = desk.read(settings=("acs=https://api.census.gov/data/2019/acs/acs5",))
    with pytest.raises(CampaignError, match=r"https:// addresses"):
        score_routes(campaign)


def test_several_feeds_and_tables(desk: Desk) -> None:
    text = LEAST.format(region="", placement="").replace('"feed.zip"', '["a.zip", "b.zip"]')
    campaign = desk.read(text.replace('"c16001.csv"', '["41.csv", "53.csv"]'))
    assert campaign.region.gtfs == ["a.zip", "b.zip"]
    assert campaign.region.acs == ["41.csv", "53.csv"]


def test_byte_order_mark(desk: Desk) -> None:
    assert desk.read("\ufeff" + LEAST.format(region="", placement="")).placement.buses == 36


@pytest.mark.parametrize("week", ["2025-01-13", '"2025-01-13"'])
def test_week(desk: Desk, week: str) -> None:
    assert desk.read(region=f"week = {week}").region.week == date(2025, 1, 13)


@pytest.mark.parametrize(
    "week",
    ['"13.1.2025"', '"January 13"', '"2025-02-30"', "20250113", "2025-01-13T08:00:00", "true", "[2025]"],
)
def test_week_that_is_no_date(desk: Desk, week: str) -> None:
    text = desk.refusal(region=f"week = {week}")
    assert text.startswith("campaign.toml: region.week = ")


def test_zero_is_allowed_where_it_means_something(desk: Desk) -> None:
    placement = desk.read(placement="tract_people = 0\ntract_share = 0").placement
    assert (placement.tract_people, placement.tract_share) == (0, 0)


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ("buses=-3", ["placement.buses = -3", "at least 0"]),
        ("buses=36.0", ["placement.buses = 36.0", "whole number"]),
        ('buses="36"', ["placement.buses = '36'", "whole number"]),
        ("buses=true", ["placement.buses = True", "whole number"]),
        ("name=''", ["name = ''", "must not be empty"]),
        ("name=7", ["name = 7", "text in quotes"]),
        ("bus_walk_m=0", ["region.bus_walk_m = 0", "more than 0"]),
        ("bus_walk_m=-1", ["region.bus_walk_m = -1", "more than 0"]),
        ("bus_walk_m=nan", ["region.bus_walk_m = nan"]),
        ("rail_walk_m=inf", ["region.rail_walk_m = inf"]),
        ("rail_walk_m=5001", ["region.rail_walk_m = 5001", "5000"]),
        ("bus_walk_m='far'", ["region.bus_walk_m = 'far'", "number"]),
        ("tract_share=1.5", ["placement.tract_share = 1.5", "at most 1"]),
        ("tract_people=-1", ["placement.tract_people = -1"]),
        ("tract_people=nan", ["placement.tract_people = nan"]),
        ("strategy=best", ["placement.strategy = 'best'", "'optimal' or 'predominant'"]),
        ("unit=depot", ["placement.unit = 'depot'", "'route', 'family' or 'garage'"]),
        ("garages=['a.csv']", ["placement.garages = ['a.csv']", "text in quotes"]),
        ("family_share=0", ["placement.family_share = 0", "more than 0"]),
        ("rides_per_week=0", ["placement.rides_per_week = 0", "more than 0"]),
        ("elasticity=-1", ["placement.elasticity = -1", "at least 0"]),
        ("keep=true", ["placement.keep = True", "text in quotes"]),
        ("robust=1", ["placement.robust = 1", "true or false"]),
        ("gap=0.9", ["placement.gap = 0.9", "at most 0.5"]),
        ("time_limit_s=0", ["placement.time_limit_s = 0", "more than 0"]),
        ("weeks=0", ["posters.weeks = 0", "more than 0"]),
        ("slots=0", ["posters.slots = 0", "at least 1"]),
        ("slots=1.5", ["posters.slots = 1.5", "whole number"]),
        ("spares=-1", ["posters.spares = -1", "at least 0"]),
        ("layover_minutes=-5", ["region.layover_minutes = -5", "at least 0"]),
        ("enough_at=80", ["certainty.enough_at = 80", "at most 1"]),
        ("min_served=-1", ["certainty.min_served = -1", "at least 0"]),
        ("redraws=-1", ["certainty.redraws = -1", "at least 0"]),
        ("redraws=2.5", ["certainty.redraws = 2.5", "whole number"]),
        ("seed=-1", ["certainty.seed = -1", "at least 0"]),
        ("venues.cards=8", ["venues.file is missing"]),
        ("measure=LEP", ["region.measure = 'LEP'", "'lep' or 'speakers'"]),
        ("modes=[]", ["region.modes = []", "at least one mode"]),
        ("modes=['Bus']", ["region.modes = ['Bus']", "unknown mode 'Bus'", "bus, coach, tram"]),
        ("gtfs=[]", ["region.gtfs", "must not be empty"]),
        ("gtfs=7", ["region.gtfs = 7", "list"]),
        ("acs=['a.csv', 7]", ["region.acs = 7", "text in quotes"]),
        ("tracts=['a', 'b']", ["region.tracts = ['a', 'b']", "text in quotes"]),
        ("points=5", ["region.points = 5", "text in quotes"]),
        ("languages=[]", ["posters.languages = []", "at least one language"]),
        ("languages=es", ["posters.languages = 'es'", '["es", "vi"]', '"auto:6"']),
        ("languages=6", ["posters.languages = 6"]),
        ("languages=['es', 6]", ["posters.languages = 6", "text in quotes"]),
        ("languages=auto:0", ["posters.languages = 'auto:0'", '"auto:6"']),
        ("languages=auto:six", ["posters.languages = 'auto:six'"]),
        ("languages=auto", ["posters.languages = 'auto'"]),
        ("languages=auto:-1", ["posters.languages = 'auto:-1'"]),
        ("languages=top:6", ["posters.languages = 'top:6'"]),
    ],
)
def test_wrong_values(desk: Desk, settings: str, parts: list[str]) -> None:
    text = desk.refusal(settings=(settings,))
    assert text.startswith("campaign.toml: ")
    assert text.endswith(".")
    assert "\n" not in text
    for part in parts:
        assert part in text, text


@pytest.mark.parametrize(
    ("setting", "fault", "forms"),
    [
        ("weights=foo", "placement.weights = 'foo'", WEIGHTS),
        ("weights=3", "placement.weights = 3", WEIGHTS),
        ("weights={es='much'}", "placement.weights.es = 'much'", ["number without quotes"]),
        ("weights={es=-1}", "placement.weights.es = -1", ["at least 0"]),
        ("weights={es=nan}", "placement.weights.es = nan", ["finite"]),
        ("floors=1.5", "placement.floors = 1.5", FLOORS),
        ("floors=true", "placement.floors = True", FLOORS),
        ("floors={ko=1.5}", "placement.floors.ko = 1.5", FLOORS),
        ("floors=-1", "placement.floors = -1", FLOORS[:2]),
        ("floors=ten", "placement.floors = 'ten'", FLOORS[:2]),
        ("floors='120%'", "placement.floors = '120%'", FLOORS[:2]),
        ("floors='nan%'", "placement.floors = 'nan%'", FLOORS[:2]),
        ("floors={es=1, ko='x'}", "placement.floors = {'es': 1, 'ko': 'x'}: ko: ", FLOORS[:2]),
        ("copies=many", "posters.copies = 'many'", ["of each language (40)", "{es = 40, vi = 20}"]),
        ("copies=-1", "posters.copies = -1", ["of each language (40)", "{es = 40, vi = 20}"]),
        ("copies={es=1.5}", "posters.copies.es = 1.5", ["whole number"]),
        ("copies={es=-2}", "posters.copies.es = -2", ["at least 0"]),
        ("languages={es=1}", "posters.languages = {'es': 1}", ['["es", "vi"]', '"auto:6"']),
        ("pinned=5", "placement.pinned = 5", ["[[placement.pinned]]"]),
        ("pinned={unit='72'}", "placement.pinned = {'unit': '72'}", ["[[placement.pinned]]"]),
        ("pinned=['72']", "placement.pinned = '72'", ["[[placement.pinned]]"]),
        ("pinned=[{unit='72'}]", "placement.pinned.language is missing", []),
        ("pinned=[{unit=72, language='es'}]", "placement.pinned.unit = 72", ["text in quotes"]),
        (
            "pinned=[{unit='72', language='es', buses=0}]",
            "placement.pinned.buses = 0",
            ["at least 1"],
        ),
        (
            "pinned=[{unit='72', laguage='es'}]",
            "[[placement.pinned]]: unknown key 'laguage': did you mean 'language'",
            [],
        ),
        (
            "forbidden=[{unit='72', colour='red'}]",
            "[[placement.forbidden]]: unknown key 'colour': known are language, unit",
            [],
        ),
        ("forbidden='72'", "placement.forbidden = '72'", ["[[placement.forbidden]]"]),
    ],
)
def test_a_value_of_several_forms_names_them_and_its_key_alone(
    desk: Desk, setting: str, fault: str, forms: list[str]
) -> None:
    text = desk.refusal(settings=(setting,))
    assert text.startswith(f"campaign.toml: {fault}")
    assert text.endswith((".", "?"))
    assert "\n" not in text
    for form in forms:
        assert form in text, text
    for inner in ("literal[", "dict[", "list[", "int", "str"):
        assert inner not in text.partition(" = ")[0], text


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("floors=2", "floors", 2),
        ("floors=0", "floors", 0),
        ("floors='10%'", "floors", "10%"),
        ("floors={es=2, vi='2.5 %'}", "floors", {"es": 2, "vi": "2.5 %"}),
        ("weights=proportional", "weights", "proportional"),
        ("weights={es=1, vi=2.5}", "weights", {"es": 1.0, "vi": 2.5}),
        ("time_limit_s=inf", "time_limit_s", float("inf")),
        ("keep=maps/first", "keep", "maps/first"),
    ],
)
def test_values_of_several_forms(desk: Desk, setting: str, key: str, value: object) -> None:
    assert getattr(desk.read(settings=(setting,)).placement, key) == value


@pytest.mark.parametrize(
    ("floor", "meaning"), [(3, (3, 0.0)), ("10%", (0, 0.1)), (" 2.5 % ", (0, 0.025)), ("0%", (0, 0.0))]
)
def test_a_floor_is_buses_or_a_share(floor: int | str, meaning: tuple[int, float]) -> None:
    assert floor_of(floor) == pytest.approx(meaning)


def test_pinned_and_forbidden(desk: Desk) -> None:
    placement = desk.read(
        placement="""
[[placement.pinned]]
unit = "72"
language = "es"
buses = 2
[[placement.pinned]]
unit = "33"
language = "vi"
[[placement.forbidden]]
unit = "4"
"""
    ).placement
    assert [(wish.unit, wish.language, wish.buses) for wish in placement.pinned] == [
        ("72", "es", 2),
        ("33", "vi", 1),
    ]
    assert [(wish.unit, wish.language) for wish in placement.forbidden] == [("4", None)]


def test_automatic_languages(desk: Desk) -> None:
    assert desk.read().posters.automatic is None
    posters = desk.read(settings=("languages=auto:6",)).posters
    assert posters.languages == "auto:6"
    assert posters.automatic == 6


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("buss = 36", "[placement]: unknown key 'buss': did you mean 'buses'?"),
        ("stratgy = 'predominant'", "[placement]: unknown key 'stratgy': did you mean 'strategy'?"),
        ("Buses = 36", "[placement]: unknown key 'Buses': did you mean 'buses'?"),
        ("colour = 'red'", "[placement]: unknown key 'colour': known are area, buses, "),
    ],
)
def test_unknown_key_of_a_section(desk: Desk, line: str, sentence: str) -> None:
    assert desk.refusal(placement=line).startswith(f"campaign.toml: {sentence}")


def test_unknown_key_outranks_the_missing_one(desk: Desk) -> None:
    text = LEAST.format(region="", placement="").replace("buses = 36", "buss = 36")
    assert "unknown key 'buss': did you mean 'buses'?" in desk.refusal(text)


def test_unknown_section_and_top_level_key(desk: Desk) -> None:
    text = LEAST.format(region="", placement="")
    assert desk.refusal(text.replace("[posters]", "[poster]")) == (
        "campaign.toml: unknown key 'poster': did you mean 'posters'?"
    )
    assert "unknown key 'nme': did you mean 'name'?" in desk.refusal("nme = 'x'\n" + text)
    assert "unknown key 'file'" in desk.refusal("file = 'x'\n" + text)


@pytest.mark.parametrize("key", ["name", "gtfs", "acs", "tracts", "languages", "buses"])
def test_missing_keys(desk: Desk, key: str) -> None:
    path = {"languages": "posters.languages", "buses": "placement.buses", "name": "name"}.get(
        key, f"region.{key}"
    )
    text = re.sub(rf"(?m)^{key} = .*$", "", LEAST.format(region="", placement=""))
    assert desk.refusal(text) == (
        f"campaign.toml: {path} is missing; see docs/campaign-file.md for an example."
    )


def test_missing_sections_and_empty_file(desk: Desk) -> None:
    assert "name is missing" in desk.refusal("")
    text = LEAST.format(region="", placement="").split("[posters]")[0]
    assert "posters is missing" in desk.refusal(text)


def test_section_that_is_none(desk: Desk) -> None:
    text = LEAST.format(region="", placement="").split("[posters]")[0]
    refused = desk.refusal("posters = 5\n" + text)
    assert refused == "campaign.toml: posters = 5: must be a section, written [posters]."
    refused = desk.refusal("posters = 5\n" + text, settings=("languages=['es']",))
    assert refused == "posters: must be a section, written [posters]."


def test_no_toml(desk: Desk) -> None:
    text = desk.refusal('name = "Red Means Help\n')
    assert text.startswith("campaign.toml: is not valid TOML: ")
    assert "line 1" in text
    twice = desk.refusal(placement="buses = 40")
    assert "is not valid TOML" in twice
    curly = desk.refusal("name = \u201cRed Means Help\u201d\n")
    assert curly.endswith("instead of the curly ones that word processors make.")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"none\.toml: no such campaign file; 'targeting sample DIR'"):
        read_campaign(tmp_path / "none.toml")
    with pytest.raises(CampaignError, match="is a folder"):
        read_campaign(tmp_path)
    (tmp_path / "latin.toml").write_bytes("name = 'Doña Ana'".encode("latin-1"))
    with pytest.raises(CampaignError, match=r"latin\.toml: cannot be read as text"):
        read_campaign(tmp_path / "latin.toml")


# --- --set ------------------------------------------------------------------------------------


def test_settings_win_over_the_file(desk: Desk) -> None:
    campaign = desk.read(
        placement="tract_share = 0.5",
        settings=(
            "buses=50",
            "placement.tract_share=0.02",
            "week=2025-01-13",
            'languages=["ko"]',
            "name = Winter",
            "region.gtfs=other feed.zip",
            "measure=speakers",
            "points=blocks 2020.gpkg",
            "bus_walk_m=500",
        ),
    )
    assert campaign.placement.buses == 50
    assert campaign.placement.tract_share == 0.02
    assert campaign.region.week == date(2025, 1, 13)
    assert campaign.posters.languages == ["ko"]
    assert campaign.name == "Winter"
    assert campaign.region.gtfs == ["other feed.zip"]
    assert campaign.region.measure == "speakers"
    assert campaign.region.points == "blocks 2020.gpkg"
    assert campaign.region.bus_walk_m == 500


def test_setting_fills_a_section_that_the_file_lacks(desk: Desk) -> None:
    text = LEAST.format(region="", placement="").split("[placement]")[0]
    assert desk.read(text, settings=("buses=5",)).placement.buses == 5


def test_last_setting_wins_and_a_value_may_hold_an_equals_sign(desk: Desk) -> None:
    assert desk.read(settings=("buses=5", "placement.buses=7")).placement.buses == 7
    assert desk.read(settings=("name=a=b",)).name == "a=b"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("buss=50", "--set buss=50: unknown key 'buss': did you mean 'buses'?"),
        (
            "placement.buss=50",
            "--set placement.buss=50: unknown key 'placement.buss': did you mean 'placement.buses'?",
        ),
        ("region.buses=50", "--set region.buses=50: unknown key 'region.buses'"),
        ("buses", "--set buses: write it as key=value, for example --set buses=50."),
        ("region.file=x", "--set region.file=x: unknown key 'region.file'"),
        ("placement.pinned.unit=x", "--set placement.pinned.unit=x: unknown key"),
        ("=5", "--set =5: unknown key ''"),
    ],
)
def test_wrong_settings(desk: Desk, setting: str, sentence: str) -> None:
    assert desk.refusal(settings=(setting,)).startswith(sentence)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("nonsense", "docs/campaign-file.md lists all keys."),
        ("number_of_buses", "did you mean 'buses'?"),
        ("region.buses", "did you mean 'placement.buses'?"),
        ("placement.file", "did you mean 'venues.file'?"),
    ],
)
def test_an_unknown_key_is_answered_by_one_that_may_be_meant_or_by_where_all_are(
    desk: Desk, key: str, hint: str
) -> None:
    assert desk.refusal(settings=(f"{key}=3",)) == f"--set {key}=3: unknown key {key!r}: {hint}"


@pytest.mark.parametrize("path", [".", "..", "", "maps/.."])
def test_a_folder_is_called_by_its_name(desk: Desk, path: str, tmp_path: Path) -> None:
    opened = desk.read().path(path)
    assert opened.name
    assert opened == (desk.read().file.parent / path).resolve()
