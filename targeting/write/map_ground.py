"""The ground of the map: outlines, water, streets, and places for the names of counties.

No figure depends on it, nor it on any figure, so that it is taken from a cache where the same was drawn
before.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.affinity import scale

from targeting.cache import Cache, key_of
from targeting.feed import Feed
from targeting.ground import plane
from targeting.tracts import Tracts
from targeting.write.map_geometry import clear_places, one_line_per_street, simplified
from targeting.write.map_topology import steps, topology

Geometries = npt.NDArray[np.object_]
WATER_TOLERANCE_M = 25.0
POND_M2 = 50_000.0
NAME_SQUEEZE = 1 / 4  # a name is wide and low: it needs more room beside than above it
SPOTS = 8  # for the name of a county, of which the page takes the first that nothing covers


@dataclass(frozen=True)
class Ground:
    """What the map draws of the land.

    Attributes
    ----------
    topology : dict
        TopoJSON of counties, by name, and for staff of tracts.
    water : list or None
        The rings of each area, in steps; None where no water is given.
    spots : list of lists of [latitude, longitude]
        Places for the name of each county, the clearest first.
    streets : GeoSeries
        The lines of each route, each street once, in metres.
    """

    topology: dict[str, Any]
    water: list[list[list[int]]] | None
    spots: list[list[list[float]]]
    streets: gpd.GeoSeries


def derive_ground(
    cache: Cache | None, feed: Feed, tracts: Tracts, water: gpd.GeoSeries | None, *, public: bool
) -> Ground:
    """Return the ground of a map.

    Parameters
    ----------
    cache : Cache or None
        None to draw it in any case.
    feed : Feed
    tracts : Tracts
    water : GeoSeries or None
    public : bool
        Without the tracts.
    """
    if cache is None:
        return _drawn(feed, tracts, water, public)
    areas = [] if water is None else [str(water.crs), *shapely.to_wkb(water.to_numpy())]
    key = key_of(
        "ground of a map",
        [
            public, str(plane(feed)),
            str(tracts.geometry.crs), *shapely.to_wkb(tracts.geometry.to_numpy()), *tracts.county,
            *feed.lines.index, *shapely.to_wkb(feed.lines.to_numpy()),
            *areas,
        ],
    )  # fmt: skip
    kept = cache.get(key, lambda content: _ground_from(content, feed))
    if kept is not None:
        return kept
    ground = _drawn(feed, tracts, water, public)
    streets = pd.DataFrame({"street": shapely.to_wkb(ground.streets.to_numpy())}, index=feed.lines.index)
    cache.put(key, {**vars(ground), "streets": streets})
    return ground


def _ground_from(kept: dict[str, Any], feed: Feed) -> Ground:
    streets = shapely.from_wkb(kept.pop("streets")["street"].to_numpy(object))
    return Ground(**kept, streets=gpd.GeoSeries(streets, index=feed.lines.index, crs=plane(feed)))


def _drawn(feed: Feed, tracts: Tracts, water: gpd.GeoSeries | None, public: bool) -> Ground:
    crs = plane(feed)
    drawn = simplified(tracts.geometry.to_crs(crs).to_numpy())
    names = sorted(set(tracts.county))
    counties = [_joined(drawn[(tracts.county == county).to_numpy()]) for county in names]
    shapes = {"counties": np.array(counties, dtype=object)} | ({} if public else {"tracts": drawn})
    lines = gpd.GeoSeries(feed.lines, crs=4326).to_crs(crs)
    return Ground(
        topology=topology(shapes, crs),
        water=None if water is None else _water(water.to_crs(crs), counties),
        spots=_county_spots(names, counties, lines),
        streets=gpd.GeoSeries([one_line_per_street(line) for line in lines], index=lines.index, crs=crs),
    )


def _joined(tracts: Geometries) -> shapely.Geometry:
    """Return the union of tracts with all the points of its border, as the tracts have them."""
    if shapely.coverage_is_valid(tracts):
        return shapely.coverage_union_all(tracts)
    return shapely.union_all(tracts)


def _water(areas: gpd.GeoSeries, counties: list[shapely.Geometry]) -> list[list[list[int]]]:
    """Return the rings of the water in and about the counties, part by part; ponds are left out."""
    ground = shapely.box(*shapely.total_bounds(np.array(counties, dtype=object)))
    polygons = areas[areas.geom_type.isin(("Polygon", "MultiPolygon"))].make_valid().to_numpy()
    wet = shapely.simplify(shapely.intersection(shapely.union_all(polygons), ground), WATER_TOLERANCE_M)
    parts = [part for part in shapely.get_parts(wet) if part.area > POND_M2]
    drawn = gpd.GeoSeries(parts, crs=areas.crs).to_crs(4326)
    return [[steps(ring)[0] for ring in shapely.get_rings(part)] for part in drawn]


def _county_spots(
    names: list[str], whole: list[shapely.Geometry], lines: gpd.GeoSeries
) -> list[list[list[float]]]:
    """Return places clear of routes for the name of every county with service, the clearest first."""
    service = scale(shapely.box(*lines.total_bounds), NAME_SQUEEZE, 1, origin=(0, 0))
    streets = scale(
        shapely.geometrycollections(lines.simplify(100).to_numpy()), NAME_SQUEEZE, 1, origin=(0, 0)
    )
    tree = shapely.STRtree(shapely.get_parts(streets))
    found: list[list[list[float]]] = []
    for name, county in zip(names, whole, strict=True):
        inside = shapely.intersection(scale(county, NAME_SQUEEZE, 1, origin=(0, 0)), service)
        spots = [] if name.isdigit() or not inside.area else clear_places(inside, tree, SPOTS)
        wide = [scale(spot, 1 / NAME_SQUEEZE, 1, origin=(0, 0)) for spot in spots]
        places = gpd.GeoSeries(wide, crs=lines.crs).to_crs(4326)
        found.append([[round(spot.y, 5), round(spot.x, 5)] for spot in places])
    return found
