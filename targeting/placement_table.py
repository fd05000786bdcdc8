"""The rows of placements.csv: what hangs where, whom it serves and reaches, how sure, and why."""

import numpy as np
import pandas as pd

from targeting import placement_reasons, reasons
from targeting.plan_tables import CERTAINTY_COLUMNS
from targeting.posting import Posting, audience_of, following_audience
from targeting.reach import Floats
from targeting.reached import alone_and_added, reached_by_tract, with_margins
from targeting.scores import Scores

COLUMNS = [
    "rank", "unit", "unit_id", "unit_name", "language", "language_name", "buses", "cards", "vehicles",
    "served", "served_moe", "reach", "reach_moe", "reach_added", "certainty", "elsewhere",
    "elsewhere_routes", "score", "reason", *CERTAINTY_COLUMNS, "measured_as",
]  # fmt: skip


def placement_rows(scores: Scores, posting: Posting, vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of placements.csv (docs/columns.md), the units that add most first.

    Parameters
    ----------
    vehicles : DataFrame
        `targeting.vehicle_table.vehicle_rows`.
    """
    table = scores.postable.table
    figures = scores.postable.figures.set_index(["unit_id", "language"])
    people = figures[["served", "served_moe", *CERTAINTY_COLUMNS]].to_dict("index")
    away = vehicles.set_index("route_id")[["elsewhere", "elsewhere_routes"]].to_dict("index")
    by_route = scores.units.kind == "route"
    score = scores.routes.set_index(["route_id", "language"])["score"] if by_route else figures["exposure"]
    found = _placements(scores, posting)
    rows = []
    for row in found.itertuples(index=False):
        unit, language = table.iloc[row.unit], scores.languages[row.language]
        key = (str(table.index[row.unit]), language.tag)
        goes = away[key[0]] if by_route and not unit["venue"] else None
        rows.append(
            {
                "unit": unit["unit"],
                "unit_id": key[0],
                "unit_name": unit["unit_name"],
                "language": language.tag,
                "language_name": language.english_name,
                "buses": 0 if unit["venue"] else row.cards,
                "cards": row.cards,
                "vehicles": 0 if unit["venue"] else unit["vehicles"],
                **people[key],
                "reach": row.reach,
                "reach_moe": row.reach_moe,
                "reach_added": row.added,
                "certainty": row.certainty,
                "elsewhere": np.nan if goes is None else goes["elsewhere"],
                "elsewhere_routes": "" if goes is None else goes["elsewhere_routes"],
                "score": np.nan if unit["venue"] else score.get(key, np.nan),
                "measured_as": language.measured_as,
            }
        )
    placed = pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in ("rank", "reason")])
    placed["rank"] = _ranks(scores, posting, placed)
    placed["after"] = _order_on_unit(scores, posting, placed)
    placed = placed.sort_values(["rank", "after"], kind="stable").reset_index(drop=True)
    placed["reason"] = _reasons(scores, posting, placed)
    return placed[COLUMNS]


def _placements(scores: Scores, posting: Posting) -> pd.DataFrame:
    """Return unit, language, cards, reach with margin, what it adds, and certainty of each placement."""
    audience = posting.problem.audience
    groups = list(posting.problem.groups)
    column = {number: groups.index(language.column) for number, language in enumerate(scores.languages)}
    units, languages = np.nonzero(posting.by_language)
    hung = posting.by_language[units, languages]
    alone = np.zeros((len(posting.problem.units), len(units)), np.int64)
    alone[units, np.arange(len(units))] = hung
    shares = np.zeros((len(units), len(scores.tracts.names)))
    for each in range(len(units)):  # all groups have the same curve, so one column at a time will do
        shares[each] = reached_by_tract(audience, alone[:, [each]], len(scores.tracts.names))[0]
    keys = [scores.languages[number].column for number in languages]
    reach, margin = with_margins(shares, scores.tracts, keys)
    added = alone_and_added(audience, posting.cards).set_index(["unit", "group"])
    rows = []
    for each, (unit, number) in enumerate(zip(units, languages, strict=True)):
        group = column[int(number)]
        whole = added.loc[(unit, group)]
        rows.append(
            {
                "unit": int(unit),
                "language": int(number),
                "cards": int(hung[each]),
                "reach": reach[each],
                "reach_moe": margin[each],
                "added": float(whole["added"]) * hung[each] / float(whole["cards"]),
                # what the campaign settled would hang in every redraw: that is no finding
                "certainty": np.nan
                if posting.survival is None or posting.problem.least[unit, group]
                else float(posting.survival.certainty[unit, group]),
            }
        )
    names = ["unit", "language", "cards", "reach", "reach_moe", "added", "certainty"]
    return pd.DataFrame(rows, columns=names)


def _ranks(scores: Scores, posting: Posting, placed: pd.DataFrame) -> "list[int]":
    """Return the rank of each placement's unit: by what it adds; of the predominant strategy, by score."""
    if posting.solution is None:
        return [int(scores.assigned.at[unit, "rank"]) for unit in placed["unit_id"]]
    adds = placed.groupby("unit_id", sort=False)["reach_added"].sum()
    order = adds.sort_values(ascending=False, kind="stable").index
    return [order.get_loc(unit) + 1 for unit in placed["unit_id"]]


def _order_on_unit(scores: Scores, posting: Posting, placed: pd.DataFrame) -> "list[float]":
    """Return by what the languages of one unit are put in order, the lowest first.

    Of the predominant strategy the one that the route calls for comes first, else the one that adds most.
    """
    if posting.solution is not None:
        return [-added for added in placed["reach_added"]]
    group = {language.tag: language.column for language in scores.languages}
    called_for = scores.assigned["group"]
    keys = placed[["unit_id", "language"]].itertuples(index=False)
    return [float(group[tag] != called_for[unit]) for unit, tag in keys]


def _reasons(scores: Scores, posting: Posting, placed: pd.DataFrame) -> list[str]:
    if posting.solution is None:
        groups = {language.tag: language.column for language in scores.languages}
        hanging = placed.assign(group=placed["language"].map(groups)).groupby("unit_id")["group"].agg(set)
        return [
            reasons.why(scores, unit, tag, hanging[unit])
            for unit, tag in placed[["unit_id", "language"]].itertuples(index=False)
        ]
    return [placement_reasons.why_placed(scores, posting, row) for _, row in placed.iterrows()]


def moved_reach(scores: Scores, posting: Posting) -> tuple[Floats, Floats]:
    """Return people of each group whom the plan reaches as ordered, and when its cards follow their buses."""
    return audience_of(scores).reach(posting.cards), following_audience(scores).reach(posting.cards)
