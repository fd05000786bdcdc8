"""The tables of a plan: rows of routes.csv, placements.csv and languages.csv (docs/columns.md)."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting import moe
from targeting.certainty import reliability
from targeting.feed import Feed
from targeting.languages import CATEGORIES, GROUPS, Language, catalogue, told_apart
from targeting.legal_basis import legal_basis
from targeting.served import margins_of_sums

if TYPE_CHECKING:
    from targeting.scores import Scores

CERTAINTY_COLUMNS = (
    "largest_probability", "second_probability", "enough_probability", "runner_up", "differs", "cv",
    "reliability",
)  # fmt: skip


def route_rows(
    served: pd.DataFrame,
    feed: Feed,
    languages: list[Language],
    assigned: pd.DataFrame,
    predominant_exposure: pd.DataFrame,
    vehicles: "pd.Series[int]",
) -> pd.DataFrame:
    """Return the rows of routes.csv; score and rank only on the language that a route calls for."""
    by_tag = {language.tag: language for language in languages}
    group = served["language"].map({tag: language.column for tag, language in by_tag.items()})
    calls_for = group == served["route_id"].map(assigned["group"])
    calls_for |= group == served["route_id"].map(assigned["second"])
    info = feed.routes.loc[served["route_id"]].reset_index()
    row = predominant_exposure.index.get_indexer(served["route_id"])
    column = predominant_exposure.columns.get_indexer(group)
    table = pd.DataFrame(
        {
            "route_id": served["route_id"],
            "route_short_name": info["route_short_name"],
            "route_long_name": info["route_long_name"],
            "mode": info["mode"],
            "departures_week": info["departures_week"],
            "language": served["language"],
            "language_name": served["language"].map(lambda tag: by_tag[tag].english_name),
            **{
                name: served[name]
                for name in (
                    "served", "served_moe", "served_low", "served_high", "share", "share_moe",
                    "concentration", "exposure",
                )
            },
            "score": served["exposure"].where(calls_for),
            "rank": served["route_id"].map(assigned["rank"]).where(calls_for).astype("Int64"),
            "exposure_predominant": predominant_exposure.to_numpy()[row, column],
            "served_area": served["served_area"],
            "vehicles": vehicles[served["route_id"]].to_numpy(),
            **{name: served[name] for name in CERTAINTY_COLUMNS},
            "measured_as": served["language"].map(lambda tag: by_tag[tag].measured_as),
        }
    )  # fmt: skip
    order = {tag: position for position, tag in enumerate(by_tag)}
    best = served["route_id"].map(assigned["rank"]).fillna(len(assigned) + 1)
    return (
        table.assign(best=best, order=table["language"].map(order))
        .sort_values(["best", "route_id", "order"], kind="stable")
        .drop(columns=["best", "order"])
        .reset_index(drop=True)
    )


def language_rows(scores: "Scores") -> pd.DataFrame:
    """Return the rows of languages.csv: every group of the table, and the Safe Harbor test.

    The test and its source stand in `targeting.legal_basis`.
    """
    tracts = scores.tracts
    counts_lep = scores.campaign.region.measure == "lep"  # the test is about LEP people alone
    population = float(tracts.population.sum())
    population_moe = moe.of_sum(tracts.population, tracts.population_moe)
    threshold = legal_basis().safe_harbor.threshold(population)
    used = told_apart(scores.languages)
    listed: list[tuple[str, Language | None]] = [(lang.column, lang) for lang in scores.languages]
    listed += [(key, _language_of(key)) for key in tracts.estimates.columns if key not in used]
    rows = []
    for key, nameable in listed:
        people = float(tracts.estimates[key].sum())
        margin = margins_of_sums(np.ones((1, len(tracts.names))), tracts, [key]).item()
        name = CATEGORIES[key].name if key in CATEGORIES and key not in GROUPS else GROUPS[key].name
        several = nameable is None or nameable.measured_as != nameable.english_name
        rest, bare = 0.0, False
        if key in CATEGORIES and key not in GROUPS and tracts.split_margins is not None:
            group = CATEGORIES[key].group
            rest = float(tracts.estimates[group].sum()) if group in tracts.estimates else 0.0
            bare = not tracts.split_margins[key].any()
            name = f"{name} (the rest)" if name == GROUPS[group].name else name
        elif tracts.split_margins is not None and GROUPS[key].kind != "language":
            name = f"{name} (tracts without a language control)"
        settled = _settled(several or bare, people, margin, threshold, rest)
        rows.append(
            {
                "language": nameable.tag if nameable else "",
                "language_name": nameable.english_name if nameable else name,
                "own_name": nameable.own_name if nameable else "",
                "in_campaign": key in used,
                "lep": people,
                "lep_moe": margin,
                "share": people / population if population else np.nan,
                "share_moe": float(moe.of_proportion(people, margin, population, population_moe)),
                "safe_harbor": people >= threshold if counts_lep else None,
                "safe_harbor_certain": settled if counts_lep else None,
                "safe_harbor_threshold": threshold,
                "reliability": reliability(people, margin, scores.campaign.certainty.cv_limits).item(),
                "measured_as": name,
            }
        )
    table = pd.DataFrame(rows)
    return table.sort_values("lep", ascending=False, kind="stable").reset_index(drop=True)


def _language_of(key: str) -> Language | None:
    """Return the language that a column of people is, None where it is several."""
    if key in GROUPS:
        return catalogue()[GROUPS[key].leading] if GROUPS[key].kind == "language" else None
    alone = [lang for lang in catalogue().values() if lang.category == key and lang.alone]
    return replace(alone[0], split=key, split_name=alone[0].english_name) if alone else None


def _settled(unsure: bool, people: float, margin: float, threshold: float, rest: float) -> bool:
    """Return whether the figures leave no doubt on which side of the threshold a language is.

    A group of several languages above it says nothing of any one of them, nor does a split whose
    control has no margins (`unsure`); `rest` are people of the group that were not split.
    """
    return people + rest + margin < threshold or (not unsure and people - margin > threshold)
