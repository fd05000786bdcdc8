"""Coverage by agency: by hand, against loops over places, and on two agencies that share Portland."""

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.campaign import read_campaign
from targeting.coverage_table import UNNAMED, coverage_rows
from targeting.languages import find_languages
from targeting.plan import Plan, make_plan
from targeting.served import coverage
from targeting.tracts import Tracts

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
UNITS = {
    "route": (),
    "family": ("unit=family",),
    "garage": ("unit=garage", "garages=gtfs/sample_garages.csv"),
    "venues": ("file=sample_venues.csv", "cards=8"),
}


@cache
def plan(kind: str) -> Plan:
    return make_plan(read_campaign(SAMPLE, ["redraws=0", "buses=8", *UNITS[kind]]))


def by_agency(made: Plan, agencies: list[str]) -> pd.DataFrame:
    """The coverage if the sample's routes were run by these agencies in turn."""
    routes = made.scores.feed.routes.assign(
        agency=[agencies[at % len(agencies)] for at in range(len(made.scores.feed.routes))]
    )
    feed = replace(made.scores.feed, routes=routes)
    scores = replace(made.scores, inputs=replace(made.scores.inputs, feed=feed))
    return coverage_rows(scores, made.posting)


def test_an_agency_by_hand() -> None:
    """Two tracts of 200 ± 60 and 40 ± 30; the bus passes all of the first, the tram half of the second."""
    (spanish,) = find_languages(["es"])
    geoids = pd.Index(["41051000100", "41067000100"], name="GEOID")
    tracts = Tracts(
        names=pd.Series("", index=geoids),
        county=pd.Series(["Multnomah", "Washington"], index=geoids),
        population=pd.Series([1000.0, 500.0], index=geoids),
        population_moe=pd.Series([100.0, 80.0], index=geoids),
        estimates=pd.DataFrame({"spanish": [200.0, 40.0]}, index=geoids),
        margins=pd.DataFrame({"spanish": [60.0, 30.0]}, index=geoids),
        geometry=gpd.GeoSeries([shapely.box(0, 0, 1, 1)] * 2, index=geoids, crs=4326),
        tables=(),
        sources=(),
    )
    agencies = {
        "Bus": (np.array([1.0, 0.0]), {"served_posted": np.array([[0.25, 0.0]])}),
        "Region": (np.array([0.0, 0.5]), {"served_posted": np.array([[0.0, 0.5]])}),  # a name is only a name
    }
    table = coverage(
        tracts, [spanish], np.array([1.0, 0.5]), {"served_posted": np.array([[0.25, 0.5]])}, agencies
    )
    assert table[["area", "area_kind"]].to_numpy().tolist() == [
        ["Region", "region"], ["Multnomah", "county"], ["Washington", "county"],
        ["Bus", "agency"], ["Region", "agency"],
    ]  # fmt: skip
    bus, tram = (row for _, row in table[table["area_kind"] == "agency"].iterrows())
    assert (bus["lep"], bus["served_any"], bus["served_posted"]) == (240, 200, 50)
    assert (tram["lep"], tram["served_any"], tram["served_posted"]) == (240, 20, 20)
    assert (bus["served_any_moe"], bus["served_posted_moe"]) == (60, 15)
    assert tram["served_posted_moe"] == 15
    assert bus["served_posted_share"] == pytest.approx(50 / 240)
    inner = 15**2 - (50 / 240) ** 2 * (60**2 + 30**2)
    assert bus["served_posted_share_moe"] == pytest.approx(math.sqrt(inner) / 240)


@pytest.mark.parametrize("kind", list(UNITS))
def test_agencies_against_loops_over_places_routes_and_cards(kind: str) -> None:
    made = plan(kind)
    scores, agencies = made.scores, ["North", "South"]
    table = by_agency(made, agencies)
    catchment, units, posters = scores.catchment, scores.units, scores.campaign.posters
    near = catchment.departures.toarray()
    stays = np.eye(near.shape[1]) if units.kind == "route" else units.leakage.toarray()
    follows = units.leakage.toarray()
    vehicles, of_route = units.table["vehicles"].to_numpy(), units.route_vehicles.to_numpy()
    trips = scores.feed.routes["departures_week"].to_numpy()
    figures = scores.tracts.estimates[[language.column for language in scores.languages]].to_numpy()
    groups = scores.tracts.estimates[list(made.posting.problem.groups)].to_numpy()
    everyone = (groups[catchment.tract] * catchment.weight[:, None]).sum(axis=1)
    service = near.sum(axis=1)
    mean = service @ everyone / everyone[service > 0].sum()
    for which, agency in enumerate(agencies):
        rows = table[(table["area"] == agency) & (table["area_kind"] == "agency")].set_index("language")
        for number, language in enumerate(scores.languages):
            found = dict.fromkeys(("served_any", "served_posted", "reach", "reach_following"), 0.0)
            for atom in range(len(near)):
                people = figures[catchment.tract[atom], number] * catchment.weight[atom]
                its = [route for route in np.flatnonzero(near[atom]) if route % len(agencies) == which]
                posted, rides = False, {"reach": 0.0, "reach_following": 0.0}
                for unit in range(len(units.table)):
                    cards = made.posting.by_language[unit, number]
                    for name, leakage in {"reach": stays, "reach_following": follows}.items():
                        for route in its if cards else []:
                            spread = max(of_route[route], (leakage[:, route] * vehicles).sum(), 1)
                            of_departures = cards * leakage[unit, route] / spread
                            rides[name] += (
                                posters.weeks
                                * (service[atom] / mean) ** scores.campaign.placement.elasticity
                                * near[atom, route] * of_departures / service[atom]
                            )  # fmt: skip
                            a_card = trips[route] * leakage[unit, route] / spread
                            if name == "reach":
                                posted |= unit == route if units.kind == "route" else a_card >= 1
                found["served_any"] += people * bool(its)
                found["served_posted"] += people * posted
                for name, met in rides.items():
                    found[name] += people * -math.expm1(-met)
            assert rows.loc[language.tag, list(found)].to_dict() == pytest.approx(found), language.tag


@pytest.mark.parametrize("kind", ["route", "family", "garage"])
def test_agencies_overlap_and_their_union_is_the_region(kind: str) -> None:
    table = by_agency(plan(kind), ["A", "B", "C"])
    region = table[table["area_kind"] == "region"].set_index("language")
    parts = table[table["area_kind"] == "agency"].groupby("language", sort=False)
    for name in ("served_any", "served_posted", "reach"):
        assert (parts[name].max() <= region[name] + 1e-6).all()
        assert (parts[name].sum() >= region[name] - 1e-6).all()
    assert (parts["served_any"].sum() > region["served_any"] + 1).any(), "someone lives near two"


def test_one_agency_has_no_rows_of_its_own_and_a_nameless_one_is_called_so() -> None:
    made = plan("route")
    assert set(made.coverage["area_kind"]) == {"region", "county"}
    table = by_agency(made, ["", "Metro 10", "Metro 9"])
    agencies = table.loc[table["area_kind"] == "agency", "area"].unique().tolist()
    assert agencies == ["Metro 9", "Metro 10", UNNAMED]


def test_streetcar_and_light_rail_of_portland(real_data: Path, tmp_path: Path) -> None:
    # each agency runs one of the two lines, so its row is the route's
    (tmp_path / "c.toml").write_text(
        f"""name = "Rail"
        [region]
        gtfs = '{real_data}/gtfs/trimet-2021-10-rail-2routes.zip'
        acs = '{real_data}/acs/portland_msa_acs5_2019_C16001_lep_tract_wide.csv'
        tracts = '{real_data}/acs/portland_msa_acs5_2019_C16001_lep_tract.gpkg'
        modes = ["tram"]
        [posters]
        languages = ["es", "vi"]
        [placement]
        buses = 6
        [certainty]
        redraws = 0
        """,
        encoding="utf-8",
    )
    made = make_plan(read_campaign(tmp_path / "c.toml"))
    runs = made.scores.feed.routes["agency"]
    assert sorted(runs) == ["Portland Streetcar", "TriMet"]
    agencies = made.coverage[made.coverage["area_kind"] == "agency"].set_index(["area", "language"])
    assert len(agencies) == 4
    for row in made.routes.itertuples():
        near = agencies.loc[(runs[row.route_id], row.language)]
        assert near["served_any"] == pytest.approx(row.served)
        assert near["served_any_moe"] == pytest.approx(row.served_moe)
    for row in made.placements.itertuples():
        near = agencies.loc[(runs[row.unit_id], row.language)]
        assert near["reach"] == pytest.approx(row.reach)
        assert near["served_posted"] == pytest.approx(row.served)
