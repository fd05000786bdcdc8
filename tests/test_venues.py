"""Venues: reading them, and their catchments against circles, polygon overlay and the routes' own."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import read_feed, tiny, write_feed
from pyproj import Transformer

from targeting.campaign import read_campaign
from targeting.catchment import Catchment
from targeting.errors import TargetingError, VenueError
from targeting.feed import Feed, read_feeds
from targeting.ground import find_catchment, find_catchments
from targeting.notices import Notices
from targeting.tracts import Tracts, read_points, read_tracts
from targeting.venues import read_venues, unit_names

SAMPLE = Path(__file__).parent.parent / "data"
HEADER = "lon,lat,name,kind,slots"


def venues_of(folder: Path, *lines: str, header: str = HEADER) -> tuple[pd.DataFrame, Notices]:
    path, notices = folder / "places.csv", Notices()
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return read_venues(path, notices), notices


# --- the file ---------------------------------------------------------------------------------


def test_columns_of_a_csv(tmp_path: Path) -> None:
    venues, notices = venues_of(
        tmp_path, "-122.6, 45.5 , Fire Station 7 ,fire station,2", "-122.61,45.51,Library,,"
    )
    assert venues.index.tolist() == ["venue:1", "venue:2"]
    assert venues.index.name == "venue_id"
    assert list(venues) == ["name", "kind", "lon", "lat", "slots"]
    assert venues.loc["venue:1"].tolist() == ["Fire Station 7", "fire station", -122.6, 45.5, 2]
    assert venues.loc["venue:2"].tolist() == ["Library", "", -122.61, 45.51, 1]
    assert venues["slots"].dtype == np.int64
    assert not len(notices)


@pytest.mark.parametrize(
    "header", ["Lon,LAT,Name", "longitude,latitude,name", "lng,Lat,NAME", " LONGITUDE , lat , name "]
)
def test_names_of_columns(header: str, tmp_path: Path) -> None:
    venues, _ = venues_of(tmp_path, "-122.6,45.5,Library", header=header)
    assert venues.iloc[0].tolist() == ["Library", "", -122.6, 45.5, 1]


def test_byte_order_mark_windows_lines_and_blank_rows(tmp_path: Path) -> None:
    path = tmp_path / "PLACES.CSV"
    lines = ["lon,lat,name,note", "-122.6,45.5,Bibliothèque,x", ",,,", " , ,,", "-122.7,45.6,Clinic,", ",,,"]
    path.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    venues = read_venues(path, Notices())
    assert venues["name"].to_dict() == {"venue:1": "Bibliothèque", "venue:4": "Clinic"}


def test_repeated_venues_count_once_and_the_others_keep_their_number(tmp_path: Path) -> None:
    venues, notices = venues_of(
        tmp_path,
        "-122.6,45.5,Library,library,3",
        "-122.6000001,45.5,LIBRARY,reading room,1",
        "-122.7,45.5,Library,library,1",
        "-122.6,45.5,Clinic,clinic,1",
    )
    assert venues.index.tolist() == ["venue:1", "venue:3", "venue:4"]
    assert venues.loc["venue:1", "slots"] == 3
    (notice,) = notices
    assert (notice.code, notice.count, notice.file) == ("venue_repeated", 1, "places.csv")
    assert "(first: row 3, LIBRARY); each venue counts once" in notice.message


def test_a_name_that_several_venues_have_gets_its_kind_or_number(tmp_path: Path) -> None:
    venues, _ = venues_of(
        tmp_path,
        "-122.6,45.5,Eastside,library,",
        "-122.7,45.5,Eastside,clinic,",
        "-122.8,45.5,Eastside,clinic,",
        "-122.8,45.5,Westside,clinic,",
        "-122.9,45.5,Hall,,",
        "-122.8,45.4,Hall,,",
    )
    assert unit_names(venues).tolist() == [
        "Eastside (library)",
        "Eastside (clinic) (venue:2)",
        "Eastside (clinic) (venue:3)",
        "Westside",
        "Hall (venue:5)",
        "Hall (venue:6)",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("west,45.5,A,,", r"column lon, row 3: 'west' is no number; write degrees with a point"),
        ('"-122,6",45.5,A,,', r"column lon, row 3: '-122,6' is no number"),
        ("-122.6,,A,,", r"column lat, row 3: '' is no number"),
        ("-122.6,NaN,A,,", r"column lat, row 3: 'NaN' is no number"),
        ("-122.6,inf,A,,", r"column lat, row 3: 'inf' is no number"),
        ("45.5,-122.6,A,,", r"row 3 \(A\): lon 45.5, lat -122.6 is no place.*look swapped: exchange"),
        ("525123,5039876,A,,", r"lon 525123, lat 5.03988e\+06 is no place.*degrees.*not metres or feet"),
        ("-190,45,A,,", r"lon -190, lat 45 is no place on earth; give degrees"),
        ("-122.6,45.5, ,clinic,", r"column name, row 3: is blank"),
        ("-122.6,45.5,A,,0", r"column slots, row 3: '0' is no number of cards; write a whole number from 1"),
        ("-122.6,45.5,A,,1.5", r"column slots, row 3: '1.5'"),
        ("-122.6,45.5,A,,two", r"column slots, row 3: 'two'"),
        ("-122.6,45.5,A,,1e300", r"column slots, row 3: '1e300'.*to 1,000"),
        ("-122.6,45.5,A,,,,,", r"has more values in row 3 than names"),
    ],
)
def test_rows_that_cannot_be_used(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(VenueError, match=rf"^places\.csv: .*{said}"):
        venues_of(tmp_path, "-122.6,45.5,Library,,", line)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"is empty; get the table again"),
        (b"lon,lat,name\n", r"holds no rows, only a header"),
        (b"lon,lat,name\n,,\n , ,\n", r"all of its rows are blank"),
        (b"lat,name\n45.5,A\n", r"has no column lon \(it has lat, name\); give each venue lon and lat"),
        (b"lon,name\n45.5,A\n", r"has no column lat \("),
        (b"x,y,name\n-122,45.5,A\n", r"has no column lon \(it has x, y, name\)"),
        (b"lon,lat,kind\n-122,45.5,A\n", r"has no column name \(it has lon, lat, kind\); .* a name\.$"),
        (b"lon;lat;name\n-122;45;A\n", r"has one column only \(lon;lat;name\); save it with commas"),
        ("lon,lat,name\n-122,45.5,Café\n".encode("utf-16"), r"is UTF-16 text"),
    ],
)
def test_files_that_cannot_be_used(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_bytes(content)
    with pytest.raises(VenueError, match=rf"^places\.csv: {said}"):
        read_venues(path, Notices())


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.gpkg"])
def test_no_such_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(TargetingError, match=rf"{name}: no such file; check (the )?venues.* campaign file"):
        read_venues(tmp_path / name, Notices())


# --- map layers -------------------------------------------------------------------------------


def layer(**columns: object) -> gpd.GeoDataFrame:
    """Return a point, and a building in the form of a U whose centroid lies outside of it."""
    u = shapely.Polygon([(0, 0), (30, 0), (30, 30), (28, 30), (28, 2), (2, 2), (2, 30), (0, 30)])
    u = shapely.affinity.translate(u, 525_000, 5_040_000)
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(526_000, 5_041_000), u], crs=32610)


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson"])
def test_a_map_layer_in_metres(suffix: str, tmp_path: Path) -> None:
    shapes = layer(NAME=["Library", "Clinic"], kind=["library", None], slots=[2, 4])
    if suffix == "shp":  # a shapefile holds one kind of shape
        shapes = shapes.set_geometry(shapes.geometry.buffer(0.5))
    path = tmp_path / f"places.{suffix}"
    (shapes.to_crs(4326) if suffix == "geojson" else shapes).to_file(path)
    venues = read_venues(path, Notices())
    assert venues[["name", "kind", "slots"]].to_numpy().tolist() == [
        ["Library", "library", 2],
        ["Clinic", "", 4],
    ]
    to_degrees = Transformer.from_crs(32610, 4326, always_xy=True).transform
    assert venues.loc["venue:1", ["lon", "lat"]].tolist() == pytest.approx(
        to_degrees(526_000, 5_041_000), abs=1e-6
    )
    building = shapes.to_crs(4326).geometry.iloc[1]
    assert building.contains(shapely.Point(venues.loc["venue:2", ["lon", "lat"]]))
    assert not building.contains(building.centroid)


def test_layers_that_cannot_be_used(tmp_path: Path) -> None:
    def said(shapes: gpd.GeoDataFrame) -> str:
        path = tmp_path / "places.gpkg"
        path.unlink(missing_ok=True)
        shapes.to_file(path)
        with pytest.raises(VenueError) as caught:
            read_venues(path, Notices())
        return str(caught.value)

    assert "has no column name (it has title); give each venue a name" in said(layer(title=["A", "B"]))
    assert "column name, feature 2: is blank" in said(layer(name=["A", None]))
    assert "column slots, feature 1: '2.5' is no number" in said(layer(name=["A", "B"], slots=[2.5, 1]))
    nowhere = layer(name=["A", "B"])
    assert "feature 2: has no place" in said(nowhere.set_geometry([nowhere.geometry[0], None], crs=32610))
    assert "holds no shapes" in said(layer(name=["A", "B"]).iloc[:0])
    layer(name=["A", "B"]).iloc[:1].to_file(tmp_path / "places.shp")
    (tmp_path / "places.prj").unlink()
    with pytest.raises(VenueError, match="has no coordinate system"):
        read_venues(tmp_path / "places.shp", Notices())


# --- a square tract worked by hand --------------------------------------------------------------

UTM = 32610
CENTRE = Transformer.from_crs(4326, UTM, always_xy=True).transform(-122.61, 45.5)


def square_tracts(*shapes: shapely.Geometry) -> Tracts:
    """Return tracts of shapes in metres from the tiny feed's middle stop, 1,000 people in each."""
    geoids = pd.Index([f"4105100{i:04d}" for i in range(len(shapes))], name="GEOID")
    people = pd.Series(1000.0, index=geoids)
    moved = [shapely.affinity.translate(shape, *CENTRE) for shape in shapes]
    return Tracts(
        names=pd.Series("Square", index=geoids),
        county=pd.Series("County", index=geoids),
        population=people,
        population_moe=people / 10,
        estimates=people.to_frame("spanish"),
        margins=people.to_frame("spanish"),
        geometry=gpd.GeoSeries(moved, index=geoids, crs=UTM).to_crs(4326),
        tables=("square",),
        sources=(("square", ""),),
    )


def venues_at(*places: tuple[float, float]) -> pd.DataFrame:
    """Return venues at places in metres from the tiny feed's middle stop."""
    x, y = np.array(places, float).T
    lon, lat = Transformer.from_crs(UTM, 4326, always_xy=True).transform(x + CENTRE[0], y + CENTRE[1])
    index = pd.Index([f"venue:{i + 1}" for i in range(len(places))], name="venue_id")
    return pd.DataFrame(
        {"name": [f"Place {i}" for i in range(len(places))], "kind": "", "lon": lon, "lat": lat, "slots": 1},
        index=index,
    )


def stops_in_metres(feed: Feed) -> np.ndarray:
    """Return the stops in metres from the tiny feed's middle stop."""
    to_metres = Transformer.from_crs(4326, UTM, always_xy=True).transform
    return np.column_stack(to_metres(feed.stops["lon"], feed.stops["lat"])) - CENTRE


@pytest.fixture(scope="module")
def tiny_feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return read_feed(write_feed(tmp_path_factory.mktemp("feed") / "feed.zip", tiny()))[0]


def both(
    feed: Feed,
    tracts: Tracts,
    venues: pd.DataFrame,
    points: pd.DataFrame | None = None,
    walk_m: float = 800.0,
) -> tuple[Catchment, Catchment, Notices]:
    notices = Notices()
    of_routes, of_venues = find_catchments(
        feed, tracts, points, venues, bus_walk_m=400, rail_walk_m=800, venue_walk_m=walk_m, notices=notices
    )
    assert of_venues is not None
    assert of_venues.tract is of_routes.tract
    assert of_venues.weight is of_routes.weight
    assert set(of_venues.departures.data) <= {1.0}
    return of_routes, of_venues, notices


def share_of_either(of_routes: Catchment, of_venues: Catchment) -> np.ndarray:
    """Return the share of each tract's people near any route or any venue."""
    near = (of_routes.departures.sum(axis=1) > 0) | (of_venues.departures.sum(axis=1) > 0)
    weight = of_routes.weight * np.asarray(near).ravel()
    return np.bincount(of_routes.tract, weight, minlength=of_routes.tracts)


def test_circle_and_square(tiny_feed: Feed) -> None:
    # a circle of 800 m in the middle of a square of 2 km, and half of one on its edge
    square = shapely.box(-1000, -1000, 1000, 1000)
    _, of_venues, notices = both(tiny_feed, square_tracts(square), venues_at((0, 0), (1000, 0)))
    circle = np.pi * 800**2 / 2000**2
    assert of_venues.share().toarray().ravel() == pytest.approx([circle, circle / 2], abs=0.003)
    assert of_venues.exposure().toarray().ravel() == pytest.approx([circle, circle / 2], abs=0.003)
    assert of_venues.routes.tolist() == ["venue:1", "venue:2"]
    assert not len(notices)


@pytest.mark.parametrize("walk_m", [150.0, 400.0, 800.0, 2500.0])
def test_whoever_is_near_a_bus_and_a_venue_counts_once(walk_m: float, tiny_feed: Feed) -> None:
    square, place = shapely.box(-1000, -1000, 1000, 1000), (300.0, 500.0)
    of_routes, of_venues, _ = both(tiny_feed, square_tracts(square), venues_at(place), walk_m=walk_m)
    around_stops = shapely.union_all(
        shapely.buffer(shapely.points(stops_in_metres(tiny_feed)), 400, quad_segs=64)
    )
    around_place = shapely.Point(place).buffer(walk_m, quad_segs=64)

    def exact(shape: shapely.Geometry) -> float:
        return shape.intersection(square).area / square.area

    assert of_routes.share().toarray().item() == pytest.approx(exact(around_stops), abs=0.01)
    assert of_venues.share().toarray().item() == pytest.approx(exact(around_place), abs=0.01)
    either = share_of_either(of_routes, of_venues).item()
    assert either == pytest.approx(exact(around_stops | around_place), abs=0.01)
    with_both = (of_routes.departures.toarray() > 0) & (of_venues.departures.toarray() > 0)
    share_of_both = of_routes.weight[with_both.ravel()].sum()
    assert share_of_both == pytest.approx(exact(around_stops & around_place), abs=0.01)
    assert (share_of_both > 0) == (walk_m > 150)  # 150 m around the place is clear of all stops
    assert of_venues.wholly.toarray().item() == (walk_m == 2500)


def test_a_venue_alone_in_a_tract_without_stops(tiny_feed: Feed) -> None:
    # the venue makes squares where no stop does, and touches only its own tract
    near_stops, apart = shapely.box(-1000, -1000, 1000, 1000), shapely.box(9000, 0, 11000, 2000)
    tracts = square_tracts(near_stops, apart)
    of_routes, of_venues, _ = both(tiny_feed, tracts, venues_at((9500, 1000)))
    exact = shapely.Point(9500, 1000).buffer(800, quad_segs=64).intersection(apart).area / apart.area
    assert of_venues.share().toarray()[0] == pytest.approx([0, exact], abs=0.01)
    assert of_venues.touched.toarray().tolist() == [[False, True]]
    assert of_routes.share().toarray()[0, 1] == 0
    assert of_routes.touched.toarray().tolist() == [[True, False]]


def test_population_points_near_venues_and_what_area_would_give(tiny_feed: Feed) -> None:
    x, y = np.array([(0, 900), (790, 900), (810, 900), (0, 0)]).T + np.array(CENTRE)[:, None]
    lon, lat = Transformer.from_crs(UTM, 4326, always_xy=True).transform(x, y)
    points = pd.DataFrame({"lon": lon, "lat": lat, "population": [10.0, 20.0, 30.0, 40.0], "tract": 0})
    square = shapely.box(-1000, -1000, 1000, 1000)
    of_routes, of_venues, _ = both(tiny_feed, square_tracts(square), venues_at((0, 900)), points)
    assert of_venues.share().toarray().item() == pytest.approx(0.3)  # 10 and 20; 40 is 900 m away
    assert of_routes.share().toarray().item() == pytest.approx(0.4)
    assert share_of_either(of_routes, of_venues).item() == pytest.approx(0.7)
    exact = shapely.Point(0, 900).buffer(800, quad_segs=64).intersection(square).area / square.area
    assert of_venues.share_by_area is not None
    assert of_venues.share_by_area.toarray().item() == pytest.approx(exact, abs=0.01)
    assert of_routes.share_by_area is not None
    assert of_routes.share_by_area.shape == (1, 1)


def test_venues_beyond_the_tracts(tiny_feed: Feed) -> None:
    tracts = square_tracts(shapely.box(-1000, -1000, 1000, 1000))
    venues = venues_at((0, 0), (1790, 0), (5000, 0), (0, 90_000))
    _, of_venues, notices = both(tiny_feed, tracts, venues)
    assert of_venues.touched.toarray().ravel().tolist() == [True, True, False, False]
    assert of_venues.share().toarray().ravel()[2:].tolist() == [0, 0]
    (notice,) = notices
    assert (notice.code, notice.count) == ("venues_beyond_tracts", 2)
    assert "2 of 4 venues lie more than 800 m beyond the census tracts (first: Place 2)" in notice.message


def test_venues_and_tracts_apart(tiny_feed: Feed) -> None:
    tracts = square_tracts(shapely.box(-1000, -1000, 1000, 1000))
    with pytest.raises(VenueError, match=r"nearest venue is 89 km from the nearest tract; check that both"):
        both(tiny_feed, tracts, venues_at((0, 90_000), (0, 95_000)))
    for lon, lat in [(0, 0), (45.5, -70), (57.4, -45.5), (147, 0), (-33, 0)]:  # as far as it gets
        with pytest.raises(
            VenueError, match=r"nearest venue is (\d?\d,\d{3}|thousands of) km from the nearest tract; check"
        ):
            both(tiny_feed, tracts, venues_at((0, 0)).assign(lon=lon, lat=lat))


def test_swapped_venues_where_both_ways_are_places_on_earth(tiny_feed: Feed) -> None:
    # 10° N, 30° E: swapped it is 30° N, 10° E
    east, north = 30 + 122.61, 10 - 45.5
    tracts = square_tracts(shapely.box(-1000, -1000, 1000, 1000))
    moved = replace(tracts, geometry=tracts.geometry.translate(east, north))
    stops = tiny_feed.stops.assign(lon=tiny_feed.stops["lon"] + east, lat=tiny_feed.stops["lat"] + north)
    venues = venues_at((0, 0)).assign(lon=10.0, lat=30.0)
    with pytest.raises(VenueError, match="latitude and longitude look swapped in the file of venues"):
        both(replace(tiny_feed, stops=stops), moved, venues)


# --- routes stay what they are ------------------------------------------------------------------


def assert_same_routes(with_venues: Catchment, alone: Catchment) -> None:
    assert with_venues.routes.equals(alone.routes)
    assert with_venues.routes.name == alone.routes.name
    assert len(with_venues.weight) > len(alone.weight)
    assert abs(with_venues.share() - alone.share()).max() < 1e-9
    assert abs(with_venues.exposure() - alone.exposure()).max() < 1e-9
    assert (with_venues.touched != alone.touched).nnz == 0
    assert (with_venues.wholly != alone.wholly).nnz == 0
    if alone.share_by_area is not None:
        assert abs(with_venues.share_by_area - alone.share_by_area).max() < 1e-9
    rng = np.random.default_rng(7)
    for _ in range(5):
        some = rng.random(len(alone.routes)) < 0.3
        assert with_venues.share_of_any(some) == pytest.approx(alone.share_of_any(some), abs=1e-9)


@pytest.mark.parametrize("by_points", [True, False])
@pytest.mark.parametrize("walk_m", [300.0, 800.0, 1500.0])
def test_venues_do_not_change_the_routes_of_the_sample(walk_m: float, by_points: bool) -> None:
    feed = read_feeds([SAMPLE / "gtfs/sample.zip"], notices=Notices(), modes=("bus", "tram"))
    table, outlines = SAMPLE / "acs/sample_c16001.csv", SAMPLE / "acs/sample_tracts.geojson"
    tracts = read_tracts([table], outlines, measure="lep", notices=Notices())
    points = read_points(SAMPLE / "acs/sample_points.geojson", tracts, Notices()) if by_points else None
    venues = read_venues(SAMPLE / "sample_venues.csv", Notices())
    of_routes, of_venues, notices = both(feed, tracts, venues, points, walk_m)
    alone = find_catchment(feed, tracts, points, bus_walk_m=400, rail_walk_m=800, notices=Notices())
    assert_same_routes(of_routes, alone)
    assert of_venues.routes.equals(venues.index)
    assert not len(notices)


def test_the_sample_campaign_with_its_venues_switched_on(tmp_path: Path) -> None:
    text = (SAMPLE / "sample.toml").read_text(encoding="utf-8")
    head, section = text.split("# [venues]")
    on = head + "[venues]" + section.replace("\n# ", "\n")
    (tmp_path / "campaign.toml").write_text(on, encoding="utf-8")
    venues = read_campaign(tmp_path / "campaign.toml").venues
    assert venues is not None
    assert (venues.file, venues.cards) == ("sample_venues.csv", 8)


# --- the real Portland region -------------------------------------------------------------------

INVENTED = [
    (-122.6784, 45.5152), (-122.5790, 45.4971), (-122.4310, 45.5005), (-122.8060, 45.4871),
    (-122.9890, 45.5229), (-122.6610, 45.6280), (-122.6500, 45.5630), (-122.7560, 45.5900),
    (-122.6060, 45.3570), (-122.7700, 45.4310), (-122.5000, 45.6500), (-123.1000, 45.5200),
]  # fmt: skip


def test_portland_shares_are_those_of_exact_overlay(real_data: Path) -> None:
    tracts = read_tracts(
        [real_data / "acs/portland_msa_acs5_2019_C16001_lep_tract_wide.csv"],
        real_data / "acs/portland_msa_acs5_2019_C16001_lep_tract.gpkg",
        measure="lep",
        notices=Notices(),
    )
    feed = read_feeds([real_data / "gtfs/trimet-2018-02-route1-vermont.zip"], notices=Notices())
    lon, lat = np.array(INVENTED).T
    index = pd.Index([f"venue:{i + 1}" for i in range(len(lon))], name="venue_id")
    venues = pd.DataFrame({"name": "invented", "kind": "", "lon": lon, "lat": lat, "slots": 1}, index=index)
    of_routes, of_venues, _ = both(feed, tracts, venues)
    assert_same_routes(
        of_routes, find_catchment(feed, tracts, None, bus_walk_m=400, rail_walk_m=800, notices=Notices())
    )

    crs = tracts.geometry.estimate_utm_crs()
    polygons = tracts.geometry.to_crs(crs).to_numpy()
    doors = gpd.GeoSeries.from_xy(lon, lat, crs=4326).to_crs(crs).to_numpy()
    circles = shapely.buffer(doors, 800, quad_segs=64)
    exact = shapely.area(shapely.intersection(circles[:, None], polygons[None])) / shapely.area(polygons)
    shares = of_venues.share().toarray()
    assert np.abs(shares - exact).max() < 0.01
    assert (exact > 0.2).sum() > 10
    assert (shares.sum(axis=1) > 0).all()

    stops = gpd.GeoSeries.from_xy(feed.stops["lon"], feed.stops["lat"], crs=4326).to_crs(crs).to_numpy()
    either = shapely.union_all([*shapely.buffer(stops, 400, quad_segs=64), *circles])
    exact_either = shapely.area(shapely.intersection(either, polygons)) / shapely.area(polygons)
    assert np.abs(share_of_either(of_routes, of_venues) - exact_either).max() < 0.01
