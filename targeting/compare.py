"""Compare two plans: what differs between them, what that did to each language, and why.

Two plans made from the same census tables differ by places, not by samples: both count the same
households, so their difference carries no sampling error of two samples and is not tested. Only plans from
different census tables are two samples, and only there can a difference be chance.

Reasons are read from the settings and inputs that differ and from nothing else.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from targeting.campaign_sections import SECTIONS
from targeting.compare_reasons import reasons
from targeting.moe import Z90, standard_error
from targeting.plan_folder import PlanFolder
from targeting.wording import ALL_LANGUAGES

MISSING = "not recorded"
# The inputs behind these settings are compared by content: a file may move without changing
BY_CONTENT = ("region.gtfs", "region.acs", "region.tracts", "region.points")
MEASURES = {
    "served": "served_posted",
    "reach": "reach",
}  # columns of coverage.csv; of strategies.csv the keys
CHANGES = {
    "gone": "gone", "new": "new", "more": "with more {}", "fewer": "with fewer {}", "same": "the same",
}  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """What differs between two plans.

    Attributes
    ----------
    settings : DataFrame
        One row a setting that differs: `setting` (dotted), `before`, `after` (texts).
    inputs : DataFrame
        One row an input that differs: `input` (what it is), `before`, `after` (texts).
    placements : DataFrame
        One row a unit × language in either plan, with the cards that hang there (in buses: the buses
        that carry the language): `unit`, `unit_id`, `unit_name`, `language`,
        `language_name`, `cards_before`, `cards_after`, `change` (gone, new, more, fewer or same).
    languages : DataFrame
        One row a language: `language`, `language_name`, `cards_before`, `cards_after`,
        `cards_difference`, then for each measure that both plans have (`served`: near a posted route,
        `reach`) `…_before`, `…_before_moe`, `…_after`, `…_after_moe`, `…_difference` (people; None
        where a count is not told or the language is not printed) and `…_beyond_chance` (whether a
        difference of samples exceeds its 90% margin; None where it is no difference of samples).
    total : dict or None
        The same of all languages of each plan together; None where a plan does not tell it.
    same_census : bool
        Whether both plans were made from the same census tables.
    why : tuple of str
        Why the placements differ, as far as the settings and inputs say.
    """

    settings: pd.DataFrame
    inputs: pd.DataFrame
    placements: pd.DataFrame
    languages: pd.DataFrame
    total: dict[str, Any] | None
    same_census: bool
    why: tuple[str, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that both plans have."""
        return tuple(measure for measure in MEASURES if f"{measure}_before" in self.languages)

    @property
    def counted(self) -> str:
        """What is counted: buses, or cards where some hang in venues."""
        return "cards" if (self.placements["unit"] == "venue").any() else "buses"

    @property
    def summary(self) -> str:
        """How many placements are gone, new or of another size, in one sentence."""
        counts = self.placements["change"].value_counts()
        said = [
            f"{counts[change]:,} {words.format(self.counted)}"
            for change, words in CHANGES.items()
            if change in counts
        ]
        moved = self.placements[self.placements["change"].isin(["gone", "new"])]
        kinds = moved.groupby(["unit", "unit_id"])["change"].nunique()
        swapped = int((kinds == 2).sum())
        return f"Placements: {', '.join(said) or 'none in either plan'}." + (
            f" {swapped:,} of the units changed a language." if swapped else ""
        )

    @property
    def chance(self) -> str:
        """What kind of difference the figures of people show, in one sentence."""
        if self.same_census:
            return (
                "Both plans use the same census figures: a difference between them is one of places, not "
                "of samples, so no test for chance applies."
            )
        return (
            "The plans use different census figures, so a difference may be of samples: it is marked where "
            "it is larger than chance explains, by the 90% test."
        )


def compare(before: PlanFolder, after: PlanFolder) -> Comparison:
    """Return what differs between two plans that were read from their folders."""
    settings = _settings(before.settings, after.settings)
    inputs = _inputs(before, after)
    placements = _placements(before.placements, after.placements)
    same_census = _census_tables(before) == _census_tables(after)
    languages = _languages(before, after, placements, same_census=same_census)
    total = _total(before, after, placements, same_census=same_census)
    return Comparison(
        settings=settings,
        inputs=inputs,
        placements=placements,
        languages=languages,
        total=total,
        same_census=same_census,
        why=reasons(
            settings,
            inputs,
            placements,
            languages,
            total,
            more_buses=_posted(after) - _posted(before),
            floors=after.settings["placement"].get("floors"),
        ),
    )


def _posted(plan: PlanFolder) -> int:
    """Return how many buses carry a card; one that carries several languages counts once."""
    placed = plan.record.get("figures", {}).get("buses_placed")
    return int(plan.placements["buses"].sum() if placed is None else placed)


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> pd.DataFrame:
    """Return the settings that differ; one that an older version did not record counts as its default."""
    flat = [_flat(settings) for settings in (before, after)]
    rows = []
    for key in dict.fromkeys([*flat[0], *flat[1]]):
        old, new = (each.get(key, _default(key)) for each in flat)
        if old != new and key not in BY_CONTENT:
            rows.append((key, _said(old), _said(new)))
    return pd.DataFrame(rows, columns=["setting", "before", "after"])


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by their dotted keys: `placement.buses`."""
    flat: dict[str, Any] = {}
    for section, content in settings.items():
        if isinstance(content, Mapping):
            flat |= {f"{section}.{key}": value for key, value in content.items()}
        elif section not in SECTIONS:
            flat[section] = content
    return flat


def _default(key: str) -> Any:
    """Return what a setting is where the campaign file says nothing."""
    section, _, name = key.partition(".")
    if section == "venues":
        return None
    field = SECTIONS[section].model_fields.get(name) if section in SECTIONS else None
    return MISSING if field is None or field.is_required() else field.get_default(call_default_factory=True)


def _said(value: Any) -> str:
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _inputs(before: PlanFolder, after: PlanFolder) -> pd.DataFrame:
    """Return the inputs whose content differs, the design week and the program's version."""
    old, new = _sources(before), _sources(after)
    rows = [
        (kind, _listed(old.get(kind, {})), _listed(new.get(kind, {})))
        for kind in dict.fromkeys([*old, *new])
        if set(old.get(kind, {})) != set(new.get(kind, {}))
    ]
    for label, key in {"design week": "design_week", "program": "targeting"}.items():
        pair = [plan.record.get(key) for plan in (before, after)]
        said = [
            each["first_day"] if isinstance(each, Mapping) and "first_day" in each else each for each in pair
        ]
        if None not in said and said[0] != said[1]:
            rows.append((label, str(said[0]), str(said[1])))
    return pd.DataFrame(rows, columns=["input", "before", "after"])


def _sources(plan: PlanFolder) -> dict[str, dict[str, str]]:
    """Return the inputs of each kind: what is said of each by its content."""
    sources: dict[str, dict[str, str]] = {}
    for part in ("feeds", "census"):
        for source in plan.record.get(part, []):
            kind = "feed" if part == "feeds" else _kind(plan.settings, source["path"])
            name = Path(source["path"]).name
            digest = source.get("sha256") or ""
            sources.setdefault(kind, {})[digest or name] = f"{name} ({digest[:8] or 'content unknown'})"
    return sources


def _kind(settings: Mapping[str, Any], path: str) -> str:
    region = settings.get("region", {})
    for key, kind in {"tracts": "tract outlines", "points": "population points"}.items():
        if region.get(key) and Path(region[key]).name == Path(path).name:
            return kind
    return "census table"


def _census_tables(plan: PlanFolder) -> set[str]:
    return set(_sources(plan).get("census table", {}))


def _listed(sources: Mapping[str, str]) -> str:
    return ", ".join(sorted(sources.values())) or "none"


def _placements(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return every placement of either plan with its cards in both."""
    key = ["unit", "unit_id", "language"]
    named = pd.concat([after, before])[[*key, "unit_name", "language_name"]].drop_duplicates(key)
    for column, table in {"cards_before": before, "cards_after": after}.items():
        hung = "cards" if "cards" in table else "buses"
        cards = table.groupby(key, sort=False)[hung].sum().rename(column).reset_index()
        named = named.merge(cards, on=key, how="left")
    for column in ("cards_before", "cards_after"):
        named[column] = named[column].fillna(0).astype(int)
    named["change"] = [
        "same"
        if old == new
        else "gone"
        if not new
        else "new"
        if not old
        else "more"
        if new > old
        else "fewer"
        for old, new in zip(named["cards_before"], named["cards_after"], strict=True)
    ]
    named["size"] = (named["cards_after"] - named["cards_before"]).abs()
    named["order"] = named["change"].map(list(CHANGES).index)
    named = named.sort_values(["order", "size", "unit_name", "language"], ascending=[True, False, True, True])
    return named[
        ["unit", "unit_id", "unit_name", "language", "language_name", "cards_before", "cards_after", "change"]
    ].reset_index(drop=True)


def _languages(
    before: PlanFolder, after: PlanFolder, placements: pd.DataFrame, *, same_census: bool
) -> pd.DataFrame:
    """Return cards and people of each language in both plans."""
    region = [_region(plan.coverage) for plan in (before, after)]
    names = {tag: row["language_name"] for part in region for tag, row in part.items()}
    names |= dict(zip(placements["language"], placements["language_name"], strict=True))
    cards = placements.groupby("language")[["cards_before", "cards_after"]].sum()
    measures = {
        measure: column
        for measure, column in MEASURES.items()
        if all({column, f"{column}_moe"} <= set(plan.coverage.columns) for plan in (before, after))
    }
    rows = []
    for tag, name in names.items():
        old, new = (int(cards[column].get(tag, 0)) for column in ("cards_before", "cards_after"))
        row = _cards(tag, name, old, new)
        for measure, column in measures.items():
            figures = [
                (part[tag][column], part[tag][f"{column}_moe"]) if tag in part else (None, None)
                for part in region
            ]
            row |= _difference(measure, figures, same_census=same_census)
        rows.append(row)
    return pd.DataFrame(rows, dtype=object)


def _total(
    before: PlanFolder, after: PlanFolder, placements: pd.DataFrame, *, same_census: bool
) -> dict[str, Any] | None:
    """Return cards and people of all languages together, who are not added up again but read."""
    tables = [plan.strategies for plan in (before, after)]
    columns = {name for measure in MEASURES for name in (measure, f"{measure}_moe")}
    pair = []
    for table in tables:
        if table is None or not columns <= set(table.columns):
            return None
        own = table[(table["chosen"] == True) & (table["language"] == "")]  # noqa: E712  # or None
        if len(own) != 1:
            return None
        pair.append(own.iloc[0])
    old, new = (int(placements[column].sum()) for column in ("cards_before", "cards_after"))
    row = _cards("", ALL_LANGUAGES, old, new)
    for measure in MEASURES:
        figures = [(own[measure], own[f"{measure}_moe"]) for own in pair]
        row |= _difference(measure, figures, same_census=same_census)
    return row


def _cards(tag: str, name: str, old: int, new: int) -> dict[str, Any]:
    return {
        "language": tag, "language_name": name,
        "cards_before": old, "cards_after": new, "cards_difference": new - old,
    }  # fmt: skip


def _region(coverage: pd.DataFrame) -> dict[str, Any]:
    rows = coverage[coverage["area_kind"] == "region"]
    return {row["language"]: row for _, row in rows.iterrows()}


def _difference(measure: str, figures: Sequence[tuple[Any, Any]], *, same_census: bool) -> dict[str, Any]:
    """Return one measure before and after, the difference, and whether chance could explain it."""
    (old, old_moe), (new, new_moe) = figures
    told = isinstance(old, int) and isinstance(new, int)
    difference = new - old if told else None
    tested = told and not same_census and isinstance(old_moe, int) and isinstance(new_moe, int)
    return {
        f"{measure}_before": old,
        f"{measure}_before_moe": old_moe,
        f"{measure}_after": new,
        f"{measure}_after_moe": new_moe,
        f"{measure}_difference": difference,
        f"{measure}_beyond_chance": beyond_chance(old, old_moe, new, new_moe) if tested else None,
    }


def beyond_chance(before: float, before_moe: float, after: float, after_moe: float) -> bool:
    """Return whether two estimates of different samples differ by the 90% test.

    |A - B| / sqrt(SE_A² + SE_B²) > 1.645 (ACS General Handbook, chapter 7).
    """
    error = math.hypot(float(standard_error(before_moe)), float(standard_error(after_moe)))
    return abs(after - before) > Z90 * error
