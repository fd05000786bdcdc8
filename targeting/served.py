"""People served: who lives near each route, by language, with margins and bounds.

*Served* people live within walking distance of a stop of the route; a person counts once however
many stops are near. The 90% margin covers sampling error only. What apportioning a tract to a part
of it may add is shown apart, as bounds: `low` counts a tract only where it lies wholly within
walking distance, `high` counts it whole where any of it does.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting import moe
from targeting.catchment import Catchment
from targeting.languages import Language
from targeting.tracts import Tracts

Floats = npt.NDArray[np.float64]


def people_served(catchment: Catchment, tracts: Tracts, languages: Sequence[Language]) -> pd.DataFrame:
    """Return people served, exposure and concentration, one row a route × language.

    Returns
    -------
    DataFrame
        `route_id`, `language`, and in people `served`, `served_moe`, `served_low`, `served_high`,
        `served_area` (if people lived evenly over the tracts, where points are used);
        `share` and `share_moe` (of the people of 5 and over in the catchment), `concentration`
        (that share over the region's, 1 = as in the region, not a number where the region has
        none) and `exposure` (people × weekly departures near them). Routes in the catchment's
        order, languages in the given one.
    """
    keys = [language.column for language in languages]
    people = tracts.estimates[keys].to_numpy(float)
    population = tracts.population.to_numpy(float)[:, None]
    share = catchment.share()

    served = share @ people
    served_moe = margins_of_sums(share, tracts, keys)
    residents = share @ population
    residents_moe = moe.of_weighted_sums(share, population, tracts.population_moe.to_numpy(float)[:, None])
    by_area = catchment.share_by_area
    touched = (catchment.touched + (share > 0)).tocsr()  # a cell may stand just outside its tract
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(residents > 0, served / residents, np.nan)
        region_rate = people.sum(axis=0) / population.sum()
        concentration = np.where(region_rate > 0, rate / region_rate, np.nan)
    columns = {
        "served": served,
        "served_moe": served_moe,
        "served_low": catchment.wholly.astype(float) @ people,
        "served_high": touched.astype(float) @ people,
        "served_area": served if by_area is None else by_area @ people,
        "share": rate,
        "share_moe": moe.of_proportion(served, served_moe, residents, residents_moe),
        "concentration": concentration,
        "exposure": catchment.exposure() @ people,
    }
    rows = pd.MultiIndex.from_product(
        [catchment.routes, [language.tag for language in languages]], names=["route_id", "language"]
    )
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=rows).reset_index()


def coverage(
    tracts: Tracts,
    languages: Sequence[Language],
    near_any: Floats,
    shares: Mapping[str, Floats],
    agencies: Mapping[str, tuple[Floats, Mapping[str, Floats]]] = MappingProxyType({}),
) -> pd.DataFrame:
    """Return people in an area, near any route, and served and reached by a plan, an area × language.

    Parameters
    ----------
    near_any : ndarray, shape (tracts,)
        Share of each tract's people near any route.
    shares : dict of column to ndarray, shape (languages, tracts)
        Shares of each tract's people by language: `served_posted` (near a posted unit) and whatever else
        is to be added up.
    agencies : dict of name to (near_any, shares)
        The same by the routes of one agency alone.

    Returns
    -------
    DataFrame
        `area` ("Region", then the counties by name, then the agencies), `area_kind` (region, county or
        agency), `language`, `lep`, `served_any` and the columns of `shares` with margins `…_moe`, and
        `…_share` of `lep` with its margin for each of `shares`. `lep` of an agency is the region's.
    """
    everywhere = np.ones(len(tracts.names))
    areas: list[tuple[str, str, Floats, Floats, Mapping[str, Floats]]] = [
        ("Region", "region", everywhere, near_any, shares)
    ]
    areas += [
        (county, "county", (tracts.county == county).to_numpy(float), near_any, shares)
        for county in sorted(set(tracts.county))
    ]
    areas += [(agency, "agency", everywhere, *near) for agency, near in agencies.items()]
    weighted = [
        [
            np.vstack([inside, inside * near, *(inside * part[number] for part in parts.values())])
            for _, _, inside, near, parts in areas
        ]
        for number in range(len(languages))
    ]
    all_margins = [
        margins_of_sums(np.vstack(weights), tracts, [language.column]).reshape(len(areas), -1)
        for weights, language in zip(weighted, languages, strict=True)
    ]
    rows = []
    for place, (area, kind, _, _, parts) in enumerate(areas):
        for number, language in enumerate(languages):
            key = language.column
            totals = (weighted[number][place] @ tracts.estimates[[key]].to_numpy(float)).ravel()
            margins = all_margins[number][place]
            row: dict[str, object] = {"area": area, "area_kind": kind, "language": language.tag}
            for name, total, margin in zip(["lep", "served_any", *parts], totals, margins, strict=True):
                row |= {name: total, f"{name}_moe": margin}
                if name in parts:
                    row[f"{name}_share"] = total / totals[0] if totals[0] else np.nan
                    row[f"{name}_share_moe"] = float(moe.of_proportion(total, margin, totals[0], margins[0]))
            rows.append(row)
    return pd.DataFrame(rows)


def margins_of_sums(weights: Any, tracts: Tracts, keys: Sequence[str]) -> Floats:
    """Return 90% margins of weighted sums over tracts, shape (sums, keys).

    Where a group was split into languages, the split's own error is one for all tracts of a control
    area: it adds up linearly within the area, and by squares with everything else.

    Parameters
    ----------
    weights : array or sparse matrix, shape (sums, tracts)
    keys : sequence of str
        Columns of `tracts.estimates`.
    """
    split, areas = tracts.split_margins, tracts.split_areas
    if split is None or areas is None:
        estimates, margins = (
            np.column_stack([table[key].to_numpy(float) for key in keys])
            for table in (tracts.estimates, tracts.margins)
        )
        return moe.of_weighted_sums(weights, estimates, margins)
    keys = list(keys)
    return margins_of_figures(weights, tracts.estimates[keys], tracts.margins[keys], split[keys], areas[keys])


def margins_of_figures(
    weights: Any,
    estimates: pd.DataFrame,
    margins: pd.DataFrame,
    split_margins: pd.DataFrame | None,
    split_areas: pd.DataFrame | None,
) -> Floats:
    """Return 90% margins of weighted sums over tracts, shape (sums, columns), as `margins_of_sums` does.

    Parameters
    ----------
    weights : array or sparse matrix, shape (sums, tracts)
    estimates, margins, split_margins, split_areas : DataFrame, shape (tracts, columns)
        As `Tracts` has them.
    """
    sampling = moe.of_weighted_sums(weights, estimates.to_numpy(float), margins.to_numpy(float))
    if split_margins is None or split_areas is None:
        return sampling
    squares = sampling**2
    for position, key in enumerate(estimates.columns):
        extra = split_margins[key].to_numpy(float)
        area = split_areas[key].to_numpy(object)
        for one in sorted(set(area[extra > 0])):
            squares[:, position] += np.asarray(weights @ np.where(area == one, extra, 0.0)).ravel() ** 2
    return np.asarray(np.sqrt(squares))


def exposure_by_group(catchment: Catchment, people: pd.DataFrame) -> pd.DataFrame:
    """Return people × weekly departures near them, indexed by route, a column a group.

    Parameters
    ----------
    people : DataFrame, shape (tracts, groups)
    """
    return pd.DataFrame(
        catchment.exposure() @ people.to_numpy(float),
        index=catchment.routes,
        columns=people.columns,
    )
