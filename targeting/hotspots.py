"""Hot spots: the tracts where a language concentrates, by the City of Portland's published rule.

The Bureau of Planning and Sustainability drew language overlays in 2021 by six tests for every
language (github.com/BPSTechServices/lep-mapping: README and process_language_spatial_stats.R). Three
*measures* of its speakers in a tract (the *estimate*; its *share* of people of 5 years and over; its
*density* per square mile) each meet two *neighbourhoods* (the 5 *nearest* tracts by centroid; the
*band* of all tracts within 1.6 km of the centroid). The rule is read here as their program applies it:

- A test flags a tract whose estimate is not zero when **either** Gi* of the measure over the
  neighbourhood is at least 1.96, **or** the tract is dense by that measure. A tract is hot when any of
  the six tests flags it.
- *Dense by a measure*: the tract's value is above the median of that same measure, taken over the
  region's tracts where it is not zero, **and** more than 85 speakers of the language live on a square
  mile: 40 where the measure is the share. The density asked for is always the language's own. The
  neighbourhood plays no part, so both tests of a measure share it.
- Gi* (Ord and Getis 1995) sets the sum over the tract *and* its neighbours against what the region's
  mean would give, in standard errors: with W tracts of n in the neighbourhood, x̄ the mean and
  s² = Σx²/n − x̄², z = (Σ x − W x̄) / (s √((n W − W²) / (n − 1))).
- The sample is all tracts of the census table where people live; tracts of population zero are out.
- A tract with no other within the band is judged by its own value, z = (x − x̄) / s, as in the City's
  program, where it is its own only neighbour. In Portland's region that is more than a third of the
  tracts; `HotspotRule.lone` = False leaves them out of Gi* by band.

The City's weights are row-standardised; Gi* does not depend on their scale, so that weights of 1 give
the same.

Where it misleads: estimates are taken as they are, though most of a tract's figures have margins as
large as themselves; six tests a tract find more than one alone would; and many tracts are hot for
being dense only (in Portland's region two of three for Spanish). Hot spots of several languages
overlap. They say where to look first, not that nobody speaks the language elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting import moe
from targeting.languages import Language
from targeting.tracts import Tracts

MEASURES = ("estimate", "share", "density")
NEIGHBOURHOODS = ("nearest", "band")
TESTS = tuple((measure, around) for measure in MEASURES for around in NEIGHBOURHOODS)
SQ_M_PER_SQ_MI = 1609.344**2
SAME_M = 0.001  # distances that agree to the millimetre are equal
FIRST_REACH_M = 1000.0  # within which the nearest are looked for first, then within twice as much
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.object_]


@dataclass(frozen=True)
class HotspotRule:
    """The thresholds of the rule; the defaults are the City of Portland's.

    Attributes
    ----------
    z : float
        Least Gi* of a hot spot.
    nearest : int
        Tracts nearest to the tract's centroid, itself not counted.
    band_m : float
        Distance between centroids, metres.
    dense_estimate, dense_share, dense_density : float
        Speakers of the language per square mile, more than which make a tract dense when its
        estimate, share or density is above the median.
    lone : bool
        Whether a tract without another in the band is judged by its own value.
    """

    z: float = 1.96
    nearest: int = 5
    band_m: float = 1600.0
    dense_estimate: float = 85.0
    dense_share: float = 40.0
    dense_density: float = 85.0
    lone: bool = True


def find_hotspots(
    people: "pd.Series[float]",
    population: "pd.Series[float]",
    area_sq_mi: "pd.Series[float]",
    centroids_xy_m: Floats,
    rule: HotspotRule,
) -> pd.DataFrame:
    """Return the six Gi* of every tract for one language, and whether and why it is hot.

    Parameters
    ----------
    people, population, area_sq_mi : Series indexed by GEOID
        Speakers of the language, people of 5 years and over, and square miles, in one order.
    centroids_xy_m : ndarray, shape (tracts, 2)
        In the same order, in metres of a local projection.
    rule : HotspotRule

    Returns
    -------
    DataFrame indexed by GEOID, in the order given
        `gi_estimate_nearest`, `gi_estimate_band`, `gi_share_nearest`, … : z values, not a number
        outside the sample, where all values are equal, and where the neighbourhood is all tracts.
        `hot_estimate_nearest`, … : bool, the six tests. `dense_estimate`, `dense_share`,
        `dense_density`: bool, their dense half. `hot`: bool, any of the six. `why`: such as
        "estimate (Gi* nearest, dense), share (dense)", empty where not hot.

    Notes
    -----
    The result does not depend on the order of rows: of tracts equally near (to the millimetre) the
    one with the lower GEOID comes first.
    """
    values = pd.DataFrame(
        {
            "estimate": people,
            "share": people / population.where(population > 0),
            "density": people / area_sq_mi.where(area_sq_mi > 0),
        },
        index=people.index,
        dtype=float,
    )
    sample = values[values.notna().all(axis=1)].sort_index()
    place = people.index.get_indexer(sample.index)
    xy = np.asarray(centroids_xy_m, float)[place]
    around = _neighbourhoods(xy.tobytes(), rule.nearest, rule.band_m)
    figures = {measure: sample[measure].to_numpy() for measure in MEASURES}
    some = figures["estimate"] > 0
    gi, high, dense = {}, {}, {}
    for measure, name in TESTS:
        z = local_gi_star(figures[measure], around[name])
        if name == "band" and not rule.lone:
            z[np.bincount(around[name][0], minlength=len(z)) == 1] = np.nan
        gi[measure, name] = z
        high[measure, name] = some & (z >= rule.z)
    for measure, values_of in figures.items():
        typical = np.median(values_of[some]) if some.any() else 0.0
        enough = figures["density"] > getattr(rule, f"dense_{measure}")
        dense[measure] = some & (values_of > typical) & enough
    hot = {(measure, name): high[measure, name] | dense[measure] for measure, name in TESTS}

    def everywhere(found: npt.NDArray[Any], outside: float | bool | str) -> npt.NDArray[Any]:
        every = np.full(len(people), outside, found.dtype)
        every[place] = found
        return every

    why = np.array(_why(high, dense), dtype=object)
    return pd.DataFrame(
        {
            **{f"gi_{measure}_{name}": everywhere(gi[measure, name], np.nan) for measure, name in TESTS},
            **{f"dense_{measure}": everywhere(dense[measure], False) for measure in MEASURES},
            **{f"hot_{measure}_{name}": everywhere(hot[measure, name], False) for measure, name in TESTS},
            "hot": everywhere(np.any(list(hot.values()), axis=0), False),
            "why": pd.array(everywhere(why, ""), dtype="str"),
        },
        index=people.index,
    )


def hotspots_of(tracts: Tracts, keys: Sequence[str], rule: HotspotRule) -> dict[str, pd.DataFrame]:
    """Return the hot spots of language groups over the tracts of a campaign.

    Parameters
    ----------
    tracts : Tracts
    keys : sequence of str
        Columns of `tracts.estimates`.
    rule : HotspotRule

    Returns
    -------
    dict of key to DataFrame
        Result of `find_hotspots`, areas and centroids taken in the local UTM projection.
    """
    polygons = tracts.geometry.to_crs(tracts.zone)
    centroids = polygons.centroid
    xy = np.column_stack([centroids.x, centroids.y])
    area_sq_mi = polygons.area / SQ_M_PER_SQ_MI
    return {
        key: find_hotspots(tracts.estimates[key], tracts.population, area_sq_mi, xy, rule) for key in keys
    }


def hot_table(spots: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return bools, shape (tracts, keys): the areas that `predominant` may take for a language's."""
    return pd.DataFrame({key: table["hot"] for key, table in spots.items()})


def hotspot_rows(
    tracts: Tracts, languages: Sequence[Language], spots: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return one row a language × tract where it is spoken, for tables, JSON and GIS.

    Returns
    -------
    DataFrame
        `GEOID`, `name`, `county`, `language` (tag), `measured_as`, `people`, `people_moe`, `hot`,
        `why` and the six `gi_…`. Languages in the given order, tracts by GEOID.
    """
    names, counties = tracts.names.to_numpy(), tracts.county.to_numpy()
    parts = []
    for language in languages:
        key = language.column
        table = spots[key]
        place = tracts.names.index.get_indexer(table.index)
        part = pd.DataFrame(
            {
                "GEOID": table.index,
                "name": names[place],
                "county": counties[place],
                "language": language.tag,
                "measured_as": language.measured_as,
                "people": tracts.estimates[key].to_numpy(float)[place],
                "people_moe": tracts.margins[key].to_numpy(float)[place],
                "hot": table["hot"].to_numpy(),
                "why": table["why"].to_numpy(),
                **{f"gi_{test}": table[f"gi_{test}"].to_numpy() for test in map("_".join, TESTS)},
            }
        )
        parts.append(part[part["people"] > 0].sort_values("GEOID", kind="stable"))
    return pd.concat(parts, ignore_index=True)


def hotspot_summary(
    tracts: Tracts, languages: Sequence[Language], spots: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return how far each language concentrates, one row a language.

    Returns
    -------
    DataFrame
        `language` (tag), `measured_as`, `tracts` (where it is spoken), `hot_tracts`, of which
        `by_gi_star` (Gi* is high in any test; the others are dense only), `people`, `people_hot`
        (in hot tracts) and `people_hot_moe`, `people_hot_share` of the language's people, and
        `residents_hot_share`, of all residents, who live in those tracts: the more the two shares
        differ, the more the language concentrates.
    """
    rows = []
    for language in languages:
        key = language.column
        table, people = spots[key], tracts.estimates[key]
        hot = table["hot"].reindex(people.index)
        total, inside = float(people.sum()), float(people[hot].sum())
        residents = float(tracts.population.sum())
        rows.append(
            {
                "language": language.tag,
                "measured_as": language.measured_as,
                "tracts": int((people > 0).sum()),
                "hot_tracts": int(hot.sum()),
                "by_gi_star": int(table["why"].str.contains("Gi*", regex=False).sum()),
                "people": total,
                "people_hot": inside,
                "people_hot_moe": moe.of_sum(people[hot], tracts.margins[key][hot]),
                "people_hot_share": inside / total if total else np.nan,
                "residents_hot_share": tracts.population[hot].sum() / residents if residents else np.nan,
            }
        )
    return pd.DataFrame(rows)


def local_gi_star(values: Floats, pairs: tuple[Ints, Ints]) -> Floats:
    """Return the z value of local Gi* (Ord and Getis 1995), not a number where it has none.

    Parameters
    ----------
    values : ndarray, shape (places,)
    pairs : (place, neighbour)
        Positions; every place is its own neighbour too.
    """
    count = len(values)
    undefined: Floats = np.full(count, np.nan)
    if count < 2 or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return undefined
    around = np.bincount(pairs[0], minlength=count).astype(float)
    total = np.bincount(pairs[0], values[pairs[1]], minlength=count)
    spread = values.std() * np.sqrt((count * around - around**2) / (count - 1))
    # a neighbourhood of all places has no spread
    return np.asarray(np.divide(total - around * values.mean(), spread, out=undefined, where=around < count))


@lru_cache(maxsize=1)  # of all languages of a region they are the same
def _neighbourhoods(centroids: bytes, nearest: int, band_m: float) -> dict[str, tuple[Ints, Ints]]:
    """Return the pairs of each place and its neighbours, itself among them, by kind of neighbourhood."""
    places = shapely.points(np.frombuffer(centroids).reshape(-1, 2))
    tree = shapely.STRtree(places)
    return {
        "nearest": _nearest(tree, places, min(nearest, len(places) - 1)),
        "band": _in_order(*_within(tree, places, band_m + SAME_M)),
    }


def _nearest(tree: shapely.STRtree, places: Places, count: int) -> tuple[Ints, Ints]:
    """Return pairs of each place, itself and the `count` others nearest to it, the first of equals first."""
    reach = np.full(len(places), FIRST_REACH_M)
    short = np.arange(len(places))
    while len(short):
        found, _ = _within(tree, places[short], reach[short])
        short = short[np.bincount(found, minlength=len(short)) <= count]
        reach[short] *= 2
    place, other = _within(tree, places, reach + 2 * SAME_M)
    steps = np.round(shapely.distance(places[place], places[other]) / SAME_M)
    steps[place == other] = -1
    order = np.lexsort([other, steps, place])
    place, other = place[order], other[order]
    near = np.arange(len(place)) - np.searchsorted(place, place) <= count
    return _in_order(place[near], other[near])


def _within(tree: shapely.STRtree, places: Places, distance_m: "float | Floats") -> tuple[Ints, Ints]:
    """Return pairs of each place and all of the tree at most so far away, itself among them."""
    place, other = tree.query(places, predicate="dwithin", distance=distance_m)
    return place, other


def _in_order(place: Ints, neighbour: Ints) -> tuple[Ints, Ints]:
    order = np.lexsort([neighbour, place])
    return place[order], neighbour[order]


def _why(high: Mapping[tuple[str, str], Flags], dense: Mapping[str, Flags]) -> list[str]:
    """Return for each tract by which tests it is hot, and by which half of them.

    Parameters
    ----------
    high : mapping of test to ndarray of bool, shape (tracts,)
    dense : mapping of measure to ndarray of bool, shape (tracts,)
    """
    texts: list[list[str]] = [[] for _ in dense["density"]]
    for measure in MEASURES:
        halves = {f"Gi* {name}": high[measure, name] for name in NEIGHBOURHOODS} | {"dense": dense[measure]}
        for row in np.flatnonzero(np.any(list(halves.values()), axis=0)):
            reasons = [half for half, holds in halves.items() if holds[row]]
            texts[row].append(f"{measure} ({', '.join(reasons)})")
    return [", ".join(text) for text in texts]
