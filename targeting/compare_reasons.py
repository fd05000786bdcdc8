"""Why two plans differ, in sentences: read from the settings and inputs that differ, never guessed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

# Settings that change how a plan is worded, ordered or drawn, and no placement
NO_REASON = ("name", "certainty.reliability", "certainty.smallest_count", "region.acs_release")
NO_REASON_SECTIONS = ("hotspots", "orders", "limits")
TOLD_APART = ("placement.buses", "placement.strategy", "placement.floors", "posters.languages")


def reasons(
    settings: pd.DataFrame,
    inputs: pd.DataFrame,
    placements: pd.DataFrame,
    languages: pd.DataFrame,
    total: Mapping[str, Any] | None,
    *,
    more_buses: int,
    floors: Any,
) -> tuple[str, ...]:
    """Return why the placements differ, one sentence a reason.

    Parameters
    ----------
    settings, inputs, placements, languages, total
        As in `targeting.compare.Comparison`.
    more_buses : int
        How many more buses carry a card in the later plan.
    floors : int, str, dict or None
        The later plan's `placement.floors`.
    """
    if (placements["change"] == "same").all():
        return ("Both plans make the same placements.",)
    changed = {
        row.setting: (row.before, row.after)
        for row in settings.itertuples(index=False)
        if row.setting not in NO_REASON and row.setting.partition(".")[0] not in NO_REASON_SECTIONS
    }
    causes = [row for row in inputs.itertuples(index=False) if row.input != "program"]
    if not changed and not causes:
        return (_unexplained(inputs),)
    only_buses = set(changed) == {"placement.buses"} and inputs.empty
    said = [
        *_buses(changed, more_buses),
        *(_a_bus(total, more_buses) if only_buses and total is not None else []),
        *_strategy(changed),
        *_languages(changed, languages),
        *_floors(changed, languages, floors),
        *_others(changed),
        *(f"The plans have different inputs: {row.input} {row.before}, then {row.after}." for row in causes),
    ]
    if len(changed) + len(causes) > 1:
        said.append(
            "Several settings or inputs differ at once, so no single change of a placement can be laid to "
            "one of them; change one at a time to tell them apart."
        )
    return tuple(said)


def _unexplained(inputs: pd.DataFrame) -> str:
    """Return what is left where neither settings nor inputs differ."""
    versions = inputs[inputs["input"] == "program"]
    if len(versions):
        old, new = versions.iloc[0][["before", "after"]]
        return (
            "Settings and inputs are the same, so the program's version makes the difference: "
            f"{old}, then {new}."
        )
    return (
        "The records show the same settings, inputs and version of the program, so they do not say why: a "
        "file of which no SHA-256 is recorded, or a library, may have changed."
    )


def _buses(changed: dict[str, tuple[str, str]], more: int) -> list[str]:
    noun = "bus was" if abs(more) == 1 else "buses were"
    counted = f"{abs(more):,} {'more' if more > 0 else 'fewer'} {noun} placed"
    if "placement.buses" not in changed:
        return [f"{counted}, though placement.buses is the same."] if more else []
    old, new = changed["placement.buses"]
    if not more:
        return [f"As many buses were placed, though placement.buses went from {old} to {new}."]
    why = "because" if more == int(new) - int(old) else "while"
    return [f"{counted} {why} placement.buses went from {old} to {new}."]


def _a_bus(total: Mapping[str, Any], more: int) -> list[str]:
    """Return what one of the buses that only one of the plans has brings on average."""
    people = total["reach_difference"]
    if not more or people is None:
        return []
    gained = people if more > 0 else -people
    which = "more" if more > 0 else "fewer"
    if gained <= 0:
        return [f"With {abs(more):,} {which} buses the plan reaches no {which} people."]
    each = gained / abs(more)
    return [
        f"All campaign languages together, that is {gained:,} {which} people reached: "
        f"{each:,.{0 if each >= 10 else 1}f} for each of these buses on average."
    ]


def _strategy(changed: dict[str, tuple[str, str]]) -> list[str]:
    if "placement.strategy" not in changed:
        return []
    return ["The strategy changed from {} to {}.".format(*changed["placement.strategy"])]


def _languages(changed: dict[str, tuple[str, str]], languages: pd.DataFrame) -> list[str]:
    if "posters.languages" not in changed:
        return []
    printed = {
        word: [
            row["language_name"]
            for _, row in languages.iterrows()
            if row["served_before" if word == "no longer" else "served_after"] is not None
            and row["served_after" if word == "no longer" else "served_before"] is None
        ]
        for word in ("no longer", "now")
    }
    said = [
        f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {word} among the campaign's languages."
        for word, names in printed.items()
        if names
    ]
    return said or ["The campaign's languages went from {} to {}.".format(*changed["posters.languages"])]


def _floors(changed: dict[str, tuple[str, str]], languages: pd.DataFrame, floors: Any) -> list[str]:
    if "placement.floors" not in changed:
        return []
    old, new = changed["placement.floors"]
    said = f"placement.floors went from {old} to {new}."
    first = languages[(languages["cards_before"] == 0) & (languages["cards_after"] > 0)]
    floored = [
        row["language_name"]
        for _, row in first.iterrows()
        if (floors.get(row["language"]) if isinstance(floors, dict) else floors) not in (None, 0, "0%")
    ]
    if not floored:
        return [said[0].upper() + said[1:]]
    has = "its first buses and has a floor" if len(floored) == 1 else "their first buses and have floors"
    return [f"{_listed(floored)} got {has} now: {said}"]


def _others(changed: dict[str, tuple[str, str]]) -> list[str]:
    rest = [f"{key} went from {old} to {new}" for key, (old, new) in changed.items() if key not in TOLD_APART]
    return [f"Also different: {'; '.join(rest)}."] if rest else []


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
