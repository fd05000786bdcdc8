"""Placement as TriMet did it: thresholds, ties, ranking and dealing, worked by hand."""

import pandas as pd
import pytest

from targeting.languages import find_languages, told_apart
from targeting.placement import assign_groups, deal_buses, predominant_groups


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
    assert deal_buses(result, {"1": 3}, told_apart(find_languages(["es"])), 5).empty


# --- dealing ----------------------------------------------------------------------------------


def deal(groups: dict[str, str], vehicles: dict[str, int], tags: list[str], buses: int) -> list[list[object]]:
    assigned = pd.DataFrame(
        {
            "group": pd.Series(groups),
            "score": [float(len(groups) - i) for i in range(len(groups))],
            "rank": range(1, len(groups) + 1),
        }
    )
    dealt = deal_buses(assigned, vehicles, told_apart(find_languages(tags)), buses)
    assert list(dealt.columns) == ["route_id", "language", "buses"]
    return dealt.to_numpy().tolist()


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
        ["9", "ru", 2], ["9", "uk", 2], ["1", "es", 3],
    ]  # fmt: skip
    # an odd bus goes to the language that the campaign names first
    assert deal({"9": "slavic"}, {"9": 5}, ["uk", "ru"], 3) == [["9", "ru", 1], ["9", "uk", 2]]


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
