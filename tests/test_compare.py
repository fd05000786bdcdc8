"""Comparing plans: what differs, for whom, why; and nothing that the records do not say."""

import copy
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from targeting.cli import main
from targeting.compare import Comparison, beyond_chance, compare
from targeting.errors import OutputError
from targeting.plan_folder import PlanFolder, read_plan_folder
from targeting.sample import write_sample

RECORD: dict[str, Any] = {
    "targeting": "0.1.0",
    "campaign": {
        "settings": {
            "name": "Red Means Help",
            "region": {"gtfs": ["a.zip"], "acs": ["c.csv"], "tracts": "t.gpkg", "points": None,
                       "bus_walk_m": 400.0},
            "posters": {"languages": ["es", "ar"]},
            "placement": {"buses": 36, "strategy": "predominant", "floors": None},
            "certainty": {"min_served": 100.0},
            "hotspots": {"z": 1.96},
            "orders": {"pack_size": 1},
            "venues": None,
        }
    },
    "feeds": [{"path": "a.zip", "sha256": "f" * 64}],
    "census": [{"path": "x/c.csv", "sha256": "c" * 64}, {"path": "t.gpkg", "sha256": "d" * 64}],
    "design_week": {"first_day": "2025-09-08"},
}  # fmt: skip
PLACEMENTS = {("1", "es"): 20, ("2", "es"): 16}
MORE = {("1", "es"): 20, ("2", "es"): 16, ("3", "ar"): 14}
POSTED = {"es": (1267, 255), "ar": (0, 0)}


def plan(
    *,
    placements: dict[tuple[str, str], int] = PLACEMENTS,
    posted: dict[str, tuple[Any, Any]] = POSTED,
    reach: dict[str, tuple[Any, Any]] | None = None,
    **changes: Any,
) -> PlanFolder:
    """A plan; `changes` sets parts of the record: `placement__buses=50`, `feeds=[…]`."""
    record = copy.deepcopy(RECORD)
    for name, value in changes.items():
        section, _, key = name.partition("__")
        if key:
            record["campaign"]["settings"][section][key] = value
        elif section in record["campaign"]["settings"]:
            record["campaign"]["settings"][section] = value
        else:
            record[section] = value
    rows = [
        {"unit": "route", "unit_id": unit, "unit_name": f"{unit} Street", "language": tag,
         "language_name": {"es": "Spanish", "ar": "Arabic"}[tag], "buses": buses}
        for (unit, tag), buses in placements.items()
    ]  # fmt: skip
    columns = ["unit", "unit_id", "unit_name", "language", "language_name", "buses"]
    coverage = [
        {"area": area, "area_kind": kind, "language": tag,
         "language_name": {"es": "Spanish", "ar": "Arabic"}[tag],
         "served_posted": value, "served_posted_moe": moe,
         **({} if reach is None else {"reach": reach[tag][0], "reach_moe": reach[tag][1]})}
        for area, kind in (("Region", "region"), ("Some County", "county"))
        for tag, (value, moe) in posted.items()
    ]  # fmt: skip
    return PlanFolder(
        path=Path("plan"),
        record=record,
        placements=pd.DataFrame(rows, columns=columns),
        coverage=pd.DataFrame(coverage, dtype=object),
    )


def language(found: Comparison, tag: str) -> dict[str, Any]:
    row: dict[str, Any] = found.languages.set_index("language").loc[tag].to_dict()
    return row


def pairs(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    return {row[0]: (row[1], row[2]) for row in table.itertuples(index=False)}


def test_settings_are_told_by_their_dotted_names() -> None:
    found = compare(plan(), plan(placement__buses=50, hotspots__z=2.5, posters__languages=["es"]))
    assert pairs(found.settings) == {
        "posters.languages": ('["es", "ar"]', '["es"]'),
        "placement.buses": ("36", "50"),
        "hotspots.z": ("1.96", "2.5"),
    }
    assert found.inputs.empty


def test_a_setting_that_an_older_version_did_not_know_counts_as_its_default() -> None:
    assert compare(plan(), plan(placement__gap=0.005)).settings.empty
    assert pairs(compare(plan(), plan(placement__gap=0.01)).settings) == {"placement.gap": ("0.005", "0.01")}
    venues = pairs(compare(plan(), plan(venues={"file": "v.csv", "cards": 3})).settings)
    assert venues == {"venues.file": ("none", "v.csv"), "venues.cards": ("none", "3")}


def test_inputs_are_compared_by_content_not_by_place() -> None:
    moved = plan(region__gtfs=["moved/b.zip"], feeds=[{"path": "moved/b.zip", "sha256": "f" * 64}])
    found = compare(plan(), moved)
    assert found.settings.empty
    assert found.inputs.empty
    other = plan(feeds=[{"path": "a.zip", "sha256": "e" * 64}], targeting="0.2.0")
    assert pairs(compare(plan(), other).inputs) == {
        "feed": ("a.zip (ffffffff)", "a.zip (eeeeeeee)"),
        "program": ("0.1.0", "0.2.0"),
    }


def test_placements_gone_new_more_and_fewer() -> None:
    after = plan(placements={("1", "es"): 21, ("2", "ar"): 3, ("3", "es"): 2})
    found = compare(
        plan(placements={("1", "es"): 20, ("2", "es"): 16, ("3", "es"): 5, ("4", "es"): 1}), after
    )
    rows = found.placements[["unit_id", "language", "cards_before", "cards_after", "change"]]
    assert list(rows.itertuples(index=False, name=None)) == [
        ("2", "es", 16, 0, "gone"),
        ("4", "es", 1, 0, "gone"),
        ("2", "ar", 0, 3, "new"),
        ("1", "es", 20, 21, "more"),
        ("3", "es", 5, 2, "fewer"),
    ]
    assert found.summary == (
        "Placements: 2 gone, 1 new, 1 with more buses, 1 with fewer buses. 1 of the units changed a language."
    )
    assert language(found, "es")["cards_difference"] == -19
    assert language(found, "ar")["cards_after"] == 3


def test_cards_in_venues_count_and_a_bus_with_two_languages_is_one_bus() -> None:
    before, after = plan(figures={"buses_placed": 36}), plan(figures={"buses_placed": 36}, posters__slots=2)
    before = replace(before, placements=before.placements.assign(cards=before.placements["buses"]))
    placed = pd.concat([before.placements] * 2, ignore_index=True)
    placed.loc[2, ["unit", "unit_id", "unit_name", "buses", "cards"]] = "venue", "venue:1", "Library", 0, 2
    placed.loc[3, ["language", "language_name"]] = "ar", "Arabic"
    found = compare(before, replace(after, placements=placed))
    rows = found.placements[["unit_id", "language", "cards_before", "cards_after", "change"]]
    assert list(rows.itertuples(index=False, name=None)) == [
        ("2", "ar", 0, 16, "new"),
        ("venue:1", "es", 0, 2, "new"),
        ("1", "es", 20, 20, "same"),
        ("2", "es", 16, 16, "same"),
    ]
    assert (compare(before, before).counted, found.counted) == ("buses", "cards")
    assert language(found, "es")["cards_difference"] == 2
    # as many buses are posted, though 16 of them carry a card more
    assert found.why == ("Also different: posters.slots went from 1 to 2.",)


def test_a_plan_without_placements_can_be_compared() -> None:
    found = compare(plan(placements={}), plan())
    assert list(found.placements["change"]) == ["new", "new"]
    assert compare(plan(placements={}), plan(placements={})).why == ("Both plans make the same placements.",)


def test_the_same_census_is_never_tested_for_chance() -> None:
    found = compare(plan(), plan(posted={"es": (9000, 10), "ar": (0, 0)}))
    assert found.same_census
    assert language(found, "es")["served_difference"] == 7733
    assert language(found, "es")["served_beyond_chance"] is None
    assert "of places, not of samples" in found.chance


def test_other_census_figures_are_tested_for_chance() -> None:
    census = [{"path": "x/c.csv", "sha256": "9" * 64}, {"path": "t.gpkg", "sha256": "d" * 64}]
    for value, beyond in [(1627, False), (1628, True), (906, True), (907, False)]:
        # sqrt(255² + 255²) = 360.6 is the 90% margin of the difference
        found = compare(plan(), plan(census=census, posted={"es": (value, 255), "ar": (0, 0)}))
        assert not found.same_census
        assert language(found, "es")["served_beyond_chance"] is beyond, value
    assert pairs(found.inputs) == {"census table": ("c.csv (cccccccc)", "c.csv (99999999)")}


def test_new_outlines_or_points_are_no_new_sample() -> None:
    census = [*RECORD["census"], {"path": "p.gpkg", "sha256": "1" * 64}]
    found = compare(plan(), plan(census=census, region__points="p.gpkg"))
    assert found.same_census
    assert pairs(found.inputs) == {"population points": ("none", "p.gpkg (11111111)")}


def test_the_90_percent_test_by_hand() -> None:
    assert not beyond_chance(100, 30, 150, 40)  # the margin of the difference is exactly 50
    assert beyond_chance(100, 30, 151, 40)


def test_counts_that_are_not_told_have_no_difference() -> None:
    found = compare(plan(posted={"es": ("under 10", 12), "ar": (0, 0)}), plan())
    row = language(found, "es")
    assert row["served_before"] == "under 10"
    assert row["served_difference"] is None


TOGETHER = "All campaign languages together, that is"


def with_total(plan_: PlanFolder, served: Any, reach: Any, moe: int = 50) -> PlanFolder:
    """The plan with strategies.csv: another strategy first, then its own rows."""
    rows = [
        {"chosen": chosen, "language": tag, "served": people, "served_moe": moe,
         "reach": reached, "reach_moe": moe}
        for chosen, tag, people, reached in (
            (False, "", 99, 99), (True, "es", 88, 88), (True, "", served, reach)
        )
    ]  # fmt: skip
    return replace(plan_, strategies=pd.DataFrame(rows, dtype=object))


def test_all_languages_together_are_compared_where_both_plans_tell_them() -> None:
    more = plan(placement__buses=50, placements=MORE, figures={"buses_placed": 50})
    assert compare(plan(), with_total(more, 2000, 700)).total is None
    found = compare(with_total(plan(), 1500, 420), with_total(more, 2000, 700, 60))
    assert found.total == {
        "language": "", "language_name": "All campaign languages",
        "cards_before": 36, "cards_after": 50, "cards_difference": 14,
        "served_before": 1500, "served_before_moe": 50, "served_after": 2000, "served_after_moe": 60,
        "served_difference": 500, "served_beyond_chance": None,
        "reach_before": 420, "reach_before_moe": 50, "reach_after": 700, "reach_after_moe": 60,
        "reach_difference": 280, "reach_beyond_chance": None,
    }  # fmt: skip
    census = [{"path": "x/c.csv", "sha256": "9" * 64}, {"path": "t.gpkg", "sha256": "d" * 64}]
    other = compare(with_total(plan(), 1500, 420), with_total(plan(census=census), 1571, 491)).total
    assert other is not None
    assert (other["served_beyond_chance"], other["reach_beyond_chance"]) == (True, True)  # 71 > sqrt(2) × 50


@pytest.mark.parametrize(
    ("reach", "changes", "said"),
    [
        ((420, 700), {}, f"{TOGETHER} 280 more people reached: 20 for each of these buses on average."),
        ((420, 441), {}, f"{TOGETHER} 21 more people reached: 1.5 for each of these buses on average."),
        ((420, 415), {}, "With 14 more buses the plan reaches no more people."),
        ((420, "under 10"), {}, None),
        ((420, 700), {"placement__strategy": "optimal"}, None),
        ((420, 700), {"targeting": "0.2.0"}, None),
    ],
)  # fmt: skip
def test_people_a_bus_are_told_where_only_the_buses_changed(
    reach: tuple[Any, Any], changes: dict[str, Any], said: str | None
) -> None:
    few = with_total(plan(), 1500, reach[0])
    many = with_total(plan(placement__buses=50, placements=MORE, **changes), 2000, reach[1])
    why = compare(few, many).why
    assert why[0] == "14 more buses were placed because placement.buses went from 36 to 50."
    assert [each for each in why if TOGETHER in each or "no more people" in each] == ([said] if said else [])
    if said and TOGETHER in said:
        assert compare(many, few).why[1] == said.replace("more people", "fewer people")


def test_reach_is_compared_where_both_plans_have_it() -> None:
    reach = {"es": (412, 83), "ar": (0, 0)}
    assert compare(plan(), plan(reach=reach)).measures == ("served",)
    found = compare(plan(reach=reach), plan(reach=reach | {"es": (500, 90)}))
    assert found.measures == ("served", "reach")
    assert language(found, "es")["reach_difference"] == 88


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"placement__buses": 50, "placements": MORE},
            ["14 more buses were placed because placement.buses went from 36 to 50."],
        ),
        (
            {"placement__buses": 60, "placements": MORE},
            ["14 more buses were placed while placement.buses went from 36 to 60."],
        ),
        (
            {"placement__strategy": "optimal", "placements": {("1", "es"): 36}},
            ["The strategy changed from predominant to optimal."],
        ),
        (
            {"placement__floors": {"ar": 2}, "placements": {("1", "es"): 34, ("3", "ar"): 2}},
            ["Arabic got its first buses and has a floor now: placement.floors went from none to "
             '{"ar": 2}.'],
        ),
        (
            {"placement__floors": {"es": 2}, "placements": {("1", "es"): 34, ("3", "ar"): 2}},
            ['Placement.floors went from none to {"es": 2}.'],
        ),
        (
            {"posters__languages": ["es"], "posted": {"es": (1, 1)}, "placements": {("1", "es"): 36}},
            ["Arabic is no longer among the campaign's languages."],
        ),
        (
            {"region__bus_walk_m": 800.0, "hotspots__z": 2.0, "placements": {("1", "es"): 36}},
            ["Also different: region.bus_walk_m went from 400 to 800."],
        ),
        (
            {"posters__copies": 10, "orders__pack_size": 5, "placements": {("1", "es"): 36}},
            ["Also different: posters.copies went from none to 10."],
        ),
        (
            {"certainty__min_served": 500.0, "placements": {("1", "es"): 36}},
            ["Also different: certainty.min_served went from 100 to 500."],
        ),
        (
            {"targeting": "0.2.0", "placements": {("1", "es"): 36}},
            ["Settings and inputs are the same, so the program's version makes the difference: 0.1.0, "
             "then 0.2.0."],
        ),
    ],
)  # fmt: skip
def test_reasons_come_from_what_differs(changes: dict[str, Any], why: list[str]) -> None:
    assert list(compare(plan(), plan(**changes)).why) == why


def test_several_differences_are_not_laid_to_one() -> None:
    found = compare(plan(), plan(placement__buses=50, placement__strategy="optimal", placements=MORE))
    assert len(found.why) == 3
    assert found.why[-1].startswith("Several settings or inputs differ at once")


def test_what_the_records_do_not_say_is_not_guessed() -> None:
    found = compare(plan(), plan(placements={("1", "es"): 36}))
    assert len(found.why) == 1
    assert "do not say why" in found.why[0]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("plans")
    write_sample(root / "sample")
    made = []
    for buses in (12, 24):
        made.append(root / f"buses-{buses}")
        result = run(
            "plan", root / "sample" / "sample.toml", "--set", f"buses={buses}",
            "--set", "strategy=predominant", "--out", made[-1], "--quiet",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
    return made[0], made[1]


def test_the_command_says_what_differs_and_why(folders: tuple[Path, Path]) -> None:
    result = run("compare", *folders)
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "placement.buses: 12 → 24" in said
    assert "12 more buses were placed because placement.buses went from 12 to 24." in said
    assert "of places, not of samples" in said
    for folder, when in zip(folders, ("before", "after"), strict=True):
        table = pd.read_csv(folder / "strategies.csv")
        own = table[table["chosen"] & table["language"].isna()].iloc[0]
        total = json.loads(run("compare", *folders, "--json").stdout)["total"]
        assert (total[f"served_{when}"], total[f"reach_{when}"]) == (own["served"], own["reach"])
        assert re.search(rf"All campaign languages [^A-Z]*\b{own['reach']:,} ± {own['reach_moe']:,}", said)


def test_json_agrees_with_the_tables_of_the_plans(folders: tuple[Path, Path]) -> None:
    said = json.loads(run("compare", *folders, "--json").stdout)
    tables = [read_plan_folder(folder) for folder in folders]
    for row in said["languages"]:
        for plan_, when in zip(tables, ("before", "after"), strict=True):
            region = plan_.coverage[(plan_.coverage["area"] == "Region")].set_index("language")
            assert row[f"served_{when}"] == region.at[row["language"], "served_posted"]
            placed = plan_.placements.loc[plan_.placements["language"] == row["language"], "buses"].sum()
            assert row[f"cards_{when}"] == placed
    assert sum(row["cards_after"] - row["cards_before"] for row in said["placements"]) == 12
    assert said["same_census"] is True


def test_a_plan_is_the_same_as_itself(folders: tuple[Path, Path]) -> None:
    result = run("compare", folders[0], folders[0])
    assert result.exit_code == 0
    assert "No setting and no input." in result.output
    assert "Both plans make the same placements." in result.output


@pytest.mark.parametrize(
    ("file", "content", "part"),
    [
        ("run.json", None, "holds no plan"),
        ("run.json", b"{", "is not the record of a plan"),
        ("run.json", b"[]", "is not the record of a plan"),
        ("run.json", b'{"campaign": {"settings": {}}}', "is not the record of a plan"),
        ("placements.csv", None, "is missing from the plan"),
        ("placements.csv", b"", "is not a table"),
        ("placements.csv", b"\xff\xfe\x00", "is not a table"),
        ("placements.csv", b"unit,language\nroute,es\n", "has no column 'unit_id'"),
        ("coverage.csv",
         b"area,area_kind,language,language_name,served_posted,served_posted_moe\nRegion,region,es,S,x,1\n",
         "'x' in the column 'served_posted' is not a number"),
        ("placements.csv", b"unit,unit_id,unit_name,language,language_name,buses\nroute,1,1 A,es,Spanish,\n",
         "a number of buses is not a whole number"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_read_is_refused_in_one_sentence(
    folders: tuple[Path, Path], tmp_path: Path, file: str, content: bytes | None, part: str
) -> None:
    spoilt = shutil.copytree(folders[0], tmp_path / "plan")
    if content is None:
        (spoilt / file).unlink()
    else:
        (spoilt / file).write_bytes(content)
    result = run("compare", folders[1], spoilt)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert part in result.stderr
    assert result.stdout == ""


def test_texts_come_back_without_the_quote_that_spreadsheets_need(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    copied = shutil.copytree(folders[0], tmp_path / "plan")
    text = (copied / "placements.csv").read_text(encoding="utf-8")
    (copied / "placements.csv").write_text(text.replace(",4 8th St,", ",'=4 8th St,"), encoding="utf-8")
    assert "=4 8th St" in set(read_plan_folder(copied).placements["unit_name"])
    with pytest.raises(OutputError, match="no such folder"):
        read_plan_folder(tmp_path / "nowhere")
