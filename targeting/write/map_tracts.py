"""The tracts as the map shades them: density classes, figures by language, close leads, hot spots."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting import moe
from targeting.certainty import reliability
from targeting.languages import told_apart
from targeting.scores import Scores

Geometries = npt.NDArray[np.object_]
SQUARE_MILE = 2_589_988.110336  # in m²
NO_LEAD, NO_RIVAL = -2, -1
ROUND_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def tract_columns(
    scores: Scores, classes: npt.NDArray[np.int64], hot: pd.DataFrame, counties: list[str]
) -> dict[str, Any]:
    """Return what the page knows of each tract, column by column, in the order of their shapes.

    `people`, `margins`, `reliability` and `classes` have one entry a language, `hot` lists the
    groups with a hot spot there, `county` is a position.
    """
    tracts, certainty = scores.tracts, scores.campaign.certainty
    keys = [language.column for language in scores.languages]
    groups = list(told_apart(scores.languages))
    people = tracts.estimates[keys].to_numpy(float)
    margins = tracts.margins[keys].to_numpy(float)
    sure = reliability(people, margins, certainty.cv_limits)
    few = certainty.smallest_count
    return {
        "name": [
            name.removesuffix(f", {county}") for name, county in zip(tracts.names, tracts.county, strict=True)
        ],
        "county": [counties.index(county) for county in tracts.county],
        "residents": [
            [told(number, few), round(margin)]
            for number, margin in zip(tracts.population, tracts.population_moe, strict=True)
        ],
        "people": [[told(number, few) for number in row] for row in people],
        "margins": margins.round().astype(int).tolist(),
        # of nobody, without error, there is none: "-" keeps the place of the languages after it
        "reliability": ["".join((word or "-")[0] for word in row) for row in sure],
        "classes": classes.tolist(),
        "most": [groups.index(most) if most in groups else -1 for most in scores.predominant],
        "rival": close_rivals(scores, hot).tolist(),
        "hot": [np.flatnonzero(row).tolist() for row in hot[groups].to_numpy(bool)],
    }


def told(people: float, smallest: float) -> int | None:
    """Return whole people, None where they are too few to be told (`targeting.wording.count`)."""
    whole = round(people)
    return None if 0 < whole < smallest else whole


def class_breaks(density: npt.NDArray[np.float64]) -> list[float]:
    """Return the upper ends of all classes but the last: fifths of the tracts with anyone.

    They are round numbers, set before tracts are classed: the legend's numbers are the real ends.
    """
    some = density[density > 0]
    if not len(some):
        return []
    ends = {_round_number(end) for end in np.quantile(some, [0.2, 0.4, 0.6, 0.8])}
    kept = [0.0]
    for end in sorted(ends):
        if end < some.max() and ((kept[-1] < some) & (some <= end)).any():  # no class is empty
            kept.append(end)
    return kept[1:]


def _round_number(value: float) -> float:
    """Return the nearest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{min(ROUND_STEPS, key=lambda step: abs(step * power - value)) * power:.2g}")


def classify(density: npt.NDArray[np.float64], breaks: list[float]) -> npt.NDArray[np.int64]:
    """Return the class of each tract, from 1; 0 where nobody was counted."""
    classes = np.searchsorted(breaks, density, side="left") + 1
    return np.where(density > 0, classes, 0).astype(np.int64)


def densities(scores: Scores, polygons: Geometries) -> npt.NDArray[np.float64]:
    """Return people per square mile of tract, shape (tracts, languages); polygons are in metres."""
    keys = [language.column for language in scores.languages]
    square_miles = shapely.area(polygons)[:, None] / SQUARE_MILE
    people = scores.tracts.estimates[keys].to_numpy(float)
    density: npt.NDArray[np.float64] = np.zeros(people.shape)
    np.divide(people, square_miles, out=density, where=square_miles > 0)
    return density


def close_rivals(scores: Scores, hot: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return for each tract the group that its predominant one is not surely larger than.

    It is `NO_RIVAL` where there is none, and `NO_LEAD` where the predominant one is not surely larger than
    the others either, but they all have an estimate of zero: none of them is to be named its rival.
    The difference from the largest other passes the 90% test when |A - B| > 1.645 sqrt(SE_A² + SE_B²).
    Where only hot spots count, only the languages that have one in the tract are compared.
    """
    groups = list(told_apart(scores.languages))
    people = scores.tracts.estimates[groups].to_numpy(float)
    error = moe.standard_error(scores.tracts.margins[groups])
    others = people.copy()
    if scores.campaign.placement.area == "hotspot":
        others[~hot[groups].to_numpy(bool)] = -1.0
    lead = np.array([groups.index(key) if key in groups else -1 for key in scores.predominant])
    row = np.arange(len(lead))
    others[row, lead] = -1.0
    rival = others.argmax(axis=1)
    gap = np.abs(people[row, lead] - people[row, rival])
    close = gap <= moe.Z90 * np.hypot(error[row, lead], error[row, rival])
    named = np.where(others[row, rival] > 0, rival, NO_LEAD)
    return np.where((lead >= 0) & (others[row, rival] >= 0) & close, named, NO_RIVAL)
