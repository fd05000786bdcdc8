"""Placement as TriMet did it: thresholds, ties, ranking and dealing, worked by hand."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from targeting.campaign import read_campaign
from targeting.errors import CampaignError
from targeting.languages import find_languages, told_apart
from targeting.placement import assign_groups, deal_buses, predominant_groups, settle_groups
from targeting.plan import Plan, make_plan

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"


def table(rows: dict[str, list[float]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)


def predominant(
    rows: dict[str, list[float]], population: float = 1000, people: float = 50, share: float = 0.01
) -> dict[str, str]:
    frame = table(rows, ["spanish", "vietnamese", "korean"])
    return predominant_groups(
        frame, pd.Series(float(population), index=frame.index), least_people=people, least_share=share
    ).to_dict()


def test_most_people_wins_and_thresholds_are_inclusive() -> None:
    result = predominant({"a": [60, 70, 0], "b": [50, 0, 0], "c": [49, 0, 0], "d": [0, 0, 300]})
    assert result == {"a": "vietnamese", "b": "spanish", "c": "", "d": "korean"}


def test_share_threshold_is_of_the_population() -> None:
    # 60 of 6,000 is just 1 %, of 6,001 it is less
    assert predominant({"a": [60, 0, 0]}, population=6000) == {"a": "spanish"}
    assert predominant({"a": [60, 0, 0]}, population=6001) == {"a": ""}


def test_nobody_predominates_where_nobody_lives_even_without_thresholds() -> None:
    assert predominant({"a": [0, 0, 0]}, population=0, people=0, share=0) == {"a": ""}


def test_second_group_does_not_step_in_for_a_first_below_the_threshold() -> None:
    assert predominant({"a": [40, 30, 0]}) == {"a": ""}


def test_tie_goes_to_the_larger_group_of_the_region_then_to_the_first_column() -> None:
    # a is a tie; vietnamese has more people in all
    assert predominant({"a": [80, 80, 0], "b": [0, 60, 0]})["a"] == "vietnamese"
    assert predominant({"a": [0, 80, 80]})["a"] == "vietnamese"
    assert predominant({"a": [80, 0, 80], "b": [0, 0, 55], "c": [56, 0, 0]})["a"] == "spanish"


def test_assignment_goes_by_predominant_tracts_not_by_exposure_overall() -> None:
    # along route 1 Spanish has more exposure, but most of it where it is second
    columns = ["spanish", "vietnamese"]
    exposure = table({"1": [900, 500], "2": [800, 10]}, columns)
    where_first = table({"1": [100, 400], "2": [700, 0]}, columns)
    result = assign_groups(exposure, where_first)
    assert result["group"].to_dict() == {"2": "spanish", "1": "vietnamese"}
    # the score is the exposure along the whole route, of the language that it calls for
    assert result["score"].to_dict() == {"2": 800, "1": 500}
    assert result["rank"].to_dict() == {"2": 1, "1": 2}
    assert result.index.tolist() == ["2", "1"]


def test_route_that_passes_no_predominant_tract_is_left_out() -> None:
    columns = ["spanish", "vietnamese"]
    result = assign_groups(
        table({"1": [900, 900], "2": [5, 5]}, columns), table({"1": [0, 0], "2": [0, 3]}, columns)
    )
    assert result.index.tolist() == ["2"]


def test_equal_scores_keep_the_order_of_route_ids() -> None:
    columns = ["spanish"]
    rows = {"20": [70.0], "1": [70.0], "9": [80.0]}
    result = assign_groups(table(rows, columns), table(rows, columns))
    assert result.index.tolist() == ["9", "1", "20"]
    assert result["rank"].tolist() == [1, 2, 3]


def test_tie_of_groups_on_a_route_goes_to_the_larger_in_the_region() -> None:
    columns = ["spanish", "vietnamese"]
    exposure = table({"1": [10, 10], "2": [0, 90]}, columns)
    result = assign_groups(exposure, table({"1": [7, 7], "2": [0, 80]}, columns))
    assert result.at["1", "group"] == "vietnamese"


def test_no_route_at_all() -> None:
    columns = ["spanish"]
    result = assign_groups(table({"1": [5]}, columns), table({"1": [0]}, columns))
    assert result.empty
    assert list(result.columns) == ["group", "score", "rank"]
    result = result.assign(second="")
    assert deal_buses(result, {"1": 3}, told_apart(find_languages(["es"])), 5).empty


# --- dealing ----------------------------------------------------------------------------------


def deal(
    groups: dict[str, str],
    vehicles: dict[str, int],
    tags: list[str],
    buses: int,
    seconds: dict[str, str] | None = None,
) -> list[list[object]]:
    assigned = pd.DataFrame(
        {
            "group": pd.Series(groups),
            "score": [float(len(groups) - i) for i in range(len(groups))],
            "rank": range(1, len(groups) + 1),
            "second": [(seconds or {}).get(route, "") for route in groups],
        }
    )
    dealt = deal_buses(assigned, vehicles, told_apart(find_languages(tags)), buses)
    assert list(dealt.columns) == ["route_id", "language", "buses"]
    return dealt.to_numpy().tolist()


def test_a_pair_hangs_on_different_buses_of_the_route() -> None:
    pair = {"9": "chinese"}  # route 9 cannot tell Spanish from Chinese: two in its turn, one each
    many = {"9": 10, "1": 10, "4": 10}
    tags = ["es", "vi", "zh"]
    assert deal(THREE, many, tags, 3, pair) == [["9", "es", 1], ["9", "zh", 1], ["1", "vi", 1]]
    assert deal(THREE, many, tags, 1, pair) == [["9", "es", 1]]
    # one bus on the route: the group that weighs most
    assert deal(THREE, many | {"9": 1}, tags, 3, pair) == [["9", "es", 1], ["1", "vi", 1], ["4", "es", 1]]


# --- what is not sure -------------------------------------------------------------------------

ASSIGNED = pd.DataFrame(
    {"group": ["spanish", "chinese"], "score": [90.0, 50.0], "rank": [1, 2]}, index=["A", "B"]
)
EXPOSURE = pd.DataFrame(
    {"spanish": [90.0, 95.0], "chinese": [10.0, 50.0], "korean": [1.0, 1.0]}, index=["A", "B"]
)
LARGEST = pd.DataFrame(
    {"spanish": [0.8, 0.45], "chinese": [0.15, 0.5], "korean": [0.05, 0.05]}, index=["A", "B"]
)
REGIONAL = pd.Series({"spanish": 900.0, "chinese": 200.0, "korean": 100.0})


def settle(unsure: str, post_at: float = 0.8) -> dict[str, tuple[object, ...]]:
    table = settle_groups(ASSIGNED, EXPOSURE, LARGEST, REGIONAL, post_at=post_at, unsure=unsure)  # type: ignore[arg-type]
    columns = ["group", "second", "rule", "score", "rank"]
    return {route: tuple(row) for route, row in zip(table.index, table[columns].to_numpy(), strict=True)}


def test_below_the_probability_asked_for_both_hang() -> None:
    assert settle("pair") == {
        "A": ("spanish", "", "certain", 90.0, 1),  # 0.8 is enough for 0.8
        "B": ("chinese", "spanish", "pair", 50.0, 2),
    }


def test_or_the_one_with_more_people_in_the_region() -> None:
    # B turns to Spanish, whose exposure of 95 along it now ranks it first
    assert settle("regional") == {
        "B": ("spanish", "", "regional", 95.0, 1),
        "A": ("spanish", "", "certain", 90.0, 2),
    }
    kept = settle("regional", post_at=0.9)["A"]
    assert kept == ("spanish", "", "regional", 90.0, 2), "already the larger of the two"


def test_any_probability_is_enough_when_none_is_asked_for() -> None:
    assert {row[2] for row in settle("pair", post_at=0.0).values()} == {"certain"}


THREE = {"9": "spanish", "1": "vietnamese", "4": "spanish"}


def test_one_bus_a_route_a_round_from_the_top() -> None:
    many = {"9": 10, "1": 10, "4": 10}
    assert deal(THREE, many, ["es", "vi"], 2) == [["9", "es", 1], ["1", "vi", 1]]
    assert deal(THREE, many, ["es", "vi"], 5) == [["9", "es", 2], ["1", "vi", 2], ["4", "es", 1]]


def test_never_more_than_the_route_runs_and_the_rest_goes_on() -> None:
    # rounds: 9 1 4 | 9 1 | 9 1 | 1 stops at 3, so 9 takes what is left
    assert deal(THREE, {"9": 9, "1": 3, "4": 1}, ["es", "vi"], 9) == [
        ["9", "es", 5], ["1", "vi", 3], ["4", "es", 1],
    ]  # fmt: skip


def test_fewer_than_asked_when_all_are_full() -> None:
    assert deal(THREE, {"9": 2, "1": 1}, ["es", "vi"], 50) == [["9", "es", 2], ["1", "vi", 1]]


def test_languages_of_one_group_take_turns() -> None:
    groups = {"9": "slavic", "1": "spanish"}
    assert deal(groups, {"9": 5, "1": 5}, ["uk", "es", "ru"], 7) == [
        ["9", "uk", 2], ["9", "ru", 2], ["1", "es", 3],
    ]  # fmt: skip
    # an odd bus goes to the language that the campaign names first
    assert deal({"9": "slavic"}, {"9": 5}, ["uk", "ru"], 3) == [["9", "uk", 2], ["9", "ru", 1]]


def test_turns_run_on_from_route_to_route() -> None:
    groups = {"9": "slavic", "1": "slavic", "4": "slavic"}
    assert deal(groups, {"9": 1, "1": 1, "4": 1}, ["ru", "uk"], 3) == [
        ["9", "ru", 1], ["1", "uk", 1], ["4", "ru", 1],
    ]  # fmt: skip


@pytest.mark.parametrize("buses", [1, 4, 11, 12, 13, 40])
def test_dealt_buses_add_up(buses: int) -> None:
    vehicles = {"9": 7, "1": 4, "4": 1}
    dealt = deal(THREE, vehicles, ["es", "vi"], buses)
    assert sum(int(row[2]) for row in dealt) == min(buses, 12)
    assert all(int(row[2]) <= vehicles[str(row[0])] for row in dealt)


# --- the whole line, on the sample ------------------------------------------------------------


def plan(*settings: str) -> Plan:
    return make_plan(read_campaign(SAMPLE, ["strategy=predominant", *settings]))


@pytest.fixture(scope="module")
def sample_plan() -> Plan:
    return plan()


def assert_equal(one: Plan, other: Plan) -> None:
    tables = ("routes", "placements", "coverage", "languages", "vehicles", "strategies")
    assert (one.budget, other.budget) == (None, None), "predominant has no curve"
    for name in tables:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    assert one.scores.notices.as_dicts() == other.scores.notices.as_dicts()


def test_two_runs_give_equal_tables(sample_plan: Plan) -> None:
    assert_equal(sample_plan, plan())


def test_order_of_census_rows_and_polygons_changes_nothing(sample_plan: Plan, tmp_path: Path) -> None:
    table = pd.read_csv(SAMPLE.parent / "acs/sample_c16001.csv", dtype=str)
    shuffled = tmp_path / "sample_c16001.csv"
    table.sample(frac=1, random_state=7).to_csv(shuffled, index=False)
    assert_equal(sample_plan, plan(f"acs={shuffled}"))
    polygons = gpd.read_file(SAMPLE.parent / "acs/sample_tracts.geojson")
    turned = tmp_path / "sample_tracts.geojson"
    polygons.iloc[::-1].to_file(turned)
    for name in ("placements", "coverage", "languages"):
        pd.testing.assert_frame_equal(getattr(plan(f"tracts={turned}"), name), getattr(sample_plan, name))


def test_dealt_buses_of_the_sample(sample_plan: Plan) -> None:
    dealt = sample_plan.placements.groupby("unit_id")["buses"].sum()
    vehicles, assigned = sample_plan.scores.vehicles, sample_plan.scores.assigned
    assert dealt.sum() == 24
    assert (dealt <= vehicles[dealt.index]).all()
    # one a round from the top: no route has two more than a better one that still had buses
    # a pair takes two in a round
    share = {route: 2 if second else 1 for route, second in assigned["second"].items()}
    ranked = [-(-int(dealt.get(route, 0)) // share[route]) for route in assigned.index]
    full = [dealt.get(route, 0) == vehicles[route] for route in assigned.index]
    for better, count in enumerate(ranked):
        assert full[better] or all(count >= later for later in ranked[better + 1 :])


def test_language_of_a_route_is_the_one_it_calls_for(sample_plan: Plan) -> None:
    for row in sample_plan.placements.itertuples():
        decided = sample_plan.scores.assigned.loc[row.unit_id]
        first = sample_plan.scores.predominant_exposure.loc[row.unit_id]
        assert first[decided["group"]] == first.max() > 0
        group = find_languages([row.language])[0].group.key
        assert group in (decided["group"], decided["second"])
        alone = sample_plan.routes.set_index(["route_id", "language"]).at[
            (row.unit_id, row.language), "largest_probability"
        ]
        assert (decided["rule"] == "certain") == (decided["second"] == "")
        assert decided["second"] or alone >= 0.8


def test_predominant_exposure_is_that_of_predominant_tracts_only(sample_plan: Plan) -> None:
    scores = sample_plan.scores
    weekly = scores.catchment.exposure().toarray()  # routes × tracts
    overall = 0.0
    for group in scores.predominant_exposure:
        people = scores.tracts.estimates[group].to_numpy()
        first = (scores.predominant == group).to_numpy()
        expected = (weekly[:, first] * people[first]).sum(axis=1)
        assert scores.predominant_exposure[group].to_numpy() == pytest.approx(expected)
        overall += (weekly @ people).sum()
    assert 0 < scores.predominant_exposure.to_numpy().sum() < 0.95 * overall


def test_reason_repeats_the_figures_of_its_row(sample_plan: Plan) -> None:
    for row in sample_plan.placements.itertuples():
        assert row.unit_name in row.reason
        assert f"{row.served:,.0f} ± {row.served_moe:,.0f} LEP speakers" in row.reason
        rank = sample_plan.scores.assigned.at[row.unit_id, "rank"]
        assert f"rank {rank} of {len(sample_plan.scores.assigned)}" in row.reason
        near = sample_plan.scores.catchment.share()[
            sample_plan.scores.catchment.routes.get_loc(row.unit_id)
        ].toarray()[0]
        group = find_languages([row.language])[0].group.key
        leading = (near > 0) & (sample_plan.scores.predominant == group).to_numpy()
        assert f"{leading.sum()} of the {(near > 0).sum()} tracts" in row.reason


def test_coverage_of_the_sample_is_a_union(sample_plan: Plan) -> None:
    region = sample_plan.coverage[sample_plan.coverage["area"] == "Region"].set_index("language")
    placed = sample_plan.placements.groupby("language")["served"]
    for language, row in region.iterrows():
        if language in placed.groups:
            assert placed.max()[language] - 1e-6 <= row["served_posted"] <= placed.sum()[language] + 1e-6
        else:
            assert row["served_posted"] == 0
        assert row["served_posted"] <= row["served_any"] <= row["lep"]
    assert region.at["es", "served_posted"] < placed.sum()["es"]  # routes do overlap


def test_more_buses_than_the_fleet_are_refused(sample_plan: Plan) -> None:
    fleet = sample_plan.scores.fleet
    assert plan(f"buses={fleet}").placements["buses"].sum() <= fleet
    with pytest.raises(CampaignError) as caught:
        plan(f"buses={fleet + 1}")
    text = str(caught.value)
    assert text.startswith(f"placement.buses = {fleet + 1}: ")
    assert f"never has more than {fleet} vehicles" in text
    assert text.endswith(f"ask for at most {fleet}.")


def test_buses_that_no_route_can_take_are_said_to_be_left(sample_plan: Plan) -> None:
    # only routes past tracts with 150 Korean speakers may have buses: few, if any
    result = plan(f"buses={sample_plan.scores.fleet}", 'languages=["ko"]', "tract_people=150")
    placed = int(result.placements["buses"].sum())
    assert placed < sample_plan.scores.fleet
    said = {notice.code: notice for notice in result.scores.notices}
    assert said["buses_left"].count == sample_plan.scores.fleet - placed
    assert (
        f"{sample_plan.scores.fleet - placed} of {sample_plan.scores.fleet} buses"
        in said["buses_left"].message
    )


def test_language_that_gets_no_bus_is_said(sample_plan: Plan) -> None:
    posted = set(sample_plan.placements["language"])
    missing = [lang.english_name for lang in sample_plan.scores.languages if lang.tag not in posted]
    messages = [n.message for n in sample_plan.scores.notices if n.code == "language_not_posted"]
    assert missing
    assert all(any(name in message for message in messages) for name in missing)
