"""Tracts that stand in several regions: whom the regions serve and reach there together, each person once.

The stops of all the regions are laid over one set of the tract's cells, each with its region's walking
distance. Rides on posted buses of several agencies add up; each region's are counted as its own plan does,
by its own service.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse
import shapely

from targeting.batch_ground import read_ground
from targeting.batch_region import RECORDS, Record
from targeting.catchment import Catchment, make_catchment
from targeting.cells import grid_cells, point_cells
from targeting.ground import metres
from targeting.reach import Floats, Ints, rides_of_service

ANY = ""  # stands for no language


@dataclass(frozen=True)
class Planned:
    """A region that was planned, and the folder with its tables (`targeting.batch_ground`)."""

    name: str
    record: Record
    folder: Path


def planned(name: str, record: Record, out: Path) -> Planned:
    """Return a planned region of the batch in `out`."""
    return Planned(name, record, out / RECORDS / name)


@dataclass(frozen=True)
class Group:
    """Tracts that stand in the same regions; the first region has their outlines and points."""

    regions: tuple[Planned, ...]
    geoids: tuple[str, ...]


@dataclass(frozen=True)
class _Service:
    """The routes and venues of all regions of a group, one below the other.

    Attributes
    ----------
    walk_m : ndarray, shape (routes,)
    venue : ndarray of bool, shape (routes,)
    region : ndarray of int, shape (routes,)
        Position of the region in the group.
    calls, posted : DataFrame
        As in `Ground`, their `route` a position among all routes.
    """

    walk_m: Floats
    venue: npt.NDArray[np.bool_]
    region: Ints
    calls: pd.DataFrame
    posted: pd.DataFrame


def union_of(group: Group) -> pd.DataFrame:
    """Return whom several regions serve and reach together in the tracts that they share.

    Returns
    -------
    DataFrame
        One row a tract (language empty), and one a tract × language that any of the regions posts: `geoid`,
        `language`, and as shares of the tract's people `near_any`, `near_posted`, `reach`.
    """
    service = _service(group)
    near = _catchment(group, service)
    geoids, count = sorted(group.geoids), len(group.geoids)
    near_any = near.share_of_any(~service.venue)
    found = [(ANY, np.full(count, np.nan), np.full(count, np.nan))]
    for language, its in service.posted.groupby("language"):
        posted, carried = np.zeros(len(service.venue), bool), np.zeros(len(service.venue))
        posted[its["route"]] = its["near"]
        carried[its["route"]] = its["carried"]
        rides = np.zeros(len(near.tract))
        for number, region in enumerate(group.regions):
            rides += _rides(near, carried, service.venue, service.region == number, region.record)
        reached = np.bincount(near.tract, -np.expm1(-rides) * near.weight, minlength=count)
        found.append((str(language), near.share_of_any(posted), reached))
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "geoid": geoids, "language": language, "near_any": near_any,
                    "near_posted": posted, "reach": reach,
                }
            )
            for language, posted, reach in found
        ],
        ignore_index=True,
    )  # fmt: skip


def _service(group: Group) -> _Service:
    routes: list[pd.DataFrame] = []
    calls: list[pd.DataFrame] = []
    posted: list[pd.DataFrame] = []
    before = 0
    for number, region in enumerate(group.regions):
        routes.append(read_ground(region.folder, "routes").assign(region=number))
        for tables, name in ((calls, "calls"), (posted, "posted")):
            table = read_ground(region.folder, name)
            tables.append(table.assign(route=table["route"] + before))
        before += len(routes[-1])
    table = pd.concat(routes, ignore_index=True)
    return _Service(
        walk_m=table["walk_m"].to_numpy(float),
        venue=table["venue"].to_numpy(bool),
        region=table["region"].to_numpy(np.int64),
        calls=pd.concat(calls, ignore_index=True),
        posted=pd.concat(posted, ignore_index=True),
    )


def _catchment(group: Group, service: _Service) -> Catchment:
    """Return the catchments of all regions' routes and venues over the group's tracts, by GEOID."""
    folder, geoids = group.regions[0].folder, sorted(group.geoids)
    outlines = read_ground(folder, "tracts", geoids, columns=["geoid", "geometry"]).set_index("geoid")
    shapes = gpd.GeoSeries(shapely.from_wkb(outlines.loc[geoids, "geometry"].to_numpy(object)), crs=4326)
    crs = shapes.estimate_utm_crs()
    polygons = shapes.to_crs(crs).to_numpy()
    calls = service.calls
    at = metres(calls["lon"], calls["lat"], crs)
    walk_m = service.walk_m[calls["route"].to_numpy()]
    tree = shapely.STRtree(polygons)
    close = np.unique(tree.query(shapely.points(at), predicate="dwithin", distance=walk_m)[0])
    if not len(close):  # nobody is near any stop, which one stop shows as well as all
        close = np.array([0])
    at, walk_m, calls = at[close], walk_m[close], calls.iloc[close]
    places, stop = np.unique(at, axis=0, return_inverse=True)
    farthest = np.zeros(len(places))
    np.maximum.at(farthest, stop.ravel(), walk_m)
    cells = grid_cells(polygons, places, farthest)
    points = read_ground(folder, "points", geoids)
    if len(points):
        points = points.assign(tract=np.searchsorted(geoids, points["geoid"].to_numpy(object)))
        cells = point_cells(points, metres(points["lon"], points["lat"], crs), cells)
    return make_catchment(
        cells,
        polygons=polygons,
        stops_xy=places,
        stop=stop.ravel().astype(np.int64),
        route=calls["route"].to_numpy(np.int64),
        direction=calls["direction"].to_numpy(np.int64),
        departures=calls["weekly"].to_numpy(float),
        routes=pd.RangeIndex(len(service.walk_m)),
        walk_m=service.walk_m,
    )


def _rides(
    near: Catchment,
    carried: Floats,
    venue: npt.NDArray[np.bool_],
    ours: npt.NDArray[np.bool_],
    record: Record,
) -> Floats:
    """Return boardings of a region's posted buses, and visits, of a resident of each atom."""
    on_routes = near.departures @ scipy.sparse.diags((ours & ~venue).astype(float))
    service = np.asarray(on_routes.sum(axis=1)).ravel()
    weekly = rides_of_service(
        service, record.mean_service, rides_per_week=record.rides_per_week, elasticity=record.elasticity
    )
    of_each = np.divide(weekly, service, out=np.zeros_like(weekly), where=service > 0)
    visits = near.departures.sign() @ np.where(ours & venue, carried, 0.0) * record.visits_per_week
    return np.asarray(record.weeks * (of_each * (on_routes @ carried) + visits))
