"""What a picture shows, read back from a plan folder: its layers, tables and record.

Shapes are projected for the sheet: metres, north up at the middle of the region.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import shapely

from targeting.errors import OutputError
from targeting.plan_folder import PlanFolder, read_plan_folder
from targeting.wording import period
from targeting.write import LAYERS
from targeting.write.layer_titles import column_of
from targeting.write.map_geometry import one_line_per_street, simplified
from targeting.write.map_style import language_style
from targeting.write.map_tracts import SQUARE_MILE

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]
NEEDED = {
    "routes": ("route_id", "route_name", "route_short_name", "languages", "buses"),
    "tracts": ("county",),
}
SHORT_NAME = 8  # letters of a name that stands for a route's missing number


@dataclass(frozen=True)
class Shown:
    """A language as the picture shows it; people are numbers, None, or words such as "under 10"."""

    tag: str
    english_name: str
    own_name: str
    measured_as: str
    color: str
    dash: tuple[float, ...]
    buses: int
    cards: int
    served: Any
    served_moe: Any
    reach: Any
    reach_moe: Any
    people: Any


@dataclass(frozen=True)
class Drawing:
    """What a picture shows.

    Attributes
    ----------
    plan : PlanFolder
    name, agencies, week, source : str
    languages : list of Shown
        In the campaign's order.
    routes : DataFrame
        `name`, `short`, `languages` (tuple of tags), `line` (metres), in the order of the layer.
    tracts : ndarray of polygons, shape (tracts,)
    density : ndarray, shape (tracts,)
        People of all the campaign's languages a square mile.
    reached : dict of tag to ndarray, shape (tracts,)
        Share of the language's people whom the plan reaches; not a number where nobody was counted.
    counties : dict of name to polygon
    venues : DataFrame
        `languages` (tuple of tags) and `place` of venues with posters.
    view : (west, south, east, north)
        What lies around the routes with posters.
    """

    plan: PlanFolder
    name: str
    agencies: str
    week: str
    source: str
    languages: list[Shown]
    routes: pd.DataFrame
    tracts: Geometries
    density: Floats
    reached: Mapping[str, Floats]
    counties: Mapping[str, Any]
    venues: pd.DataFrame
    view: tuple[float, float, float, float]


def read_drawing(folder: Path) -> Drawing:
    """Read a plan folder for drawing.

    Raises
    ------
    OutputError
        When it is no plan folder, was made before plans had layers, or a file cannot be read.
    """
    plan = read_plan_folder(folder)
    layers = _layers(folder / LAYERS)
    try:
        return _drawing(plan, layers)
    except (LookupError, TypeError, ValueError) as fault:
        raise OutputError(
            f"{folder}: its tables, layers and record do not fit each other ({type(fault).__name__}: "
            f"{fault}); make the plan again with 'targeting plan'."
        ) from fault


def _drawing(plan: PlanFolder, layers: dict[str, gpd.GeoDataFrame]) -> Drawing:
    routes, tracts = layers["routes"], layers["tracts"]
    west, south, east, north = tracts.total_bounds
    crs = f"+proj=tmerc +lat_0={(south + north) / 2:.3f} +lon_0={(west + east) / 2:.3f} +datum=WGS84 +units=m"
    lines = routes.geometry.to_crs(crs).to_numpy()
    polygons = tracts.geometry.to_crs(crs).to_numpy()
    languages = _languages(plan)
    table = pd.DataFrame(
        {
            "name": routes["route_name"].fillna(""),
            "short": [
                short or name[:SHORT_NAME]
                for short, name in zip(
                    routes["route_short_name"].fillna(""), routes["route_name"].fillna(""), strict=True
                )
            ],
            "languages": _tags(routes),
            "line": [shapely.line_merge(one_line_per_street(line)) for line in lines],
        }
    )
    posted = table["languages"].map(bool).to_numpy()
    drawn = np.asarray(simplified(polygons))
    record = plan.record
    week = record["design_week"]
    return Drawing(
        plan=plan,
        name=str(plan.settings["name"]),
        agencies=", ".join(name for feed in record["feeds"] for name in feed["agencies"]),
        week=period(*(date.fromisoformat(week[end]) for end in ("first_day", "last_day"))),
        source=str(plan.coverage["source"].iloc[0]),
        languages=languages,
        routes=table,
        tracts=drawn,
        density=_density(tracts, languages, shapely.area(polygons)),
        reached={language.tag: _reached(tracts, language.tag) for language in languages},
        counties={
            str(county): shapely.union_all(drawn[(tracts["county"] == county).to_numpy()])
            for county in sorted(set(tracts["county"]))
        },
        venues=_venues(layers.get("venues"), crs),
        view=tuple(shapely.total_bounds(lines[posted] if posted.any() else lines)),
    )


def _layers(path: Path) -> dict[str, gpd.GeoDataFrame]:
    again = "make the plan again with 'targeting plan'"
    if not path.is_file():
        raise OutputError(f"{path.parent}: holds no {path.name}, it was made by an older version; {again}.")
    try:
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        layers = {name: gpd.read_file(path, layer=name) for name in (*NEEDED, "venues") if name in names}
    except (OSError, ValueError, pyogrio.errors.DataSourceError) as fault:
        raise OutputError(f"{path}: cannot be read ({fault}); {again}.") from fault
    for name, columns in NEEDED.items():
        if name not in layers:
            raise OutputError(f"{path}: has no layer {name!r}; {again}.")
        lacking = [column for column in columns if column not in layers[name].columns]
        if lacking or not len(layers[name]):
            what = f"no column {lacking[0]!r}" if lacking else "no features"
            raise OutputError(f"{path}: its layer {name!r} has {what}; {again}.")
    return layers


def _languages(plan: PlanFolder) -> list[Shown]:
    region = plan.coverage[plan.coverage["area_kind"] == "region"].set_index("language")
    hung = plan.placements.assign(cards=plan.placements["cards"].astype(int)).groupby("language")
    buses, cards = hung["buses"].sum(), hung["cards"].sum()
    own = {language["tag"]: language["own_name"] for language in plan.record["languages"]}
    shown = []
    for tag, row in region.iterrows():
        if not re.fullmatch(r"[A-Za-z0-9-]+", str(tag)):  # it names a file
            raise ValueError(f"{tag!r} is no language tag")
        style = language_style(str(tag))
        shown.append(
            Shown(
                tag=str(tag),
                english_name=row["language_name"],
                own_name=own[tag],
                measured_as=row["measured_as"],
                color=style["color"],
                dash=tuple(float(length) for length in style["dash"].split()),
                buses=int(buses.get(tag, 0)),
                cards=int(cards.get(tag, 0)),
                served=row["served_posted"],
                served_moe=row["served_posted_moe"],
                reach=row["reach"],
                reach_moe=row["reach_moe"],
                people=row["lep"],
            )
        )
    return shown


def _tags(layer: gpd.GeoDataFrame) -> list[tuple[str, ...]]:
    return [tuple(filter(None, tags.split(", "))) for tags in layer["languages"].fillna("")]


def _density(tracts: gpd.GeoDataFrame, languages: list[Shown], area: Floats) -> Floats:
    """Return people a square mile; languages measured by the same group are the same people."""
    counted = {language.measured_as: language.tag for language in reversed(languages)}
    people = sum(tracts[f"{column_of(tag)}_estimate"].fillna(0.0).to_numpy(float) for tag in counted.values())
    return np.asarray(people / np.maximum(area / SQUARE_MILE, 1e-9))


def _reached(tracts: gpd.GeoDataFrame, tag: str) -> Floats:
    start = column_of(tag)
    nobody = (tracts[f"{start}_estimate"] == 0).to_numpy(bool)  # empty is a few, not nobody
    return np.where(nobody, np.nan, tracts[f"{start}_share_reached"].to_numpy(float))


def _venues(layer: gpd.GeoDataFrame | None, crs: str) -> pd.DataFrame:
    if layer is None:
        return pd.DataFrame({"languages": [], "place": []})
    table = pd.DataFrame({"languages": _tags(layer), "place": layer.geometry.to_crs(crs).to_numpy()})
    return table[table["languages"].map(bool)]
