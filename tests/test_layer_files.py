"""`targeting layers`: the layers of a plan folder as GeoParquet and GeoJSON."""

import json
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import CliRunner, Result

from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.plan import make_plan
from targeting.write import LAYERS, write_plan
from targeting.write.plan_layers import SHAPES

ROOT = Path(__file__).parent.parent
SETTINGS = ["venues.file=sample_venues.csv", "venues.cards=8", "redraws=0"]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planned") / "plan"
    write_plan(make_plan(read_campaign(ROOT / "data" / "sample.toml", SETTINGS)), folder)
    return folder


@pytest.fixture
def folder(planned: Path, tmp_path: Path) -> Path:
    return shutil.copytree(planned, tmp_path / "plan")


def layers(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["layers", *map(str, arguments)])


def refused(result: Result, *parts: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    for part in ("Error: ", *parts):
        assert part in line


def test_geoparquet_holds_what_the_geopackage_holds(folder: Path) -> None:
    result = layers(folder, "--format", "geoparquet")
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == [str((folder / f"{name}.parquet").resolve()) for name in SHAPES]
    for name in SHAPES:
        mine, theirs = (
            gpd.read_parquet(folder / f"{name}.parquet"),
            gpd.read_file(folder / LAYERS, layer=name),
        )
        assert mine.crs.to_epsg() == 4326
        assert mine.columns.tolist() == theirs.columns.tolist()
        assert (shapely.to_wkb(mine.geometry) == shapely.to_wkb(theirs.geometry)).all()
        for column in theirs.columns.drop("geometry"):
            pd.testing.assert_series_equal(mine[column], theirs[column], check_dtype=False)
        about = json.loads(pq.read_metadata(folder / f"{name}.parquet").metadata[b"geo"])
        assert about["primary_column"] == "geometry"
        assert about["columns"]["geometry"]["encoding"] == "WKB"
        assert about["columns"]["geometry"]["geometry_types"] == ([SHAPES[name]] if len(theirs) else [])
    assert pq.read_schema(folder / "tracts.parquet").field("es_estimate").type == "int64"


def test_geojson_follows_rfc_7946_with_six_decimals(folder: Path) -> None:
    result = layers(folder, "--format", "geojson")
    assert result.exit_code == 0, result.output
    for name, shape in SHAPES.items():
        content = json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))
        assert content["type"] == "FeatureCollection"
        assert "crs" not in content
        theirs = gpd.read_file(folder / LAYERS, layer=name)
        assert len(content["features"]) == len(theirs)
        for feature, (_, row) in zip(content["features"], theirs.iterrows(), strict=True):
            assert feature["type"] == "Feature"
            assert feature["geometry"]["type"] == shape
            assert list(feature["properties"]) == theirs.columns.drop("geometry").tolist()
            drawn, given = shapely.geometry.shape(feature["geometry"]), row.geometry
            assert shapely.hausdorff_distance(drawn, given) < 1e-6
            numbers = shapely.get_coordinates(drawn)
            assert (abs(numbers * 1e6 - (numbers * 1e6).round()) < 1e-6).all()
            if shape == "MultiPolygon":  # the right-hand rule
                assert all(part.exterior.is_ccw for part in drawn.geoms)
            for column, value in feature["properties"].items():
                assert pd.isna(row[column]) if value is None else value == row[column]
    tracts = json.loads((folder / "tracts.geojson").read_text(encoding="utf-8"))["features"]
    told = [feature["properties"]["es_estimate"] for feature in tracts]
    assert all(value is None or isinstance(value, int) for value in told)
    assert None in told


@pytest.mark.parametrize("kind", ["geojson", "geoparquet"])
def test_the_same_plan_has_the_same_bytes(folder: Path, tmp_path: Path, kind: str) -> None:
    before = sorted(path.name for path in folder.iterdir())
    for out in ("one", "two", "two"):
        assert layers(folder, "--format", kind, "--out", tmp_path / "deep" / out).exit_code == 0
    one, two = tmp_path / "deep" / "one", tmp_path / "deep" / "two"
    assert len(list(one.iterdir())) == len(list(two.iterdir())) == len(SHAPES)
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == before


def test_layers_of_an_earlier_plan_do_not_stay(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert layers(folder, "--format", "geojson", "--out", out).exit_code == 0
    bare = tmp_path / "bare"
    write_plan(make_plan(read_campaign(ROOT / "data" / "sample.toml", ["redraws=0"])), bare)
    assert layers(bare, "--format", "geojson", "--out", out).exit_code == 0
    assert sorted(path.stem for path in out.iterdir()) == sorted(set(SHAPES) - {"venues"})


def test_what_is_no_plan_is_refused(folder: Path, tmp_path: Path) -> None:
    refused(layers(tmp_path / "nowhere", "--format", "geojson"), "no such folder")
    refused(layers(tmp_path, "--format", "geojson"), "holds no plan")
    refused(layers(folder, "--format", "shapefile"), "shapefile")
    refused(layers(folder), "--format")
    (folder / LAYERS).write_bytes(b"no layers at all")
    refused(layers(folder, "--format", "geojson"), "cannot be read", "make the plan again")
    (folder / LAYERS).unlink()
    refused(layers(folder, "--format", "geojson"), "plans for the public do not")


def test_other_files_are_not_replaced(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "routes.geojson").write_text("earlier")
    (out / "diary.txt").write_text("mine")
    refused(layers(folder, "--format", "geojson", "--out", out), "diary.txt", "--out")
    assert (out / "routes.geojson").read_text() == "earlier"
    refused(layers(folder, "--format", "geojson", "--out", out / "diary.txt"), "is a file")
    other = shutil.copytree(folder, tmp_path / "another plan")
    refused(layers(folder, "--format", "geojson", "--out", other), "no layers")


def test_nothing_is_left_where_writing_fails(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def full(self: gpd.GeoDataFrame, path: Path, **_: object) -> None:
        calls.append(path)
        path.write_bytes(b"half")
        if len(calls) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", full)
    refused(
        layers(folder, "--format", "geoparquet", "--out", tmp_path / "new"),
        "No space left on device",
        "--out",
    )
    assert not (tmp_path / "new").exists()
