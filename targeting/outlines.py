"""Outlines of tracts made sound: they may be empty, cross themselves, or run around the world."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from targeting.errors import TractError
from targeting.layers import in_degrees
from targeting.notices import Notices

MANY_POINTS = 10_000  # of one outline: to find out whether it is sound could take minutes …
SAMPLE = 20_000  # … and so many of its edges tell whether it will
ORDINARY_MEETINGS = 4  # of an edge with the boxes of others: itself, its neighbours, and few more
MOST_MEETINGS = 50_000  # beyond that, in all outlines together: GEOS then takes a second or two to mend them
PIECE = 2_000_000  # meetings counted at a time
WIDEST_DEGREES = 180.0
SMALLEST_AREA = 1e-11  # square degrees: a tenth of a square metre


def sound_outlines(shapes: gpd.GeoSeries, path: Path, notices: Notices) -> gpd.GeoSeries:
    """Return the outlines that have an area, mended where they cross themselves, in EPSG:4326.

    Parameters
    ----------
    shapes : GeoSeries indexed by GEOID
        In the file's own coordinate system.
    path : Path
        The file, for messages.
    notices : Notices

    Raises
    ------
    TractError
        When a shape is no outline, a tangle, not on earth, or runs around it.
    """
    some = shapes[~(shapes.isna() | shapes.is_empty)]
    if not some.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        kinds = ", ".join(sorted(set(some.geom_type) - {"Polygon", "MultiPolygon"}))
        raise TractError(
            f"{path.name}: holds shapes that are no polygons ({kinds}); region.tracts needs the tracts' "
            "outlines."
        )
    _refuse_tangles(some[shapely.get_num_coordinates(some.to_numpy()) > MANY_POINTS], path, SAMPLE)
    broken = ~some.is_valid
    if broken.any():
        _refuse_tangles(some[broken], path)
        notices.add(
            "invalid_polygon",
            f"{path.name}: {int(broken.sum())} polygons cross themselves (first: "
            f"{some.index[broken][0]}) and were mended.",
            file=path.name,
            severity="info",
            count=int(broken.sum()),
        )
        # the older method joins lines, and takes a minute where an outline of 400 points is a scribble
        whole = some[broken].make_valid(method="structure", keep_collapsed=False)
        some[broken] = [_areas(shape) for shape in whole]
    some = in_degrees(some, path)
    some = some[(shapely.area(some.to_numpy()) > SMALLEST_AREA)]
    _refuse_wide(some, path)
    if len(some) < len(shapes):
        nothing = shapes.index[~shapes.index.isin(some.index)]
        notices.add(
            "empty_polygon",
            f"{path.name}: {len(shapes) - len(some)} tracts have an empty outline (first: "
            f"{nothing[0] if len(nothing) else some.index[0]}); they count as having none.",
            file=path.name,
            count=len(shapes) - len(some),
        )
    return some


def _refuse_tangles(shapes: gpd.GeoSeries, path: Path, sample: int | None = None) -> None:
    """Refuse outlines that cross themselves so often that mending them would take for ever."""
    left = MOST_MEETINGS
    for geoid, shape in shapes.items():
        left -= _meetings(_edges(shape), left, sample)
        if left < 0:
            raise TractError(
                f"{path.name}: the outline of {geoid} crosses itself thousands of times, which no tract "
                "does; get the boundaries again."
            )


def _edges(shape: shapely.Geometry) -> npt.NDArray[np.object_]:
    rings = shapely.get_rings(shapely.get_parts(shape))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    ends = np.stack([points[:-1][same], points[1:][same]], axis=1)
    edges: npt.NDArray[np.object_] = shapely.linestrings(ends)
    return edges


def _meetings(edges: npt.NDArray[np.object_], most: int, sample: int | None) -> int:
    """Return how often boxes of edges meet beyond what is ordinary; counting ends above `most`."""
    # in any order but the file's, so that the first few tell how the others are
    mixed = edges[np.random.default_rng(0).permutation(len(edges))[:sample]]
    tree = shapely.STRtree(edges)
    met, done, step = 0, 0, 4
    while done < len(mixed) and met <= ORDINARY_MEETINGS * len(mixed) + most:
        met += tree.query(mixed[done : done + step]).shape[1]
        done = min(done + step, len(mixed))
        step = max(int(PIECE * done / met), 4)
    return max(met - ORDINARY_MEETINGS * len(mixed), 0)


def _areas(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a mended shape, without the lines that mending can leave."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.area(parts) > 0])


def _refuse_wide(shapes: gpd.GeoSeries, path: Path) -> None:
    """Refuse an outline drawn the long way round the world, where it should cross the 180th meridian."""
    parts, position = shapely.get_parts(shapes.to_numpy(), return_index=True)
    bounds = shapely.bounds(parts)
    wide = bounds[:, 2] - bounds[:, 0] > WIDEST_DEGREES
    if wide.any():
        raise TractError(
            f"{path.name}: the outline of {shapes.index[position[wide][0]]} runs around the world; where a "
            "tract crosses the 180th meridian, cut it there into two parts."
        )
