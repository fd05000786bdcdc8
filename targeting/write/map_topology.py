"""Shapes that share borders, written once: TopoJSON, in whole steps of 1e-5 degrees (about a metre).

A border between two tracts, or of a county, is one arc that both refer to: it cannot part into
slivers, and it costs its bytes only once.
"""

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

Geometries = npt.NDArray[np.object_]
Point = tuple[int, int]
STEPS = 1e5  # to a degree


def topology(layers: Mapping[str, Geometries], crs: Any) -> dict[str, Any]:
    """Return layers of polygons as one TopoJSON topology.

    Parameters
    ----------
    layers : mapping of name to array of Polygon or MultiPolygon
        Shared borders must run through the same points.
    crs
        Of the polygons.
    """
    shapes = {name: [_rings(shape) for shape in _degrees(layer, crs)] for name, layer in layers.items()}
    arcs = _Arcs(ring for layer in shapes.values() for shape in layer for part in shape for ring in part)
    objects = {
        name: {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "MultiPolygon", "arcs": [[arcs.of(ring) for ring in part] for part in shape]}
                for shape in layer
            ],
        }
        for name, layer in shapes.items()
    }
    return {
        "type": "Topology",
        "transform": {"scale": [1 / STEPS, 1 / STEPS], "translate": [0, 0]},
        "arcs": [np.diff(arc, axis=0, prepend=0).tolist() for arc in arcs.numbers],
        "objects": objects,
    }


def steps(lines: shapely.Geometry) -> list[list[int]]:
    """Return the parts of a line in degrees: [latitude, longitude, then the step to each next point, …]."""
    parts = []
    for part in shapely.get_parts(lines):
        points = np.round(shapely.get_coordinates(part)[:, ::-1] * STEPS).astype(int)
        moves = np.diff(points, axis=0, prepend=0)
        kept = np.append(True, moves[1:].any(axis=1))
        parts.append(moves[kept].ravel().tolist())
    return parts


class _Arcs:
    """The arcs of rings, cut wherever three borders meet."""

    def __init__(self, rings: Any) -> None:
        self.numbers: dict[tuple[Point, ...], int] = {}
        beside: dict[Point, set[Point]] = defaultdict(set)
        for ring in rings:
            for here, there in pairwise(ring):
                beside[here].add(there)
                beside[there].add(here)
        self._cuts = {point for point, others in beside.items() if len(others) != 2}

    def of(self, ring: list[Point]) -> list[int]:
        """Return the arcs of a closed ring; ~n is arc n backwards."""
        open_ring = ring[:-1]
        cuts = [at for at, point in enumerate(open_ring) if point in self._cuts]
        # a ring that no other touches begins at the same point whoever draws it
        start = cuts[0] if cuts else open_ring.index(min(open_ring))
        turned = [*open_ring[start:], *open_ring[:start], open_ring[start]]
        ends = [at for at, point in enumerate(turned) if point in self._cuts] or [0, len(turned) - 1]
        return [self._number(tuple(turned[here : there + 1])) for here, there in pairwise(ends)]

    def _number(self, arc: tuple[Point, ...]) -> int:
        if arc not in self.numbers and arc[::-1] in self.numbers:
            return ~self.numbers[arc[::-1]]
        return self.numbers.setdefault(arc, len(self.numbers))


def _degrees(layer: Geometries, crs: Any) -> gpd.GeoSeries:
    return gpd.GeoSeries(layer, crs=crs).to_crs(4326)


def _rings(shape: shapely.Geometry) -> list[list[list[Point]]]:
    """Return the rings of every part, its outer one first, in whole steps."""
    parts = [[_ring(ring) for ring in shapely.get_rings(part)] for part in shapely.get_parts(shape)]
    return [[ring for ring in part if ring] for part in parts if part and part[0]]


def _ring(ring: shapely.Geometry) -> list[Point]:
    """Return a ring without points that fall together; empty where nothing of it is left."""
    points = np.round(shapely.get_coordinates(ring) * STEPS).astype(int)
    moved = np.append(True, np.diff(points, axis=0).any(axis=1))
    kept = [(int(x), int(y)) for x, y in points[moved]]
    return kept if len(kept) > 3 else []
