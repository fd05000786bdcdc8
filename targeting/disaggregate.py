"""Groups split into named languages, tract by tract, by iterative proportional fitting.

Table C16001 gives twelve groups by tract, B16001 the languages within them for larger areas
(*controls*). Each group is split so that every tract keeps its group's count and every area its
control's proportions; where within the area a language is likelier, country of birth says (B05006).
What comes out is an estimate from a model, not a count: its margin is no smaller than its group's
in proportion, and the part of it that the control adds is shared by all tracts of the area.

Fitting is a few lines of NumPy: the one library (ipfn 1.4.4) loops in Python (20 to 40 times slower),
divides by the zeros that most tracts have, and missed the margins by 4e-4 people at its defaults.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting import moe
from targeting.controls import NATION, ControlledCategory, Controls, categories
from targeting.languages import GROUPS, Language
from targeting.notices import Notices

Floats = npt.NDArray[np.float64]
SPREAD = 0.1  # weight of "as the whole group is spread" beside country of birth: see _seed


@dataclass(frozen=True)
class Split:
    """People by tract and language category; groups that could not be split stay columns.

    Attributes
    ----------
    estimates, margins : DataFrame
        A row a tract; a column a category, or a group's key: a group of one category, a group
        without control, or of a group those tracts that have none. Rows of a group's columns add
        up to the group. Margins are of sampling, the group's times the share.
    split_margins : DataFrame
        Margin that the control's own margin adds. It is one error for all tracts of a control
        area and group: within an area it adds up linearly, not by squares (`margins_of_sums`).
    control_area : DataFrame
        Tract × group: the area whose control was used, "" where the group stayed whole.
    """

    estimates: pd.DataFrame
    margins: pd.DataFrame
    split_margins: pd.DataFrame
    control_area: pd.DataFrame


def split_groups(
    estimates: pd.DataFrame,
    margins: pd.DataFrame,
    *,
    areas: "pd.Series[Any]",
    controls: Controls,
    notices: Notices,
    seeds: pd.DataFrame | None = None,
    groups: Collection[str] | None = None,
    spread: float = SPREAD,
) -> Split:
    """Split groups into the categories of table B16001.

    Only the proportions of a control count: they are applied to the group's people in the tracts
    given, so a control may be of another vintage or of an area that reaches beyond the tracts.

    Parameters
    ----------
    estimates, margins : DataFrame, shape (tracts, groups)
    areas : Series of sequences of str
        By tract: the areas it lies in, nearest first (`enclosing_areas`). The first with a control
        of the group is used; a category that it lacks takes its share from the next.
    controls : Controls
    seeds : DataFrame, optional
        People by tract and country of birth (`targeting.birthplaces`).
    groups : collection of str, optional
        Which groups to split; all, where not given.
    spread : float
        Weight of the spread of the whole group beside that of country of birth, above 0.
    """
    wanted = set(estimates.columns if groups is None else groups)
    columns: dict[str, tuple[Floats, Floats, Floats]] = {}
    used = pd.DataFrame("", index=estimates.index, columns=estimates.columns, dtype=object)
    bare: set[str] = set()
    whole: dict[str, npt.NDArray[np.bool_]] = {}
    for group in estimates.columns:
        parts = _parts(str(group))
        people, margin = estimates[group].to_numpy(float), margins[group].to_numpy(float)
        left = np.ones(len(people), bool)
        split = np.zeros((3, len(people), len(parts)))
        if group in wanted and len(parts) > 1:
            for chain, rows in _chains(areas.loc[estimates.index], controls, parts).items():
                shares, share_moes = _shares(controls, parts, chain)
                if np.isnan(share_moes).any():
                    bare.add(chain[0])
                births = None if seeds is None else seeds.reindex(estimates.index[rows])
                seed = _seed(parts, people[rows], births, spread)
                fitted = fit(seed, people[rows], shares * people[rows].sum())
                share = np.divide(
                    fitted,
                    people[rows, None],
                    out=np.tile(shares, (len(rows), 1)),
                    where=people[rows, None] > 0,
                )
                split[0, rows], split[1, rows] = fitted, share * margin[rows, None]
                split[2, rows] = people[rows, None] * np.nan_to_num(share_moes)
                used.loc[estimates.index[rows], group] = chain[0]
                left[rows] = False
            if people[left].sum() > 0:
                whole[group] = left
        if not left.all():
            columns |= {part.key: tuple(split[:, :, i]) for i, part in enumerate(parts)}
        if left.any():
            columns[group] = (people * left, margin * left, np.zeros(len(people)))
    if bare:
        notices.add(
            "control_without_margin",
            f"The language controls of {', '.join(sorted(bare))} carry no margins; the margins of "
            "languages split by them leave out how sure the split itself is.",
            count=len(bare),
        )
    _report(estimates, whole, notices)
    frames = [
        pd.DataFrame({key: value[i] for key, value in columns.items()}, index=estimates.index)
        for i in range(3)
    ]
    return Split(frames[0], frames[1], frames[2], used)


def fit(
    seed: Floats, rows: Floats, columns: Floats, *, tolerance: float = 1e-8, rounds: int = 20_000
) -> Floats:
    """Return the matrix nearest to the seed (in odds ratios) with these row and column sums.

    Iterative proportional fitting (Deming and Stephan 1940). Rows and columns of sum zero come out
    zero.

    Parameters
    ----------
    seed : ndarray, shape (rows, columns)
        At least 0.
    rows, columns : ndarray
        At least 0, of one sum.
    tolerance : float
        Largest error of a sum, in people (or 1e-13 of all people, where that is more).

    Raises
    ------
    ValueError
        When the two sums differ, or the seed's zeros leave no such matrix.
    """
    allowed = max(tolerance, 1e-13 * float(rows.sum()))
    if abs(rows.sum() - columns.sum()) > max(allowed, 1e-6):
        raise ValueError(f"rows sum to {rows.sum()}, columns to {columns.sum()}")
    fitted = np.array(seed, float)
    for _ in range(rounds):
        fitted *= _ratio(columns, fitted.sum(axis=0))
        fitted *= _ratio(rows, fitted.sum(axis=1))[:, None]
        if np.abs(fitted.sum(axis=0) - columns).max(initial=0.0) <= allowed:
            break
    worst = max(
        np.abs(fitted.sum(axis=0) - columns).max(initial=0.0),
        np.abs(fitted.sum(axis=1) - rows).max(initial=0.0),
    )
    if worst > max(allowed, 1e-6):
        raise ValueError(f"no fit: a sum is still {worst:.3g} off after {rounds} rounds")
    return fitted


def enclosing_areas(geoids: "pd.Index[str]", pumas: "pd.Series[str] | None" = None) -> "pd.Series[Any]":
    """Return by tract the areas it lies in, nearest first: PUMA where known, county, state, nation."""
    known = {} if pumas is None else pumas.to_dict()
    return pd.Series(
        [(*([known[geoid]] if geoid in known else []), geoid[:5], geoid[:2], NATION) for geoid in geoids],
        index=geoids,
    )


def named(language: Language, split: Split) -> Language:
    """Return the language measured by its category of table B16001, where its group was split."""
    category = categories()[language.category]
    if category.key not in split.estimates or len(_parts(category.group.key)) == 1:
        return language
    name = language.english_name if category.alone == language.tag else category.name
    return replace(language, split=category.key, split_name=name)


def _parts(group: str) -> list[ControlledCategory]:
    """Return the categories of a group."""
    return [category for category in categories().values() if category.group.key == group]


def _ratio(wanted: Floats, found: Floats) -> Floats:
    return np.divide(wanted, found, out=np.zeros_like(found), where=found > 0)


def _chains(
    areas: "pd.Series[Any]", controls: Controls, parts: list[ControlledCategory]
) -> dict[tuple[str, ...], npt.NDArray[np.intp]]:
    """Return the rows of tracts by the areas that control them, nearest first.

    As many of the nearest areas as it takes to have every category; tracts that nothing controls
    are left out.
    """
    has = controls.estimates.reindex(columns=[part.key for part in parts])
    has = has[has.sum(axis=1) > 0].notna()
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    rows: dict[tuple[str, ...], list[int]] = {}
    for row, chain in enumerate(map(tuple, areas)):
        if chain not in known:
            near = [area for area in chain if area in has.index]
            full = [count for count in range(1, len(near) + 1) if has.loc[near[:count]].any().all()]
            known[chain] = tuple(near[: full[0]]) if full else ()
        if known[chain]:
            rows.setdefault(known[chain], []).append(row)
    return {chain: np.array(found) for chain, found in sorted(rows.items())}


def _shares(
    controls: Controls, parts: list[ControlledCategory], chain: tuple[str, ...]
) -> tuple[Floats, Floats]:
    """Return each category's share of its group and the share's margin, gaps taken from farther areas.

    A category that the nearest area lacks takes its share of the group from the next that has it;
    the others share what is left.
    """
    keys = [part.key for part in parts]
    shares, margins = np.full(len(keys), np.nan), np.full(len(keys), np.nan)
    for area in chain:
        people = controls.estimates.reindex(columns=keys).loc[area].to_numpy(float)
        moes = controls.margins.reindex(columns=keys).loc[area].to_numpy(float)
        has = ~np.isnan(people)
        # what nearer areas gave keeps its share among the categories that this one has too
        own = people / people[has].sum()
        own_margin = moe.of_proportion(people, moes, people[has].sum(), moe.of_sum(people[has], moes[has]))
        gap = has & np.isnan(shares)
        left = 1 - own[gap].sum()
        near = ~np.isnan(shares)
        shares[near], margins[near] = shares[near] * left, margins[near] * left
        shares[gap], margins[gap] = own[gap], own_margin[gap]
        if not np.isnan(shares).any():
            break
    return shares, margins


def _seed(
    parts: list[ControlledCategory], people: Floats, births: pd.DataFrame | None, spread: float
) -> Floats:
    """Return where each category is likelier: only ratios between tracts and categories matter.

    Births in the category's countries, plus `spread` times as many people spread as the whole group
    is: tract counts of births are small samples, and a zero among them rules nobody out. Spread as
    the group is a category without countries, or one of whose countries the table has none.
    """
    total = people.sum()
    even = people / total if total > 0 else np.ones_like(people)
    seed = np.tile(even[:, None], (1, len(parts)))
    if births is not None:
        for position, part in enumerate(parts):
            found = [name for name in map(str.lower, part.countries) if name in births]
            born = births[found].sum(axis=1, min_count=max(len(found), 1)).to_numpy(float)
            counted = ~np.isnan(born)
            if found and born[counted].sum() > 0 and even[counted].sum() > 0:
                expected = even * (born[counted].sum() / even[counted].sum())
                seed[:, position] = np.where(counted, born, expected) + spread * expected
    return seed


def _report(estimates: pd.DataFrame, whole: dict[str, npt.NDArray[np.bool_]], notices: Notices) -> None:
    """Say which groups stayed whole in tracts that have people of them."""
    if not whole:
        return
    people = sum(float(estimates.loc[left, group].sum()) for group, left in whole.items())
    count = int(np.logical_or.reduce(list(whole.values())).sum())
    names = "; ".join(GROUPS[key].name for key in whole)
    notices.add(
        "group_not_split",
        f"{count} of {len(estimates)} tracts have no language control (table B16001 of their PUMA, "
        f"county, state or the nation) for {names}; {people:,.0f} people of these groups "
        "there count for no named language.",
        count=count,
    )
