"""What a plan leaves behind for the coverage of many regions: its tracts, and whom it serves in each.

People who live near two agencies must count once, and figures of two regions cannot tell who they are. So
the plan's places are kept as well: where a tract stands in several regions, `targeting.batch_national` lays
all their stops over one set of cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse
import shapely

from targeting.catchment import walking_distances
from targeting.ground import weekly_calls
from targeting.plan import Plan
from targeting.postable import routes_run
from targeting.posting import seen_on, tract_figures
from targeting.reach import Floats, Ints, mean_departures, posted_vehicles
from targeting.reached import near_by_tract, reached_by_tract

Rings = list[list[list[float]]]
OUTLINE_DEGREES = 0.005  # some 500 m, a pixel of the map of one region


@dataclass(frozen=True)
class Ground:
    """The tables that are kept, each one file.

    Attributes
    ----------
    tracts : DataFrame
        One row a tract: `geoid`, `geometry` (WKB, EPSG:4326), `population`, `population_moe` (people of 5
        years and over), `near_any` (share of its people near any route).
    people : DataFrame
        One row a tract × poster language: `geoid`, `language`, `people`, `margin`, `split_margin` and
        `split_area` (of a group that was split into languages; 0 and empty elsewhere), and as shares of
        them `near_posted` and `reach`.
    routes : DataFrame
        One row a route or venue: `walk_m`, `venue` (bool).
    posted : DataFrame
        One row a route or venue × language that it carries: `route` (position in `routes`), `language`,
        `near` (bool, whether it counts as posted), `carried`: of a route the share of its departures that
        carry the language, of a venue its cards.
    calls : DataFrame
        One row a route × direction × stop: `route`, `lon`, `lat`, `direction`, `weekly`; of a venue where it
        stands.
    points : DataFrame
        The population points used: `geoid`, `lon`, `lat`, `population`; empty where people are spread by
        area.
    """

    tracts: pd.DataFrame
    people: pd.DataFrame
    routes: pd.DataFrame
    posted: pd.DataFrame
    calls: pd.DataFrame
    points: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write each table into a folder as Parquet."""
        for field in fields(self):
            getattr(self, field.name).to_parquet(folder / f"{field.name}.parquet", index=False)


def read_ground(
    folder: Path, name: str, geoids: Sequence[str] | None = None, *, columns: list[str] | None = None
) -> pd.DataFrame:
    """Read one table of `Ground`, or some of its columns, of all tracts or of some."""
    filters = None if geoids is None else [("geoid", "in", list(geoids))]
    return pd.read_parquet(folder / f"{name}.parquet", columns=columns, filters=filters)


def ground_of(plan: Plan) -> Ground:
    """Return what a plan leaves behind."""
    scores, posting = plan.scores, plan.posting
    tracts, count = scores.tracts, len(scores.tracts.names)
    geoids = tracts.estimates.index.to_numpy(object)
    posted = near_by_tract(scores.postable.catchment, posting.by_language)
    reach = reached_by_tract(posting.problem.audience, posting.by_language, count)
    people = [
        pd.DataFrame(
            {
                "geoid": geoids,
                "language": language.tag,
                "people": tracts.estimates[language.column].to_numpy(float),
                "margin": tracts.margins[language.column].to_numpy(float),
                "split_margin": (
                    0.0
                    if tracts.split_margins is None
                    else tracts.split_margins[language.column].to_numpy(float)
                ),
                "split_area": (
                    "" if tracts.split_areas is None else tracts.split_areas[language.column].astype(str)
                ),
                "near_posted": posted[number],
                "reach": reach[number],
            }
        )
        for number, language in enumerate(scores.languages)
    ]
    points = scores.inputs.points
    if points is None:
        points = pd.DataFrame({"lon": [], "lat": [], "population": [], "tract": []}, dtype=float)
    return Ground(
        tracts=pd.DataFrame(
            {
                "geoid": geoids,
                "geometry": shapely.to_wkb(tracts.geometry.to_numpy()),
                "population": tracts.population.to_numpy(float),
                "population_moe": tracts.population_moe.to_numpy(float),
                "near_any": scores.catchment.share_of_any(np.ones(len(scores.catchment.routes), bool)),
            }
        ),
        people=pd.concat(people, ignore_index=True),
        routes=_routes(plan),
        posted=_posted(plan),
        calls=_calls(plan),
        points=pd.DataFrame(
            {
                # a type of its own, for a table without rows has none to show
                "geoid": pd.array(geoids[points["tract"].to_numpy(int)], dtype="string"),
                **{name: points[name].to_numpy(float) for name in ("lon", "lat", "population")},
            }
        ),
    )


def outline_of(tracts: npt.NDArray[np.object_]) -> Rings:
    """Return the border of the ground that tracts cover, for a small map: coarse, and without its holes.

    Parameters
    ----------
    tracts : ndarray of geometries
        EPSG:4326.
    """
    coarse = shapely.simplify(tracts, OUTLINE_DEGREES / 2)
    # grown and shrunk again, so that the gaps close that simplifying leaves between them
    grown = shapely.union_all(shapely.buffer(coarse, OUTLINE_DEGREES, quad_segs=2))
    whole = shapely.simplify(shapely.buffer(grown, -OUTLINE_DEGREES, quad_segs=2), OUTLINE_DEGREES)
    parts = [part for part in shapely.get_parts(whole) if part.area > OUTLINE_DEGREES**2]
    return [np.round(shapely.get_coordinates(part.exterior), 3).tolist() for part in parts]


def mean_service(plan: Plan) -> float:
    """Return weekly departures near the mean of the people counted, D̄ of the curve of reach."""
    near = plan.scores.catchment
    everyone = (tract_figures(plan.scores)[0][near.tract] * near.weight[:, None]).sum(axis=1)
    return mean_departures(np.asarray(near.departures.sum(axis=1)).ravel(), everyone)


def _routes(plan: Plan) -> pd.DataFrame:
    region, venues = plan.scores.campaign.region, plan.scores.campaign.venues
    walk_m = walking_distances(
        plan.scores.feed.routes["mode"], bus_walk_m=region.bus_walk_m, rail_walk_m=region.rail_walk_m
    )
    doors = int(plan.scores.postable.table["venue"].sum())
    return pd.DataFrame(
        {
            "walk_m": np.append(walk_m, np.full(doors, venues.walk_m if venues else 0.0)),
            "venue": np.append(np.zeros(len(walk_m), bool), np.ones(doors, bool)),
        }
    )


def _posted(plan: Plan) -> pd.DataFrame:
    """Return which languages each route and venue carries, as `Audience` and `served` count them."""
    scores, cards = plan.scores, plan.posting.by_language
    units, routes = scores.units, scores.feed.routes
    in_buses, in_venues = cards[: len(units.table)], cards[len(units.table) :]
    leakage = seen_on(scores)
    spread = posted_vehicles(
        leakage, units.table["vehicles"].to_numpy(float), units.route_vehicles.to_numpy(float)
    )
    carried: Floats = np.vstack([(leakage.T @ in_buses) / spread[:, None], in_venues])
    runs = routes_run(units, routes["departures_week"].to_numpy(float))
    on_routes = np.asarray(scipy.sparse.csr_matrix(runs.T, dtype=float) @ (in_buses > 0)) > 0
    near = np.vstack([on_routes, in_venues > 0])
    route, language = np.nonzero(near | (carried > 0))
    tags = np.array([each.tag for each in scores.languages], dtype=object)
    return pd.DataFrame(
        {
            "route": route,
            "language": pd.array(tags[language], dtype="string"),
            "near": near[route, language],
            "carried": carried[route, language],
        }
    )


def _calls(plan: Plan) -> pd.DataFrame:
    feed, venues = plan.scores.feed, plan.scores.inputs.venues
    calls = weekly_calls(feed)
    place: Ints = calls.pop("place").to_numpy()
    calls = calls.assign(lon=feed.stops["lon"].to_numpy()[place], lat=feed.stops["lat"].to_numpy()[place])
    if venues is None:
        return calls
    doors = {"route": len(feed.routes) + np.arange(len(venues)), "direction": 0, "weekly": 1.0}
    at_doors = pd.DataFrame(
        {**doors, "lon": venues["lon"].to_numpy(float), "lat": venues["lat"].to_numpy(float)}
    )
    return pd.concat([calls, at_doors], ignore_index=True)
