"""Coverage over all regions of a batch, by language: people near two agencies count once.

A tract that stands in one region adds what that region's plan says of it. Where a tract stands in several,
the stops of all of them are laid over one set of its cells: near any route, near a posted one, and rides
added up before the curve of reach, people · (1 − exp(−Σ rides)), with each region's rides as its own plan
counts them.

Such a tract has one set of figures, outlines and population points: of the region whose census release is
the newest; of equal releases the one with population points, then the one with most tracts. Regions that
know a tract by different figures and do not name their releases (`region.acs_release`) are refused, and so
are outlines of different tracts that lie over each other, as those of 2010 and 2020 do.
"""

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
import shapely

from targeting import moe
from targeting.batch_ground import read_ground
from targeting.batch_union import Group, Planned, union_of
from targeting.errors import TractError
from targeting.served import margins_of_figures

OVERLAP = 0.1  # of the smaller of two tracts: boundaries drawn coarsely overlap by less
MEASURED = ["language", "measured_as", "measure"]
FIGURES = ("lep", "served_any", "served_posted", "reach")


def national_rows(
    regions: Sequence[Planned],
    run: Callable[[Callable[[Group], pd.DataFrame], list[Group]], Iterable[pd.DataFrame]] = map,
) -> pd.DataFrame:
    """Return coverage over all regions, one row a language and way in which it is counted.

    Parameters
    ----------
    regions : sequence of Planned
        One at least.
    run : callable
        Applies a function to each group of shared tracts, as `map` does; a cluster's may be given.

    Returns
    -------
    DataFrame
        `language`, `language_name`, `measured_as`, `measure`; `regions` (that print it), `tracts`,
        `shared_tracts` (that stand in several regions); people `lep`, `served_any`, `served_posted`,
        `reach` with margins `…_moe`, and of the last two `…_share` of `lep` with its margin. The languages
        with most people come first.

    Raises
    ------
    TractError
        When regions know one place by different figures.
    """
    tracts = pd.concat([_tracts(number, region) for number, region in enumerate(regions)])
    people = pd.concat([_people(number, region) for number, region in enumerate(regions)])
    _refuse_conflicts(regions, tracts, ["geoid"], ["population", "population_moe"])
    measured = people[people["split_area"] == ""]  # a split depends on the region's other tracts too
    _refuse_conflicts(regions, measured, ["geoid", *MEASURED], ["people", "margin"])
    _refuse_overlaps(regions, tracts)

    groups = _groups(regions, tracts)
    together = pd.concat(run(union_of, groups)) if groups else None
    figures = _figures(regions, tracts, people, together)
    shared = {geoid for group in groups for geoid in group.geoids}
    printed = people.groupby(MEASURED)["region"].nunique()
    names = {row["language"]: row["language_name"] for each in regions for row in each.record.coverage}
    rows = [
        {
            **dict(zip(MEASURED, key, strict=True)),
            "language_name": names[key[0]],
            "regions": int(printed[key]),
            "tracts": len(its),
            "shared_tracts": int(its["geoid"].isin(shared).sum()),
            **_sums(its),
        }
        for key, its in figures.groupby(MEASURED)
    ]
    table = pd.DataFrame(rows).sort_values(
        ["measure", "lep", *MEASURED], ascending=[True, False, *[True] * 3]
    )
    first = ["language", "language_name", "measured_as", "measure"]
    return table[[*first, *table.columns.drop(first)]].reset_index(drop=True)


def _tracts(number: int, region: Planned) -> pd.DataFrame:
    columns = ["geoid", "population", "population_moe", "near_any"]
    return read_ground(region.folder, "tracts", columns=columns).assign(region=number)


def _people(number: int, region: Planned) -> pd.DataFrame:
    measured_as = {row["language"]: row["measured_as"] for row in region.record.coverage}
    table = read_ground(region.folder, "people")
    return table.assign(
        region=number, measured_as=table["language"].map(measured_as), measure=region.record.measure
    )


def _year(region: Planned) -> int:
    """Return the last year of a region's census release, -1 where it names none."""
    return max(map(int, re.findall(r"(?<![0-9])20[0-9]{2}(?![0-9])", region.record.release)), default=-1)


def _precedence(regions: Sequence[Planned]) -> "np.ndarray":
    """Return the place of each region in the order in which their figures are taken."""
    order = sorted(
        range(len(regions)),
        key=lambda each: (
            -_year(regions[each]), not regions[each].record.points, -regions[each].record.tracts, each,
        ),
    )  # fmt: skip
    return np.argsort(order)


def _refuse_conflicts(
    regions: Sequence[Planned], table: pd.DataFrame, keys: list[str], values: list[str]
) -> None:
    """Refuse figures of one tract that differ, unless the regions' releases say which are the newest."""
    repeated = table[table.duplicated(keys, keep=False)]
    differs = repeated.groupby(keys)[values].transform("nunique").gt(1).any(axis=1)
    odd = repeated[differs]
    odd = odd.assign(year=np.array([_year(region) for region in regions])[odd["region"]])
    for key, its in odd.groupby(keys):
        newest = its[its["year"] == its["year"].max()]
        if its["year"].min() < 0 or len(newest.drop_duplicates(values)) > 1:
            one = its.iloc[0]
            other = its[(its[values] != one[values]).any(axis=1)].iloc[0]
            raise TractError(
                f"tract {key[0]} has other census figures in the region {regions[one['region']].name!r} than "
                f"in {regions[other['region']].name!r}; give both the same table, or name their releases "
                '(acs_release = "2019-2023 5-year") so that the newest can be taken.'
            )


def _refuse_overlaps(regions: Sequence[Planned], tracts: pd.DataFrame) -> None:
    """Refuse tracts of two regions that lie over each other under different GEOIDs."""
    in_county = tracts.groupby(tracts["geoid"].str[:5])["region"].transform("nunique")
    several = tracts.groupby("geoid")["region"].transform("nunique") < in_county
    stands = tracts[several].groupby("geoid")["region"].agg(frozenset)
    if stands.empty:
        return
    first = stands.map(min)
    found = [
        read_ground(regions[number].folder, "tracts", list(its.index), columns=["geoid", "geometry"])
        for number, its in first.groupby(first)
    ]
    outlines = pd.concat(found, ignore_index=True)
    shapes, where = shapely.from_wkb(outlines["geometry"].to_numpy(object)), outlines["geoid"].map(stands)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = [
        first < second and where[first].isdisjoint(where[second])
        for first, second in zip(one, other, strict=True)
    ]
    one, other = one[apart], other[apart]
    common = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    over = common > OVERLAP * np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    if over.any():
        pair = one[over][0], other[over][0]
        a, b = (f"{outlines['geoid'][each]} (in {regions[min(where[each])].name!r})" for each in pair)
        raise TractError(
            f"tracts {a} and {b} lie over each other, so that people would count twice: the regions use "
            "census boundaries of different years; plan them on tables and boundaries of one release."
        )


def _groups(regions: Sequence[Planned], tracts: pd.DataFrame) -> list[Group]:
    """Return the tracts that stand in several regions, by the regions that they stand in."""
    ordered = tracts.assign(place=_precedence(regions)[tracts["region"]]).sort_values("place")
    stands = ordered.groupby("geoid")["region"].agg(tuple)
    stands = stands[stands.map(len) > 1]
    return [
        Group(tuple(regions[number] for number in numbers), tuple(sorted(its.index)))
        for numbers, its in stands.groupby(stands)
    ]


def _figures(
    regions: Sequence[Planned],
    tracts: pd.DataFrame,
    people: pd.DataFrame,
    together: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return people of each tract and language once, with the shares of them that all regions reach."""
    ordered = people.assign(place=_precedence(regions)[people["region"]]).sort_values(["geoid", "place"])
    once = ordered.drop_duplicates(["geoid", *MEASURED])
    near_any = tracts.drop_duplicates("geoid").set_index("geoid")["near_any"]
    if together is None:
        return once.assign(near_any=once["geoid"].map(near_any))
    near_any.update(together.drop_duplicates("geoid").set_index("geoid")["near_any"])
    joined = once.merge(
        together[["geoid", "language", "near_posted", "reach"]],
        on=["geoid", "language"],
        how="left",
        suffixes=("", "_together"),
    )
    return joined.assign(
        near_any=joined["geoid"].map(near_any),
        **{share: joined[f"{share}_together"].fillna(joined[share]) for share in ("near_posted", "reach")},
    )


def _sums(figures: pd.DataFrame) -> dict[str, float]:
    """Return the sums over tracts, their margins, and shares of all people with theirs."""
    shares = figures[["near_any", "near_posted", "reach"]].to_numpy(float)
    weights = np.vstack([np.ones(len(figures)), shares.T])
    totals = weights @ figures["people"].to_numpy(float)
    columns = [figures[[name]].set_axis(["people"], axis=1) for name in
               ("people", "margin", "split_margin", "split_area")]  # fmt: skip
    margins = margins_of_figures(weights, *columns).ravel()
    row: dict[str, float] = {}
    for name, total, margin in zip(FIGURES, totals, margins, strict=True):
        row |= {name: total, f"{name}_moe": margin}
        if name in ("served_posted", "reach"):
            row[f"{name}_share"] = total / totals[0] if totals[0] else np.nan
            row[f"{name}_share_moe"] = float(moe.of_proportion(total, margin, totals[0], margins[0]))
    return row
