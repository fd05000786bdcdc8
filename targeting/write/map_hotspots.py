"""Hot spots as the map draws them: one outline around the tracts of each group of people."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.hotspots import HotspotRule, hot_table, hotspots_of
from targeting.languages import told_apart
from targeting.scores import Scores


def hot_tracts(scores: Scores) -> pd.DataFrame:
    """Return bools, shape (tracts, groups), by the campaign's thresholds."""
    rule = HotspotRule(**scores.campaign.hotspots.model_dump())
    return hot_table(hotspots_of(scores.tracts, list(told_apart(scores.languages)), rule))


def hot_outlines(hot: npt.NDArray[np.bool_], drawn: npt.NDArray[np.object_], crs: Any) -> list[list[int]]:
    """Return the rings around the union of hot tracts, for little room in the page.

    A ring is [latitude, longitude, then the step to each next point, …] in 1e-5 degrees.

    Parameters
    ----------
    hot : ndarray of bool
    drawn : ndarray of Polygon
        The tracts as the map draws them, so that outlines and tracts share their borders.
    crs
        Of the polygons.
    """
    if not hot.any():
        return []
    borders = shapely.get_rings(shapely.get_parts(shapely.union_all(drawn[hot])))
    rings = []
    for ring in gpd.GeoSeries(borders, crs=crs).to_crs(4326):
        points = np.round(shapely.get_coordinates(ring)[:, ::-1] * 1e5).astype(int)
        steps = np.diff(points, axis=0, prepend=0)
        moves = np.append(True, steps[1:].any(axis=1))
        rings.append(steps[moves].ravel().tolist())
    return rings


def title(scores: Scores) -> str:
    """Return what the layer is called; thresholds other than the City's are said to be."""
    changed = HotspotRule(**scores.campaign.hotspots.model_dump()) != HotspotRule()
    return f"Hot spots (City of Portland's rule{', thresholds changed' if changed else ''})"
