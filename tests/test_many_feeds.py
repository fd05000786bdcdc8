"""Ten agencies that share stop places: a person near several of them counts once, as in one feed of all."""

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from targeting.campaign import read_campaign
from targeting.plan import Plan, make_plan

DATA = Path(__file__).parent.parent / "data"
KEYS = ("stop_id", "parent_station", "service_id", "trip_id", "block_id", "shape_id", "agency_id")


def deal_to_agencies(feed: Path, folder: Path, agencies: int) -> list[Path]:
    """Write the feed's routes as so many feeds, each with all stops under ids of its own.

    A block is the work of one vehicle, and no vehicle works for two agencies: each route gets its own blocks.
    """
    with zipfile.ZipFile(feed) as archive:
        tables = {
            name: pd.read_csv(archive.open(name), dtype=str, keep_default_na=False)
            for name in archive.namelist()
        }
    trips = tables["trips.txt"]
    tables["trips.txt"] = trips.assign(block_id=trips["route_id"] + "-" + trips["block_id"])
    routes = sorted(tables["routes.txt"]["route_id"])
    paths = []
    for agency in range(agencies):
        ours = dict(tables)
        mine = routes[agency::agencies]
        for name in ("routes.txt", "trips.txt"):
            ours[name] = tables[name][tables[name]["route_id"].isin(mine)]
        calls = tables["stop_times.txt"]
        ours["stop_times.txt"] = calls[calls["trip_id"].isin(ours["trips.txt"]["trip_id"])]
        paths.append(folder / f"agency{agency}of{agencies}.zip")
        with zipfile.ZipFile(paths[-1], "w", zipfile.ZIP_DEFLATED) as archive:
            for name, table in ours.items():
                own = {
                    key: (f"{agency}-" + table[key]).where(table[key] != "", "")
                    for key in KEYS
                    if key in table
                }
                stream = io.StringIO()
                table.assign(**own).to_csv(stream, index=False)
                archive.writestr(name, stream.getvalue())
    return paths


def planned(folder: Path, feeds: list[Path]) -> Plan:
    """Plan the sample's region with these feeds; the first twelve routes get what they carry."""
    languages = ["es", "vi", "zh", "ru"]
    with zipfile.ZipFile(DATA / "gtfs/sample.zip") as archive:
        table = pd.read_csv(archive.open("routes.txt"), dtype=str)
    buses = table[table["route_type"] == "3"].sort_values("route_id")["route_short_name"][:12]
    pins = ", ".join(
        f'{{ unit = "{name}", language = "{languages[at % 4]}", buses = 1 }}' for at, name in enumerate(buses)
    )
    campaign = folder / "campaign.toml"
    campaign.write_text(
        f"""name = "Many feeds"
[region]
gtfs = {[str(feed) for feed in feeds]}
acs = "{DATA}/acs/sample_c16001.csv"
tracts = "{DATA}/acs/sample_tracts.geojson"
points = "{DATA}/acs/sample_points.geojson"
[posters]
languages = {languages}
[placement]
buses = 12
floors = 0
pinned = [{pins}]
[certainty]
redraws = 0
""".replace("'", '"'),
        encoding="utf-8",
    )
    return make_plan(read_campaign(campaign))


def region(made: Plan) -> pd.DataFrame:
    """Return the coverage of the whole region by language."""
    return made.coverage[made.coverage["area_kind"] == "region"].set_index("language")


@pytest.fixture(scope="module")
def one_and_ten(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Plan]:
    folder = tmp_path_factory.mktemp("feeds")
    one, ten = (
        planned(folder, deal_to_agencies(DATA / "gtfs/sample.zip", folder, agencies)) for agencies in (1, 10)
    )
    return one, ten


def test_ten_feeds_serve_and_reach_whom_their_routes_do_in_one(one_and_ten: tuple[Plan, Plan]) -> None:
    one, ten = one_and_ten
    places = ten.scores.feed.stops[["lon", "lat"]]
    assert places.duplicated().sum() > 50  # several agencies call there, each with a stop of its own
    assert len(ten.scores.feed.routes) == len(one.scores.feed.routes)
    assert (ten.scores.catchment.weight.size, ten.scores.catchment.departures.nnz) == (
        one.scores.catchment.weight.size,
        one.scores.catchment.departures.nnz,
    )
    figures = ["served_any", "served_any_moe", "served_posted", "served_posted_moe", "reach", "reach_moe"]
    whole, parts = (region(made)[figures] for made in (one, ten))
    assert (whole > 0).all().all()
    pd.testing.assert_frame_equal(parts, whole, check_exact=False, rtol=1e-9)


def test_people_near_two_agencies_count_once(one_and_ten: tuple[Plan, Plan]) -> None:
    _, ten = one_and_ten
    for language, rows in ten.routes.groupby("language"):
        # every route of every agency: together they serve fewer than the sum
        assert len(set(rows["route_id"].str.split(":").str[0])) == 10
        served = region(ten).at[language, "served_any"]
        assert rows["served"].max() < served < 0.9 * rows["served"].sum()
