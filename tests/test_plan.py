"""The default plan of the sample: what it holds, that its figures are right, and that wishes are met."""

import csv
import json
import math
import os
import re
import subprocess
import sys
from functools import reduce
from itertools import permutations
from operator import add
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.errors import CampaignError
from targeting.plan import Plan, make_plan
from targeting.posting import to_groups
from targeting.proofs import assumption, proofs
from targeting.redraws import with_region_error
from targeting.scores import Scores
from targeting.write.tables import rounded, tables_csv, told

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
VENUES = ("file=sample_venues.csv", "cards=8")
GARAGES = ("unit=garage", "garages=gtfs/sample_garages.csv")
TAGS = ["es", "vi", "zh", "ru", "ko", "ar"]


def plan(*settings: str) -> Plan:
    return make_plan(read_campaign(SAMPLE, ["redraws=0", *settings]))


def command(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def region_of(made: Plan) -> pd.DataFrame:
    return made.coverage[made.coverage["area"] == "Region"].set_index("language")


@pytest.fixture(scope="module")
def optimal() -> Plan:
    return plan("redraws=20")


@pytest.fixture(scope="module")
def predominant() -> Plan:
    return plan("strategy=predominant")


@pytest.fixture(scope="module")
def families() -> Plan:
    return plan("unit=family")


@pytest.fixture(scope="module")
def garages() -> Plan:
    return plan(*GARAGES)


@pytest.fixture(scope="module")
def both() -> Plan:
    return plan(*VENUES)


@pytest.fixture(scope="module")
def venues_only() -> Plan:
    return plan(*VENUES, "buses=0")


# --- by hand, straight from the design ----------------------------------------------------------


def reach_by_hand(
    scores: Scores, cards: "np.ndarray", key: str, *, of_venues: "np.ndarray | None" = None
) -> float:
    """People reached of one census column: people · (1 − exp(−T · (r · λ / D + visits))), atom by atom.

    Parameters
    ----------
    cards : ndarray, shape (units,)
        Buses of each unit that carry the language.
    of_venues : ndarray, shape (venues,)
        Cards at each venue.
    """
    campaign, near, units = scores.campaign, scores.catchment, scores.units
    departures = near.departures.toarray()
    routes = len(scores.feed.routes)
    leakage = np.eye(routes) if units.kind == "route" else units.leakage.toarray()
    vehicles = units.table["vehicles"].to_numpy(float)
    spread = np.maximum(units.route_vehicles.to_numpy(float), 1.0)
    spread = np.maximum(spread, leakage.T @ vehicles)
    posted = departures @ ((leakage.T @ cards) / spread)
    every = departures.sum(axis=1)
    groups = {language.column for language in scores.languages}
    counted = scores.tracts.estimates[sorted(groups)].sum(axis=1).to_numpy()[near.tract] * near.weight
    served = every > 0
    mean = (every * counted)[served].sum() / counted[served].sum()
    rides = campaign.placement.rides_per_week * np.sqrt(every / mean)
    met = np.where(served, rides * posted / np.where(served, every, 1), 0.0)
    if of_venues is not None:
        assert campaign.venues is not None
        assert scores.near_venues is not None
        inside = scores.near_venues.departures.toarray() > 0
        met = met + campaign.venues.visits_per_week * (inside @ of_venues)
    people = scores.tracts.estimates[key].to_numpy(float)[near.tract] * near.weight
    return float((people * (1 - np.exp(-campaign.posters.weeks * met))).sum())


def cards_of(made: Plan, tag: str) -> "np.ndarray":
    """Buses of each unit that carry a language, from the table of placements."""
    mine = made.placements[made.placements["language"] == tag].set_index("unit_id")["buses"]
    return mine.reindex(made.scores.units.table.index, fill_value=0).to_numpy(float)


@pytest.mark.parametrize("kind", ["optimal", "predominant", "families", "garages"])
def test_reach_is_the_curve_of_the_design(kind: str, request: pytest.FixtureRequest) -> None:
    made: Plan = request.getfixturevalue(kind)
    reach = region_of(made)["reach"]
    for language in made.scores.languages:
        expected = reach_by_hand(made.scores, cards_of(made, language.tag), language.column)
        assert reach[language.tag] == pytest.approx(expected, rel=1e-9), language.tag
    assert reach.sum() > 3000


@pytest.mark.parametrize("kind", ["families", "garages"])
def test_a_unit_serves_whoever_lives_near_the_routes_its_buses_run(
    kind: str, request: pytest.FixtureRequest
) -> None:
    made: Plan = request.getfixturevalue(kind)
    scores = made.scores
    row = max(made.placements.itertuples(), key=lambda row: len(scores.units.table.at[row.unit_id, "routes"]))
    number = scores.units.table.index.get_loc(row.unit_id)
    leakage = scores.units.leakage.toarray()
    assert leakage[number].sum() == pytest.approx(1)
    assert (leakage[number] > 0).sum() > 1, "its buses run more than one route"
    vehicles = np.maximum(scores.units.route_vehicles.to_numpy(float), 1)
    vehicles = np.maximum(vehicles, leakage.T @ scores.units.table["vehicles"].to_numpy(float))
    trips = leakage[number] * scores.feed.routes["departures_week"].to_numpy(float) / vehicles
    runs = trips >= 1  # one card rides at least one trip a week there
    assert runs.sum() > 1
    language = next(language for language in scores.languages if language.tag == row.language)
    people = scores.tracts.estimates[language.column].to_numpy(float)
    assert row.served == pytest.approx(scores.catchment.share_of_any(runs) @ people)
    alone = np.zeros(len(leakage))
    alone[number] = row.buses
    assert row.reach == pytest.approx(reach_by_hand(scores, alone, language.column))
    assert row.vehicles == scores.units.table.at[row.unit_id, "vehicles"]
    # exposure: people × the departures near them that its buses run
    near = scores.catchment
    run = near.departures @ (leakage[number] * runs * row.vehicles / vehicles)
    assert row.score == pytest.approx(run @ (people[near.tract] * near.weight))


def test_families_and_garages_hold_all_buses_and_every_language(families: Plan, garages: Plan) -> None:
    for made, kind in ((families, "family"), (garages, "garage")):
        assert set(made.placements["unit"]) == {kind}
        assert made.placements["buses"].sum() == 24
        assert set(made.placements["language"]) == set(TAGS)
        on_unit = made.placements.groupby("unit_id")["buses"].sum()
        assert (on_unit <= made.scores.units.table["vehicles"][on_unit.index]).all()
        region = region_of(made)
        assert region["reach"].to_numpy() == pytest.approx(region["reach_following"].to_numpy())
    # a card of a garage goes everywhere: less can be aimed
    assert region_of(garages)["reach"].sum() < region_of(families)["reach"].sum()


def test_following_its_bus_a_card_of_a_route_is_seen_where_the_bus_goes(optimal: Plan) -> None:
    scores = optimal.scores
    leakage = scores.units.leakage.toarray()
    away = optimal.placements.set_index("unit_id")["elsewhere"]
    for unit, share in away.items():
        number = scores.units.table.index.get_loc(unit)
        assert share == pytest.approx(1 - leakage[number, number])
    region = region_of(optimal)
    assert (region["reach_following"] <= region["lep"]).all()
    assert abs(region["reach_following"].sum() / region["reach"].sum() - 1) > 0.01, "buses do change routes"
    assert region["reach_following_share"].to_numpy() == pytest.approx(
        (region["reach_following"] / region["lep"]).to_numpy()
    )


# --- what the default plan holds ----------------------------------------------------------------


def test_budget_floors_and_vehicles_are_kept(optimal: Plan) -> None:
    assert optimal.scores.campaign.placement.strategy == "optimal"
    placed = optimal.placements
    assert placed["buses"].sum() == 24
    assert set(placed["language"]) == set(TAGS), "one bus for every language"
    assert (placed["buses"] >= 1).all()
    assert (placed["cards"] == placed["buses"]).all()
    on_route = placed.groupby("unit_id")["buses"].sum()
    vehicles = optimal.scores.vehicles
    assert (on_route <= vehicles[on_route.index]).all()
    assert (placed["vehicles"].to_numpy() == vehicles[placed["unit_id"]].to_numpy()).all()
    assert (placed["enough_probability"] >= 0.8).all()
    assert placed["certainty"].between(0, 1).all()
    assert not [n for n in optimal.scores.notices if n.code in ("language_not_posted", "floor_unsure")]
    found = optimal.posting.solution
    assert found is not None
    assert found.gap <= 0.005
    assert found.value <= found.bound * (1 + 1e-9)


def test_placements_are_ranked_by_what_they_add(optimal: Plan) -> None:
    placed = optimal.placements
    adds = placed.groupby("rank")["reach_added"].sum()
    assert adds.index.tolist() == list(range(1, placed["unit_id"].nunique() + 1))
    assert adds.is_monotonic_decreasing
    for _, rows in placed.groupby("unit_id"):
        assert len(set(rows["rank"])) == 1
        assert rows["reach_added"].is_monotonic_decreasing


def test_people_reached_were_served_and_served_live_near_a_route(optimal: Plan) -> None:
    table = optimal.coverage
    slack = 1e-6
    for less, more in (("reach", "served_posted"), ("served_posted", "served_any"), ("served_any", "lep")):
        assert (table[less] <= table[more] + slack).all(), (less, more)
    assert (table["reach_following"] <= table["served_any"] + slack).all()
    counties = table[table["area_kind"] == "county"].groupby("language")
    region = region_of(optimal)
    for name in ("lep", "served_any", "served_posted", "reach", "reach_following"):
        sums = counties[name].sum()
        assert sums[TAGS].to_numpy() == pytest.approx(region.loc[TAGS, name].to_numpy())
        assert (region[f"{name}_moe"] > 0).all()


def test_what_a_placement_adds_is_what_the_plan_would_lose(optimal: Plan) -> None:
    placed, audience = optimal.placements, optimal.posting.problem.audience
    assert (placed["reach"] <= placed["served"] + 1e-6).all()
    assert (placed["reach_added"] <= placed["reach"] + 1e-6).all()
    total = audience.reach(optimal.posting.cards).sum()
    assert placed["reach_added"].sum() <= total
    groups = list(optimal.posting.problem.groups)
    for row in placed.itertuples():
        less = optimal.posting.cards.copy()
        language = next(lang for lang in optimal.scores.languages if lang.tag == row.language)
        unit = optimal.posting.problem.units.index(row.unit_id)
        less[unit, groups.index(language.column)] = 0
        assert row.reach_added == pytest.approx(total - audience.reach(less).sum())


def test_reasons_repeat_the_figures_of_their_row(optimal: Plan) -> None:
    for row in optimal.placements.itertuples():
        assert row.reason.startswith(f"{row.unit_name} gets {row.language_name} in {row.buses} of its ")
        assert f"about {row.served:,.0f} ± {row.served_moe:,.0f} LEP speakers of " in row.reason
        assert f"about {row.reach:,.0f} of them are expected" in row.reason
        assert f"of its {row.vehicles:,} buses" in row.reason
        assert "of 20 redraws" in row.reason
        floored = row.language in ("ru", "ko", "ar")  # they have the one bus of their floor
        assert ("below its floor without it" in row.reason) == floored
        assert row.reason.endswith(".")


def test_reasons_call_no_tram_a_bus() -> None:
    trams = plan("modes=tram", "placement.buses=2", 'languages=["es"]')
    assert len(trams.placements) > 0
    for reason in trams.placements["reason"]:
        assert "vehicle" in reason
        assert " bus" not in reason


def test_a_language_hangs_only_where_it_serves_enough_with_the_certainty_asked_for() -> None:
    made = plan("min_served=400", "enough_at=0.9")
    unsure = {n.message.split(":")[0] for n in made.scores.notices if n.code == "floor_unsure"}
    assert {"Korean", "Arabic"} & unsure, "their floor hangs where it is likeliest"
    for row in made.placements.itertuples():
        assert row.enough_probability >= 0.9 or (row.language_name in unsure and row.buses == 1)
    few = made.placements[made.placements["enough_probability"] < 0.9]
    rows = made.routes.set_index(["language", "route_id"])["enough_probability"]
    for row in few.itertuples():
        assert row.enough_probability == rows[row.language].max()
    assert "Spanish" not in unsure


def test_default_floors_give_way_to_few_buses_and_say_so() -> None:
    made = plan("buses=4")
    assert made.placements["buses"].sum() == 4
    posted = set(made.placements["language"])
    assert len(posted) == 4
    people = made.languages[made.languages["in_campaign"]].set_index("language")["lep"]
    assert posted == set(people.nlargest(4).index), "the larger ones keep theirs"
    (notice,) = [n for n in made.scores.notices if n.code == "language_not_posted"]
    assert "No bus is left for Korean, Arabic: placement.buses = 4 is too few" in notice.message


# --- strategies, budget, robustness -------------------------------------------------------------


def test_the_chosen_row_of_the_strategies_is_the_plan(optimal: Plan) -> None:
    table = optimal.strategies
    mine = table[table["chosen"]]
    assert mine["strategy"].unique().tolist() == ["optimal"]
    assert mine["language"].tolist() == [*TAGS, ""]
    mine = mine.set_index("language")
    region = region_of(optimal)
    for tag in TAGS:
        for column, ours in (("served_posted", "served"), ("reach", "reach")):
            assert mine.at[tag, ours] == pytest.approx(region.at[tag, column])
            assert mine.at[tag, f"{ours}_moe"] == pytest.approx(region.at[tag, f"{column}_moe"])
        hung = optimal.placements.loc[optimal.placements["language"] == tag, "buses"].sum()
        assert mine.at[tag, "buses"] == hung
        assert mine.at[tag, "floor_regret"] >= 0
    for name in ("buses", "served", "reach"):
        assert mine.at["", name] == pytest.approx(mine.loc[TAGS, name].sum())
    assert mine.at["", "reach_moe"] == pytest.approx(math.hypot(*mine.loc[TAGS, "reach_moe"]))
    assert table.loc[~table["chosen"], "floor_regret"].isna().all()


def test_strategies_compete_with_the_same_buses(optimal: Plan, predominant: Plan) -> None:
    table = optimal.strategies.set_index(["strategy", "language"])
    names = optimal.strategies["strategy"].unique().tolist()
    assert names == ["predominant", "optimal", "optimal, equal weight per language"]
    total = table.xs("", level="language")
    assert (total["buses"] == 24).all()
    assert total.at["optimal", "reach"] * 1.005 >= total["reach"].max()
    # the predominant row is what that strategy really does
    other = region_of(predominant)
    for tag in TAGS:
        row = table.loc[("predominant", tag)]
        assert row["reach"] == pytest.approx(other.at[tag, "reach"])
        assert row["served"] == pytest.approx(other.at[tag, "served_posted"])
    # with equal weights the least reached share is larger
    lep = region_of(optimal)["lep"]
    share = {name: (table.loc[name].loc[TAGS, "reach"] / lep[TAGS]).min() for name in names}
    assert share[names[2]] > share["optimal"] > share["predominant"] == 0


def test_strategies_of_the_predominant_plan_name_it_as_chosen(predominant: Plan) -> None:
    table = predominant.strategies
    assert table[table["chosen"]]["strategy"].unique().tolist() == ["predominant"]
    total = table[table["language"] == ""].set_index("strategy")["reach"]
    assert total["predominant"] == pytest.approx(region_of(predominant)["reach"].sum())
    assert predominant.robustness is None
    assert predominant.placements["certainty"].isna().all()


def test_more_buses_never_reach_fewer_people(optimal: Plan) -> None:
    curve, found = optimal.budget, optimal.posting.solution
    assert found is not None
    fleet = optimal.scores.fleet
    assert curve["buses"].is_monotonic_increasing
    assert curve["buses"].iloc[0] == 0
    assert curve["buses"].iloc[-1] <= fleet
    assert curve["reach"].is_monotonic_increasing
    assert (curve[[f"buses_{tag}" for tag in TAGS]].sum(axis=1) == curve["buses"]).all()
    assert curve[[f"reach_{tag}" for tag in TAGS]].sum(axis=1).to_numpy() == pytest.approx(
        curve["reach"].to_numpy()
    )
    steps = curve["reach"].diff().iloc[1:]
    assert steps.iloc[:5].mean() > 5 * steps.iloc[-5:].mean() > 0, "each further bus buys less"
    (chosen,) = curve[curve["chosen"]].itertuples()
    assert chosen.buses == 24
    assert (chosen.buses_ko, chosen.buses_ar) == (1, 1), "the curve has the plan's floors"
    assert chosen.reach <= found.bound * (1 + 1e-9)
    assert chosen.reach >= found.value * (1 - 0.005)


@pytest.mark.parametrize("tag", ["es", "ko"])
def test_few_rides_sort_routes_by_exposure(tag: str) -> None:
    # r₀ → 0 and rides in step with service: every passing of a posted bus counts alike
    made = plan(
        f'languages=["{tag}"]', "rides_per_week=0.000001", "elasticity=1", "floors=0", "min_served=0",
        "gap=0.00001",
    )  # fmt: skip
    near, language = made.scores.catchment, made.scores.languages[0]
    people = made.scores.tracts.estimates[language.column].to_numpy(float)[near.tract] * near.weight
    vehicles = made.scores.vehicles
    exposure = pd.Series(near.departures.T @ people, index=near.routes) / vehicles.clip(lower=1)
    left, expected = 24, {}
    for route in exposure.sort_values(ascending=False, kind="stable").index:
        expected[route] = min(int(vehicles[route]), left)
        left -= expected[route]
    placed = made.placements.set_index("unit_id")["buses"].to_dict()
    assert placed == {route: buses for route, buses in expected.items() if buses}
    assert len(placed) > 2


def test_few_people_are_told_in_no_table_as_if_they_were_counted(optimal: Plan) -> None:
    curve = told(rounded(optimal.budget), 200)
    for tag in TAGS:
        cells, whole = curve[f"reach_{tag}"].tolist(), rounded(optimal.budget)[f"reach_{tag}"].tolist()
        assert cells == ["under 200" if 0 < people < 200 else people for people in whole]
    assert "under 200" in curve["reach_ar"].tolist()


def test_the_interval_holds_the_error_of_the_regions_totals() -> None:
    # two redraws of one group that reach the same: all that moves them is the total's error, 164.5 of 1,000
    reach = with_region_error(np.full((4000, 1), 500.0), np.array([1000.0]), np.array([164.5]), seed=7)
    assert reach.mean() == pytest.approx(500, rel=0.01)
    assert reach.std() == pytest.approx(50, rel=0.05)
    sure = with_region_error(np.array([[3.0, 4.0]]), np.array([10.0, 0.0]), np.array([0.0, 12.0]), seed=7)
    assert sure.tolist() == [[3.0, 4.0]]


def test_robustness_is_over_the_redraws(optimal: Plan) -> None:
    table = optimal.robustness
    assert table is not None
    assert table["language"].tolist() == [*TAGS, ""]
    assert (table["reach_low"] < table["reach_mean"]).all()
    assert (table["reach_mean"] < table["reach_high"]).all()
    total = table.iloc[-1]
    assert total["reach"] == pytest.approx(table["reach"].iloc[:-1].sum())
    assert total["reach_mean"] == pytest.approx(table["reach_mean"].iloc[:-1].sum())
    # what is drawn apart varies less in sum than its parts together
    width = table["reach_high"] - table["reach_low"]
    assert width.iloc[-1] < width.iloc[:-1].sum()
    assert 0 <= total["regret"] < 0.1
    assert table["regret"].iloc[:-1].isna().all()
    assert region_of(optimal)["reach"].to_numpy() == pytest.approx(table["reach"].iloc[:-1].to_numpy())


def test_a_robust_plan_has_the_best_mean_over_the_redraws(optimal: Plan) -> None:
    robust = plan("redraws=20", "robust=true")
    found, mean = robust.posting.solution, robust.robustness.iloc[-1]["reach_mean"]
    assert found is not None
    assert found.value == pytest.approx(mean), "its value is the mean, and not the estimate"
    assert found.value != pytest.approx(region_of(robust)["reach"].sum(), rel=1e-4)
    assert optimal.robustness.iloc[-1]["reach_mean"] <= found.bound
    said = " ".join(proofs(robust))
    assert "more people on average over the redraws." in said


def test_without_redraws_nothing_is_said_of_them(venues_only: Plan, optimal: Plan) -> None:
    assert venues_only.robustness is None
    assert venues_only.placements["certainty"].isna().all()
    assert not venues_only.placements["reason"].str.contains("redraws").any()
    assert "robustness.csv" not in tables_csv(venues_only)
    assert "robustness.csv" in tables_csv(optimal)


def test_weights_of_languages_are_a_strategy_of_the_table() -> None:
    equal = plan("weights=languages", "buses=12")
    assert equal.strategies[equal.strategies["chosen"]]["strategy"].unique().tolist() == [
        "optimal, equal weight per language"
    ]
    own = plan("weights={ko=50}", "buses=12")
    table = own.strategies
    assert table[table["chosen"]]["strategy"].unique().tolist() == ["optimal, the campaign's weights"]
    reach = table.set_index(["strategy", "language"])["reach"]
    assert reach["optimal, the campaign's weights", "ko"] > 2 * reach["optimal", "ko"]


# --- venues -------------------------------------------------------------------------------------


def test_venues_without_a_bus(venues_only: Plan) -> None:
    placed = venues_only.placements
    assert set(placed["unit"]) == {"venue"}
    assert placed["cards"].sum() == 8
    assert (placed["buses"] == 0).all()
    slots = venues_only.scores.postable.table["slots"]
    carried = placed.groupby("unit_id")["language"].size()
    assert (carried <= slots[carried.index]).all()
    # whoever lives near goes there 0.05 times a week: 1 − exp(−0.2) of them in four weeks
    assert (placed["reach"] / placed["served"]).to_numpy() == pytest.approx(1 - math.exp(-4 * 0.05))
    assert set(placed["language"]) == set(TAGS), "the floors are met where no bus can meet them"
    unsure = [n.message for n in venues_only.scores.notices if n.code == "floor_unsure"]
    assert unsure
    assert all(": no venue serves 100 people with the 80% asked for" in message for message in unsure)


def test_what_could_not_be_placed_is_said(venues_only: Plan) -> None:
    assert not [n for n in venues_only.scores.notices if n.code == "buses_left"]
    made = plan(*VENUES[:1], "cards=60", "buses=0")
    hung = int(made.placements["cards"].sum())
    assert 8 < hung < 60
    (notice,) = (n for n in made.scores.notices if n.code == "buses_left")
    assert notice.message.startswith(f"{60 - hung} of 60 cards in venues could not be placed: ")
    assert notice.count == 60 - hung


def test_reach_assumes_rides_where_buses_carry_cards_and_visits_where_venues_do(
    optimal: Plan, both: Plan, venues_only: Plan
) -> None:
    rides, visits = "(placement.rides_per_week)", "(venues.visits_per_week)"
    said = [assumption(made) for made in (optimal, both, venues_only)]
    assert [rides in each for each in said] == [True, True, False]
    assert [visits in each for each in said] == [False, True, True]
    assert said[2].startswith("Reach assumes 0.05 visits a week to each venue by a resident near it ")
    # 1 − exp(−0.1) and 1 − exp(−0.4) where the plan has 1 − exp(−0.2); a few live near two venues
    reach = region_of(venues_only)["reach"].sum()
    found = [int(number.replace(",", "")) for number in re.findall("about ([0-9,]*[0-9])", said[2])]
    assert found == pytest.approx(
        [reach * (1 - math.exp(-x)) / (1 - math.exp(-0.2)) for x in (0.1, 0.4)], rel=0.02
    )


def test_a_person_near_a_bus_and_a_venue_counts_once(both: Plan) -> None:
    scores, posting = both.scores, both.posting
    placed = both.placements
    assert placed["buses"].sum() == 24
    assert placed.loc[placed["unit"] == "venue", "cards"].sum() == 8
    venue = scores.postable.table["venue"].to_numpy()
    cards = to_groups(scores, posting.by_language)
    audience = posting.problem.audience
    on_buses = audience.reach(cards * ~venue[:, None])
    at_venues = audience.reach(cards * venue[:, None])
    together = audience.reach(cards)
    assert (together <= on_buses + at_venues + 1e-9).all()
    assert (together >= np.maximum(on_buses, at_venues) - 1e-9).all()
    assert together.sum() < 0.99 * (on_buses + at_venues).sum(), "some live near both"
    reach = region_of(both)["reach"]
    for number, language in enumerate(scores.languages):
        expected = reach_by_hand(
            scores,
            cards_of(both, language.tag),
            language.column,
            of_venues=posting.by_language[venue, number],
        )
        assert reach[language.tag] == pytest.approx(expected)
    people = {language.tag: scores.tracts.estimates[language.column] for language in scores.languages}
    for number, tag in enumerate(TAGS):
        near = scores.postable.catchment.share_of_any(posting.by_language[:, number] > 0)
        assert region_of(both).at[tag, "served_posted"] == pytest.approx(near @ people[tag].to_numpy())
        alone = placed.loc[placed["language"] == tag, "served"]
        assert alone.max() - 1e-6 <= region_of(both).at[tag, "served_posted"] <= alone.sum() + 1e-6


def test_cards_in_venues_hang_at_every_point_of_the_budget_curve(both: Plan, venues_only: Plan) -> None:
    curve = both.budget
    assert curve["buses"].iloc[0] == 0
    # of the floors, which cost reach, the cards alone meet some
    free = plan(*VENUES, "buses=0", "floors=0")
    least, most = (region_of(made)["reach"].sum() for made in (venues_only, free))
    assert least <= curve["reach"].iloc[0] <= most * 1.005
    assert curve["reach"].is_monotonic_increasing
    (chosen,) = curve[curve["chosen"]].itertuples()
    assert chosen.buses == 24
    assert chosen.reach == pytest.approx(region_of(both)["reach"].sum(), rel=0.01)


# --- contradictions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (["floors=1"], "placement.floors"),
        (["unit=family"], "placement.unit"),
        (['pinned=[{unit="38", language="ko"}]'], "placement.pinned"),
        (['forbidden=[{unit="38"}]'], "placement.forbidden"),
        (["keep=earlier"], "placement.keep"),
        (["robust=true"], "placement.robust"),
        (["weights=languages"], "placement.weights"),
        (["slots=2"], "posters.slots"),
        (["copies=10"], "posters.copies"),
        ([*VENUES], "venues"),
    ],
)
def test_the_predominant_strategy_refuses_what_it_cannot_do(settings: list[str], key: str) -> None:
    # before any file is read: this feed does not exist
    campaign = read_campaign(SAMPLE, ["strategy=predominant", 'gtfs="nowhere.zip"', *settings])
    with pytest.raises(CampaignError) as caught:
        make_plan(campaign)
    assert str(caught.value) == (
        f"{key} has no meaning for placement.strategy = 'predominant', which deals one language to each "
        "bus of a route; take it out or use 'optimal'."
    )


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        (["buses=0"], ["placement.buses = 0: ask for at least 1 bus, or for cards in [venues]."]),
        (["buses=0", *VENUES[:1], "cards=0"], ["placement.buses = 0"]),
        (["floors=5"], ["The wishes fight each other: placement.floors (Spanish, ", "30 buses", "6 too few"]),
        (["floors={ko=40}"], ["placement.floors ask for 40 buses of Korean", "too few"]),
        (
            ['floors={es="90%"}'],
            ["placement.floors ask that 14,248 speakers of Spanish be reached", "too few"],
        ),
        (["copies={ko=0}", "floors=1"], ["placement.floors ask for 1 bus of Korean", "posters.copies"]),
        (['pinned=[{unit="38", language="es", buses=4}]'], ["38 Quince Ave, which has 3: 1 too many"]),
        (['pinned=[{unit="99", language="es"}]'], ["placement.pinned: no route '99' in service"]),
        (['pinned=[{unit="38", language="tl"}]'], ["placement.pinned: 'tl' is no language of the campaign"]),
        (
            ['pinned=[{unit="38", language="es"}]', 'forbidden=[{unit="38"}]'],
            ["placement.forbidden rules out Spanish on 38 Quince Ave", "drop one"],
        ),
        (["floors={tl=1}"], ["placement.floors: 'tl' is no language of the campaign"]),
        (["unit=garage"], ["placement.unit = 'garage'", "placement.garages"]),
        (["keep=nowhere"], ["nowhere: no such folder"]),
        (["robust=true"], ["placement.robust = true needs redraws, and certainty.redraws = 0"]),
    ],
)
def test_wishes_that_cannot_be_met_end_in_one_sentence(
    settings: list[str], parts: list[str], tmp_path: Path
) -> None:
    arguments = [word for setting in settings for word in ("--set", setting)]
    out = tmp_path / "p"
    result = command("plan", SAMPLE, "--out", out, "--set", "redraws=0", *arguments)
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line
    assert result.stdout == ""
    assert not out.exists()


# --- wishes, from the campaign file to the tables -----------------------------------------------


def planned(folder: Path, *settings: str, wishes: str = "") -> pd.DataFrame:
    """Plan the sample with lines added to its section [placement]; return placements.csv."""
    text = SAMPLE.read_text(encoding="utf-8").replace("[placement]", f"[placement]\n{wishes}")
    for name in ("gtfs/", "acs/"):
        text = text.replace(f'"{name}', f'"{SAMPLE.parent.as_posix()}/{name}')
    folder.parent.mkdir(exist_ok=True, parents=True)
    file = folder.parent / f"{folder.name}.toml"
    file.write_text(text, encoding="utf-8")
    arguments = [word for setting in ("redraws=0", *settings) for word in ("--set", setting)]
    result = command("plan", file, "--out", folder, "--quiet", *arguments)
    assert result.exit_code == 0, result.output
    assert result.output == ""
    return pd.read_csv(folder / "placements.csv", dtype={"unit_id": str})


def test_pinned_and_forbidden_placements(tmp_path: Path) -> None:
    wishes = """
pinned = [
  {unit = "38 Quince Ave", language = "ko", buses = 2},
  {unit = "20", language = "vi"},
]
forbidden = [{unit = "28"}, {unit = "2", language = "vi"}]
"""
    table = planned(tmp_path / "p", wishes=wishes)
    hung = table.set_index(["unit_id", "language"])
    assert hung.at[("38", "ko"), "buses"] >= 2
    assert hung.at[("20", "vi"), "buses"] >= 1
    assert "28" not in set(table["unit_id"])
    assert ("2", "vi") not in hung.index
    assert table["buses"].sum() == 24
    assert "settled it beforehand" in hung.at[("38", "ko"), "reason"]
    assert not hung.drop([("38", "ko"), ("20", "vi")])["reason"].str.contains("beforehand").any()


def test_a_pinned_placement_needs_no_certainty_and_meets_the_floor() -> None:
    pinned = 'pinned=[{unit="38", language="ar"}]'
    made = plan("buses=12", "min_served=300", pinned)
    placed = made.placements.set_index(["unit_id", "language"])
    assert placed.at[("38", "ar"), "enough_probability"] < 0.01
    assert placed.drop([("38", "ar")])["enough_probability"].min() >= 0.8
    assert not [n for n in made.scores.notices if n.code == "floor_unsure"], "Arabic has its bus"
    asked = plan("buses=12", "min_served=300", "floors={ar=1}", pinned)
    assert asked.placements.loc[asked.placements["language"] == "ar", "unit_id"].tolist() == ["38"]


def test_floors_by_language(tmp_path: Path) -> None:
    table = planned(tmp_path / "p", wishes='floors = {ko = 3, ar = "15%", vi = 0}')
    assert table.loc[table["language"] == "ko", "buses"].sum() >= 3
    with (tmp_path / "p" / "coverage.csv").open(encoding="utf-8") as stream:
        region = {row["language"]: row for row in csv.DictReader(stream) if row["area"] == "Region"}
    assert float(region["ar"]["reach_share"]) >= 0.15


def test_a_second_wave_keeps_what_hangs(tmp_path: Path) -> None:
    first = planned(tmp_path / "first", "buses=10")
    # a second wave that would do otherwise: it counts other languages for more
    second = planned(tmp_path / "second", "keep=first", "buses=18", "weights=languages")
    free = planned(tmp_path / "free", "buses=18", "weights=languages")
    before = first.set_index(["unit_id", "language"])["buses"]
    after = second.set_index(["unit_id", "language"])["buses"]
    assert (after.reindex(before.index, fill_value=0) >= before).all()
    assert after.sum() == 18
    other = free.set_index(["unit_id", "language"])["buses"].reindex(before.index, fill_value=0)
    assert not (other >= before).all(), "the wish changed something"
    record = json.loads((tmp_path / "second" / "run.json").read_text(encoding="utf-8"))
    (kept,) = record["other_files"]
    assert kept["what"] == "earlier wave"
    assert len(kept["sha256"]) == 64
    result = command(
        "plan",
        tmp_path / "second.toml",
        "--set",
        "keep=first",
        "--set",
        "unit=family",
        "--out",
        tmp_path / "x",
    )
    assert result.exit_code == 2
    assert "ordered by route, and this one by family; use the same placement.unit" in result.stderr


def test_slots_let_one_bus_carry_two_languages() -> None:
    made = plan("slots=2", "buses=8")
    assert made.placements["cards"].sum() > 8
    on_route = made.posting.problem.buses_used(made.posting.cards)
    assert on_route.sum() == 8
    assert (on_route <= made.posting.problem.vehicles).all()


# --- the same inputs, the same bytes ------------------------------------------------------------


def test_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    arguments = ["buses=12", "redraws=10", *VENUES, 'languages=["es", "vi", "ru", "uk"]']
    settings = [word for setting in arguments for word in ("--set", setting)]
    contents = []
    for seed in ("1", "77"):
        out = tmp_path / seed / "plan"
        out.parent.mkdir()
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "targeting",
                "plan",
                SAMPLE,
                "--report",
                "--quiet",
                "--out",
                out,
                *settings,
            ],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(SAMPLE.parent.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        contents.append({path.name: path.read_bytes() for path in out.iterdir() if path.name != "run.json"})
    assert set(contents[0]) >= {
        "map.html", "report.html", "report.docx", "sensitivity.csv", "map.pdf", "map.png", "routes.csv",
        "placements.csv", "coverage.csv", "coverage.xlsx", "languages.csv",
        "vehicles.csv", "strategies.csv", "budget.csv", "robustness.csv", "plan.gpkg",
    }  # fmt: skip
    assert contents[0].keys() == contents[1].keys()
    for name, content in contents[0].items():
        assert content == contents[1][name], name


def test_the_order_of_a_sum_does_not_decide_where_a_half_is_met() -> None:
    """Five trips of 10, 35, 25, 15 and 20 minutes: 1.75 hours in one order, less or more in others."""
    hours = [minutes / 60 for minutes in (10, 35, 25, 15, 20)]
    sums = sorted({reduce(add, order) for order in permutations(hours)})
    assert len({round(each, 1) for each in sums}) == 2
    table = pd.DataFrame({"vehicle_hours_week": sums, "served": [hours + 0.75 for hours in sums]})
    found = rounded(table)
    assert set(found["vehicle_hours_week"]) == {1.8}
    assert set(found["served"]) == {2}
    assert rounded(pd.DataFrame({"share": [1.4e-6, 0.9999996]}))["share"].tolist() == [1e-6, 1]


def test_a_percentage_is_rounded_once_wherever_it_is_shown() -> None:
    # 202 of 16,185 are 1.248%, so 1.2%: by way of 0.0125 a spreadsheet made it 1.3%
    people = pd.DataFrame({"share": [202 / 16185, 174 / 2742, *(part / 997 for part in range(998))]})
    told = (f"{100 * share + 1e-9:.1f}" for share in rounded(people)["share"])  # halves go up there
    assert list(told) == [f"{100 * share:.1f}" for share in people["share"]]
