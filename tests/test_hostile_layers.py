"""Map layers made to crash, fill, deceive or do something: outlines, points, venues, water."""

import json
import sqlite3
import struct
import warnings
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hostile import GEOIDS, Region

from targeting import layers, outlines

KINDS = {"tracts": (), "points": (), "water": (), "venues.file": ("venues.cards=1",)}
ENGINEERING = (
    'ENGCRS["Site",EDATUM["Corner"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'
)


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def refused(region: Region, kind: str, name: str) -> str:
    said = region.refused(f"{kind}={name}", *KINDS[kind])
    assert name in said, said
    return said


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def geojson(region: Region, content: str, name: str = "odd.geojson") -> str:
    region.table(content, name)
    return name


# --- formats that do something ----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["vrt", "gpkg", "geojson", "shp", "json", "fgb"])
def test_instructions_to_read_another_file(region: Region, kind: str, suffix: str) -> None:
    region.table(
        '<OGRVRTDataSource><OGRVRTLayer name="tracts"><SrcDataSource>'
        f"{region.folder / 'tracts.geojson'}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        f"odd.{suffix}",
    )
    assert "cannot be read as a map layer" in refused(region, kind, f"odd.{suffix}")


@pytest.mark.parametrize("kind", KINDS)
def test_instructions_that_gdal_would_run(region: Region, kind: str) -> None:
    # a pipeline may read any file or address, and write too
    command = f"gdal vector pipeline ! read {region.folder / 'tracts.geojson'}"
    content = json.dumps({"type": "gdal_streamed_alg", "command_line": command})
    late = content.replace("{", '{"x": "' + "x" * 1_048_560 + '", ', 1)
    for text in (content, late, "\ufeff \n" + content):
        geojson(region, text)
        assert "is no map layer but instructions to make one" in refused(region, kind, "odd.geojson")


MEANT = {
    "LINK_URL": '{"type": "URL", "properties": {"url": "ADDRESS"}}',
    "LINK_NAME": '{"type": "name", "properties": {"name": "ADDRESS"}}',
    "LINK": '{"type": "link", "properties": {"href": "ADDRESS"}}',
    "JSON_FG": "http://www.opengis.net/spec/json-fg-1/0.1/conf/core",
}
ASKING = [
    "<OGRWFSDataSource><URL>ADDRESS?</URL></OGRWFSDataSource>",
    '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/ADDRESS/x.geojson</SrcDataSource>'
    "</OGRVRTLayer></OGRVRTDataSource>",
    '{"type": "FeatureCollection", "features": [], "links": [{"rel": "next", "href": "ADDRESS"}]}',
    '{"type": "FeatureCollection", "features": [], "crs": LINK}',
    '{"type": "FeatureCollection", "features": [], "crs": LINK_URL}',
    '{"type": "FeatureCollection", "features": [], "crs" : /* */ LINK}',
    '{"type": "FeatureCollection", "features": [], "\\u0063rs": LINK}',
    '{"type": "FeatureCollection", "features": [], "crs": LINK_NAME}',
    '{"type": "Point", "coordinates": [0, 0], "crs": LINK}',
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": '
    '"Point", "coordinates": [0, 0], "crs": LINK}}]}',
    '{"type": "FeatureCollection", "conformsTo": ["JSON_FG"], "coordRefSys": "ADDRESS", "features": []}',
    '{"geometryType": "esriGeometryPoint", "spatialReference": {"wkt": "ADDRESS"}, "features": []}',
    '<?xml version="1.0"?><!DOCTYPE x SYSTEM "ADDRESS"><kml/>',
    '<x xmlns:gml="http://www.opengis.net/gml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://x ADDRESS/x.xsd"><gml:featureMember/></x>',
]


@pytest.mark.parametrize("content", ASKING)
@pytest.mark.parametrize("suffix", ["geojson", "kml", "gml", "xml", "gpkg"])
def test_no_layer_makes_the_program_ask_an_address(region: Region, content: str, suffix: str) -> None:
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name, text in {**MEANT, "ADDRESS": f"http://127.0.0.1:{server.server_port}"}.items():
            content = content.replace(name, text)
        region.table(content, f"odd.{suffix}")
        refused(region, "tracts", f"odd.{suffix}")
        server.shutdown()
    assert asked == []


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY a "&c;&c;&c;&c;&c;&c;&c;&c;">',
    ],
)
@pytest.mark.parametrize("suffix", ["kml", "gml", "xml", "svg", "gpx"])
def test_xml_is_never_parsed(region: Region, entity: str, suffix: str) -> None:
    region.table(
        f"<?xml version='1.0'?><!DOCTYPE kml [{entity}]><kml xmlns='http://www.opengis.net/kml/2.2'>"
        "<Placemark><name>&a;</name><Point><coordinates>-122.6,45.5</coordinates></Point></Placemark></kml>",
        f"odd.{suffix}",
    )
    said = refused(region, "venues.file", f"odd.{suffix}")
    assert "root:" not in said
    assert said.endswith("save it as a GeoPackage, a shapefile or GeoJSON.")


def test_a_folder_is_no_layer(region: Region) -> None:
    (region.folder / "odd.gdb").mkdir()
    assert "is a folder" in refused(region, "tracts", "odd.gdb")


def test_a_layer_beyond_the_limit(region: Region) -> None:
    assert "tracts.geojson: is larger than 0.0005 MB" in region.refused("file_mb=0.0005", "acs=acs.csv")


# --- GeoPackages ------------------------------------------------------------------------------


def geopackage(region: Region, *statements: str) -> str:
    """Write the tracts as a GeoPackage and run SQL on it."""
    path = region.layer(region.squares(), "odd.gpkg")
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path.name


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


def test_a_geopackage_is_read(region: Region) -> None:
    geopackage(region)
    assert region.notices("tracts=odd.gpkg") is not None


@pytest.mark.parametrize("room", [1, 3, 1000])
@pytest.mark.parametrize("said", [0, 1, 3, 5])
def test_a_geopackage_that_lies_of_how_much_it_holds(
    region: Region, monkeypatch: pytest.MonkeyPatch, room: int, said: int
) -> None:
    monkeypatch.setattr(layers, "FEWEST_FEATURES", room)
    name = geopackage(region, f"UPDATE gpkg_ogr_contents SET feature_count = {said}")  # noqa: S608
    true = gpd.read_file(region.folder / "tracts.geojson")["GEOID"]
    assert layers.read_layer(region.folder / name, "tracts")["GEOID"].tolist() == true.tolist()


@pytest.mark.parametrize("name", ["odd", "ODD"])
def test_a_view_that_never_ends(region: Region, name: str) -> None:
    geopackage(
        region,
        "ALTER TABLE odd RENAME TO hidden",
        "UPDATE gpkg_contents SET table_name = 'hidden'",
        "UPDATE gpkg_geometry_columns SET table_name = 'hidden'",
        f"CREATE VIEW odd AS {ENDLESS} SELECT i AS fid, geom, GEOID FROM n, hidden",  # noqa: S608
        f"UPDATE gpkg_contents SET table_name = '{name}', identifier = '{name}'",  # noqa: S608
        f"UPDATE gpkg_geometry_columns SET table_name = '{name}'",  # noqa: S608
    )
    assert "is calculated when it is read" in refused(region, "tracts", "odd.gpkg")


@pytest.mark.parametrize("table", ["gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"])
def test_tables_about_tables_that_never_end(region: Region, table: str) -> None:
    geopackage(
        region,
        f"ALTER TABLE {table} RENAME TO hidden",
        f"CREATE VIEW {table} AS {ENDLESS} SELECT hidden.* FROM n, hidden",  # noqa: S608
    )
    assert "is no sound GeoPackage" in refused(region, "tracts", "odd.gpkg")


def test_columns_that_are_generated(region: Region) -> None:
    geopackage(region, "ALTER TABLE odd ADD COLUMN big AS (zeroblob(900000000)) VIRTUAL")
    assert "is calculated when it is read" in refused(region, "tracts", "odd.gpkg")


def test_tables_that_are_virtual(region: Region) -> None:
    geopackage(region, "CREATE VIRTUAL TABLE letters USING fts5(text)")
    assert "is calculated when it is read" in refused(region, "tracts", "odd.gpkg")


def test_triggers_do_not_run(region: Region) -> None:
    geopackage(region, "CREATE TRIGGER t AFTER INSERT ON odd BEGIN DELETE FROM odd; END")
    before = (region.folder / "odd.gpkg").read_bytes()
    assert region.notices("tracts=odd.gpkg") is not None
    assert (region.folder / "odd.gpkg").read_bytes() == before


def test_a_database_that_is_no_geopackage(region: Region) -> None:
    with closing(sqlite3.connect(region.folder / "odd.gpkg")) as database:
        database.execute("CREATE TABLE odd (GEOID TEXT)")
        database.commit()
    assert "is a database but no GeoPackage" in refused(region, "tracts", "odd.gpkg")


def test_several_layers_are_not_guessed_among(region: Region) -> None:
    path = region.layer(region.squares(), "odd.gpkg")
    frame = gpd.GeoDataFrame({"GEOID": GEOIDS}, geometry=region.squares(), crs=4326)
    frame.to_file(path, layer="evil\x1b[31m")
    said = refused(region, "tracts", "odd.gpkg")
    assert "holds 2 layers (odd, evil" in said
    assert "save the one that is meant as a file of its own" in said


def test_shapes_in_a_geopackage_that_claim_billions_of_points(region: Region) -> None:
    blob = b"GP\0\1" + struct.pack("<i", 4326) + struct.pack("<BII", 1, 3, 2**31) + bytes(40)
    path = region.layer(region.squares(), "odd.gpkg")
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TRIGGER IF EXISTS rtree_odd_geom_update6")
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE odd SET geom = ?", (blob,))
        database.commit()
    result = region.run("plan", "tracts=odd.gpkg", options=("--out", str(region.folder / "plan")))
    assert result.exit_code == 2, result.output


# --- GeoJSON ----------------------------------------------------------------------------------

COLLECTION = '{"type": "FeatureCollection", "features": [%s]}'
RING = (
    '{"type": "Feature", "properties": {"GEOID": "1"}, "geometry": {"type": "Polygon", "coordinates": '
    "[[[%s, 0], [1, 0], [1, 1], [%s, 0]]]}}"
)
TEXTS = [["-122", "45"], ["-122", "46"], ["-121", "45"], ["-122", "45"]]
MANY = {f"c{number}": number for number in range(3000)}
SQUARE = [[-122.605, 45.495], [-122.595, 45.495], [-122.595, 45.505], [-122.605, 45.495]]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{",
        '{"type": "FeatureCollection"}',
        '{"type": "Topology", "objects": {}}',
        '{"type": "FeatureCollection", "features": [' + "[" * 100_000,
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"GEOID": '
        + "[" * 50_000 + "]" * 50_000 + '}, "geometry": null}]}',
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": '
        + '{"type": "GeometryCollection", "geometries": [' * 5_000 + "]}" * 5_000 + "}]}",
        COLLECTION % json.dumps(feature(None, GEOID=GEOIDS[0])),
        COLLECTION % json.dumps(feature({"type": "Polygon", "coordinates": [TEXTS]}, GEOID="1")),
        COLLECTION % json.dumps(feature({"type": "Polygon", "coordinates": [SQUARE]}, **MANY)),
        COLLECTION % (RING % ("NaN", "NaN")),
        COLLECTION % (RING % ("1e999", "1e999")),
    ],
)  # fmt: skip
def test_geojson_that_is_no_layer_of_tracts(region: Region, content: str) -> None:
    geojson(region, content)
    refused(region, "tracts", "odd.geojson")


def test_ids_that_stand_twice_are_no_matter_and_geoids_are(region: Region) -> None:
    features = [
        {**feature(shapely.geometry.mapping(shape), GEOID=geoid), "id": 1}
        for shape, geoid in zip(region.squares(), GEOIDS, strict=True)
    ]
    geojson(region, json.dumps({"type": "FeatureCollection", "features": features}))
    assert region.notices("tracts=odd.geojson") is not None
    geojson(region, json.dumps({"type": "FeatureCollection", "features": [*features, features[0]]}))
    assert f"GEOID {GEOIDS[0]} has 2 polygons" in refused(region, "tracts", "odd.geojson")


@pytest.mark.parametrize("value", ["nan", -1, "1e308", 1e11, 1e-300, "x", None])
def test_population_that_is_no_count(region: Region, value: object) -> None:
    region.layer([shapely.Point(-122.6, 45.5)] * 2, "points.geojson", population=[str(5), str(value)])
    said = region.refused("points=points.geojson")
    assert said.startswith("points.geojson: column population, feature 2: ")


# --- shapes -----------------------------------------------------------------------------------


def odd_tract(region: Region, shape: Any, name: str = "odd.gpkg", crs: Any = 4326) -> str:
    """Write the tracts, the first of them with another outline."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the writer, on what is written
        shape = shapely.from_wkt(shape) if isinstance(shape, str) else shape
        return region.layer([shape, *region.squares()[1:]], name, crs).name


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (shapely.LineString([(-122, 45), (-122, 46)]), "holds shapes that are no polygons (LineString)"),
        (shapely.Point(-122, 45), "holds shapes that are no polygons (Point)"),
        (shapely.GeometryCollection([shapely.box(-123, 45, -122, 46)]), "no polygons (GeometryCollection)"),
        (
            shapely.box(-179.9, 51, 179.9, 52),
            "runs around the world; where a tract crosses",
        ),
        (shapely.box(1e307, 1e307, 1e308, 1e308), "feature 1 lies outside the world"),
        (shapely.box(500_000, 5_000_000, 500_100, 5_000_100), "lies outside the world"),
        ("POLYGON ((0 0, 1 0, Inf 1, 0 0))", "has coordinates that are no numbers in feature 1"),
        ("POLYGON ((0 0, 1 0, NaN 1, 0 1, 0 0))", "coordinates that are no numbers"),
    ],
)
def test_shapes_that_are_no_outlines(region: Region, shape: Any, said: str) -> None:
    assert said in refused(region, "tracts", odd_tract(region, shape))


@pytest.mark.parametrize(
    "shape",
    [
        None,
        shapely.Polygon(),
        shapely.MultiPolygon([]),
        shapely.Polygon([(0, 0), (1, 0), (2, 0)]),
        shapely.Polygon([(0, 0), (1e-320, 0), (1e-320, 1e-320)]),
        shapely.box(-122.6, 45.5, -122.6 + 1e-12, 45.5 + 1e-12),
    ],
)
def test_outlines_without_an_area_count_as_none(region: Region, shape: Any) -> None:
    name = odd_tract(region, shape)
    # a third of the people is more than may be lost
    assert "1 of 3 GEOIDs of acs.csv" in region.refused(f"tracts={name}")
    region.table(
        (region.folder / "acs.csv").read_text().replace(",4000,100,400,40,300,60", ",0,12,0,12,0,12")
    )
    found = region.notices(f"tracts={name}")
    assert found["empty_polygon"]["count"] == 1
    assert found["tract_without_polygon"]["count"] == 1


def test_a_scribble_is_refused_at_once(region: Region) -> None:
    scribble = np.random.default_rng(1).random((2_000, 2)) * 0.01 + [-122.605, 45.495]
    said = refused(region, "tracts", odd_tract(region, shapely.Polygon(scribble)))
    assert said == (
        f"odd.gpkg: the outline of {GEOIDS[0]} crosses itself thousands of times, which no tract does; get "
        "the boundaries again."
    )


def test_a_scribble_in_a_long_outline_is_refused_before_it_is_checked(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: gpd.GeoSeries) -> Any:
        raise AssertionError("GEOS takes minutes for this")

    monkeypatch.setattr(gpd.GeoSeries, "is_valid", property(never))
    scribble = np.random.default_rng(1).random((outlines.MANY_POINTS + 1, 2)) * 0.01 + [-122.605, 45.495]
    assert "crosses itself thousands of times" in refused(
        region, "tracts", odd_tract(region, shapely.Polygon(scribble))
    )


@pytest.mark.parametrize("points", [100, 300])
def test_small_scribbles_are_mended(region: Region, points: int) -> None:
    scribble = np.random.default_rng(1).random((points, 2)) * 0.01 + [-122.605, 45.495]
    found = region.notices(f"tracts={odd_tract(region, shapely.Polygon(scribble))}")
    assert found["invalid_polygon"]["count"] == 1


def test_an_outline_of_a_million_points(region: Region) -> None:
    turn = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    circle = np.column_stack([np.cos(turn), np.sin(turn)]) * 0.005 + [-122.6, 45.5]
    name = odd_tract(region, shapely.Polygon(circle), "odd.shp")
    assert set(region.notices(f"tracts={name}")) == set(region.notices())


def test_heights_are_passed_over(region: Region) -> None:
    plain = region.run("routes", options=("--json",)).stdout
    for name in ("odd.gpkg", "odd.geojson", "odd.fgb"):
        region.layer([shapely.force_3d(shape, 5e300) for shape in region.squares()], name)
        assert region.run("routes", f"tracts={name}", options=("--json",)).stdout == plain


@pytest.mark.parametrize("kind", KINDS)
def test_systems_that_are_nowhere_on_earth(region: Region, kind: str) -> None:
    columns = {"GEOID": GEOIDS, "NAME": GEOIDS, "population": [1, 2, 3]}
    region.layer(region.squares(), "odd.gpkg", ENGINEERING, **columns)
    said = refused(region, kind, "odd.gpkg")
    assert "its coordinate system (Site) has no known place on earth; save it in EPSG:4326" in said


@pytest.mark.parametrize("kind", ["points", "water", "venues.file"])
def test_other_layers_lie_on_earth_too(region: Region, kind: str) -> None:
    region.layer([shapely.Point(1e308, 5)], "odd.gpkg", NAME=["x"], population=[5])
    assert "feature 1 lies outside the world" in refused(region, kind, "odd.gpkg")


def test_tracts_on_both_sides_of_the_180th_meridian(region: Region) -> None:
    # their extent reaches around the world, and a projection of its middle would be an ocean away
    def served() -> list[dict[str, Any]]:
        result = region.run("routes", options=("--json",))
        assert result.exit_code == 0, result.output
        return [{**row, "source": ""} for row in json.loads(result.stdout)["routes"]]

    west = served()
    assert west[0]["served"] > 0
    moved = shapely.affinity.translate

    def around(shape: shapely.Geometry, shift: float) -> shapely.Geometry:
        """Return the shape further west, cut at the meridian."""
        there = moved(shape, shift)
        halves = [moved(there & shapely.box(-200, 0, -180, 90), 360), there & shapely.box(-180, 0, 0, 90)]
        return shapely.MultiPolygon([half for half in halves if half.area])

    shift = -180 + 122.61
    region.layer([around(shape, shift) for shape in region.squares()])
    assert len([s for s in gpd.read_file(region.folder / "tracts.geojson").geometry if len(s.geoms) > 1]) == 1
    places = [f"{-122.60 - 0.01 * n + shift}" for n in range(3)]
    places = [place if float(place) > -180 else str(float(place) + 360) for place in places]
    rows = [f"{name},{name},45.50,{place}" for name, place in zip("abc", places, strict=True)]
    region.feed(stops=["stop_id,stop_name,stop_lat,stop_lon", *rows])
    for here, there in zip(west, served(), strict=True):
        assert here["served"] == pytest.approx(there["served"], rel=0.01)


def test_outlines_of_a_whole_nation_do_not_bend_the_walk(region: Region) -> None:
    near = json.loads(region.run("routes", options=("--json",)).stdout)["routes"]
    guam = shapely.box(144.6, 13.2, 144.9, 13.6)
    region.layer([*region.squares(), guam])
    row = "41051000400,Far away,4000,100,0,12,0,12"
    region.table((region.folder / "acs.csv").read_text() + "\n" + row)
    far = json.loads(region.run("routes", options=("--json",)).stdout)["routes"]
    assert [row["served"] for row in far] == [row["served"] for row in near]
