"""Population points: blocks where they are published, block groups where not."""

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from census_server import CensusServer, FreshClient

from targeting.errors import FetchError
from targeting.fetch.points import fetch_points
from targeting.notices import Notices
from targeting.tracts import read_points, read_tracts

Census = tuple[CensusServer, FreshClient]
BLOCKS = "/geo/tiger/TIGER2023/TABBLOCK20/tl_2023_41_tabblock20.zip"
CENTRES = "/geo/docs/reference/cenpop2020/blkgrp/CenPop2020_Mean_BG41.txt"
HEAD = "STATEFP,COUNTYFP,TRACTCE,BLKGRPCE,POPULATION,LATITUDE,LONGITUDE"
GROUPS = [
    "41,051,000100,2,1200,+45.505,-122.695",
    "41,051,000100,1,800,+45.506,-122.694",
    "41,067,000300,1,500,+45.505,-122.605",
    "41,051,990000,0,0,+45.9,-122.9",
]


def centres(*rows: str, head: str = HEAD) -> bytes:
    return ("﻿" + "\r\n".join([head, *rows, ""])).encode()


def blocks(
    folder: Path, name: str, rows: list[tuple[str, int, str, str]], *, without: str = "GEOID"
) -> bytes:
    """Return a zip of blocks; the outlines are all one square far away, and not to be used."""
    columns = {
        "COUNTYFP20": [geoid[2:5] for geoid, *_ in rows],
        "GEOID20": [row[0] for row in rows],
        "POP20": [row[1] for row in rows],
        "INTPTLAT20": [row[2] for row in rows],
        "INTPTLON20": [row[3] for row in rows],
    }
    place = folder / "made" / name
    place.mkdir(parents=True)
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.box(0, 0, 1, 1)] * len(rows), crs=4269)
    frame.drop(columns=without, errors="ignore").to_file(place / f"{name}.shp")
    with zipfile.ZipFile(place / "all.zip", "w") as archive:
        for part in sorted(place.glob(f"{name}.*")):
            archive.write(part, part.name)
    return (place / "all.zip").read_bytes()


ROWS = [
    ("410670003001000", 30, "+45.5050000", "-122.6050000"),
    ("410510001002001", 70, "+45.5060000", "-122.6940000"),
    ("410510001001000", 45, "+45.5050000", "-122.6950000"),
    ("410510001001001", 0, "+45.5070000", "-122.6950000"),
]


def fetch(census: Census, out: Path, **settings: Any) -> tuple[gpd.GeoDataFrame, str]:
    settings = {"year": 2023, "counties": ["41051"], "detail": "block"} | settings
    found = fetch_points(census[1], out=out, **settings)
    return gpd.read_file(out), found.what


@pytest.fixture
def oregon(census: Census, tmp_path: Path) -> Census:
    census[0].pages |= {BLOCKS: blocks(tmp_path, "tl_2023_41_tabblock20", ROWS), CENTRES: centres(*GROUPS)}
    return census


def test_blocks_with_people_stand_at_their_inner_points(oregon: Census, tmp_path: Path) -> None:
    frame, what = fetch(oregon, tmp_path / "p.gpkg")
    assert frame["GEOID"].tolist() == ["410510001001000", "410510001002001"]
    assert frame["population"].tolist() == [45, 70]
    assert [(point.x, point.y) for point in frame.geometry] == [(-122.695, 45.505), (-122.694, 45.506)]
    assert frame.crs == 4326
    assert what == "2020 population by block, counties 41051"


def test_block_groups_stand_at_their_centres_of_population(oregon: Census, tmp_path: Path) -> None:
    frame, what = fetch(oregon, tmp_path / "p.gpkg", detail="block group", counties=["41067", "41051"])
    assert frame["GEOID"].tolist() == ["410510001001", "410510001002", "410670003001"]
    assert frame["population"].tolist() == [800, 1200, 500]
    assert (frame.geometry[0].x, frame.geometry[0].y) == (-122.694, 45.506)
    assert "by block group" in what
    assert BLOCKS not in oregon[0].paths()


def test_block_groups_where_blocks_are_not_published(oregon: Census, tmp_path: Path) -> None:
    del oregon[0].pages[BLOCKS]
    frame, what = fetch(oregon, tmp_path / "p.gpkg")
    assert frame["population"].sum() == 2000
    assert "by block group" in what
    oregon[0].pages[BLOCKS] = 503
    with pytest.raises(FetchError, match=r"is out of order \(503\), 3 times"):
        fetch(oregon, tmp_path / "p.gpkg")


def test_old_and_new_years_take_a_file_that_has_the_population(oregon: Census, tmp_path: Path) -> None:
    page = oregon[0].pages[BLOCKS]
    renamed = blocks(tmp_path, "tl_2022_41_tabblock20", ROWS[:2])
    oregon[0].pages["/geo/tiger/TIGER2022/TABBLOCK20/tl_2022_41_tabblock20.zip"] = renamed
    assert fetch(oregon, tmp_path / "p.gpkg", year=2019)[0]["population"].tolist() == [70]
    assert fetch(oregon, tmp_path / "p.gpkg", year=2024)[0]["population"].tolist() == [45, 70]
    assert page


def test_the_same_bytes_each_time_and_read_by_our_reader(oregon: Census, tmp_path: Path) -> None:
    files = [tmp_path / "one.gpkg", tmp_path / "two.gpkg"]
    for out in files:
        fetch(oregon, out)
    assert files[0].read_bytes() == files[1].read_bytes()
    table, shapes = tmp_path / "acs_2019.csv", tmp_path / "tracts_2019.gpkg"  # 2010 tracts: joined by place
    table.write_text("GEOID,C16001_001E,C16001_001M,C16001_005E,C16001_005M\n41051777700,99,9,5,5\n")
    square = shapely.box(-122.7, 45.5, -122.69, 45.51)
    gpd.GeoDataFrame({"GEOID": ["41051777700"]}, geometry=[square], crs=4326).to_file(shapes)
    tracts = read_tracts([table], shapes, measure="lep", notices=Notices())
    assert read_points(files[0], tracts, Notices())["population"].tolist() == [45.0, 70.0]


def test_a_county_without_points_is_named(oregon: Census, tmp_path: Path) -> None:
    for detail in ("block", "block group"):
        with pytest.raises(FetchError, match=r"population points .* has no county 41999"):
            fetch(oregon, tmp_path / "p.gpkg", detail=detail, counties=["41051", "41999"])
    assert not (tmp_path / "p.gpkg").exists()


def test_planning_regions_of_connecticut_get_the_points_of_the_state(census: Census, tmp_path: Path) -> None:
    page = centres("09,001,010101,1,900,+41.06,-73.55", "09,003,400101,1,700,+41.7,-72.7")
    census[0].pages[CENTRES.replace("BG41", "BG09")] = page
    settings: dict[str, Any] = {"detail": "block group", "counties": ["09190"]}
    assert fetch(census, tmp_path / "p.gpkg", **settings)[0]["population"].tolist() == [900, 700]
    census[0].pages["/geo/tiger/TIGER2023/TABBLOCK20/tl_2023_09_tabblock20.zip"] = blocks(
        tmp_path, "tl_2023_09_tabblock20", [("090010101011000", 5, "+41.06", "-73.55")]
    )
    assert fetch(census, tmp_path / "p.gpkg", counties=["09110"])[0]["population"].tolist() == [5]
    old = fetch(census, tmp_path / "p.gpkg", counties=["09001"], year=2021, detail="block group")[0]
    assert old["population"].tolist() == [900]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (b"<html>Request Rejected</html>", "came as a web page"),
        (
            centres("41,051,000100,1,800,+45.5,-122.6", head=HEAD.replace("STATEFP", "STATE")),
            "lacks column STATEFP",
        ),
        (centres("41,051,000100,1,800,+45.5"), "has no population or no place"),
        (centres("41,051,000100,1,many,+45.5,-122.6"), "410510001001 has no population"),
        (centres("41,051,000100,1,8,+95.5,-122.6"), "has no population or no place"),
        (b"", "cannot be read"),
        (404, "centres of state 41 is not published"),
    ],
)
def test_damaged_centres_are_refused(census: Census, tmp_path: Path, page: object, said: str) -> None:
    census[0].pages[CENTRES] = page
    with pytest.raises(FetchError, match=said):
        fetch(census, tmp_path / "p.gpkg", detail="block group")


def test_blocks_without_population_are_refused(census: Census, tmp_path: Path) -> None:
    census[0].pages[BLOCKS] = blocks(tmp_path, "tl_2023_41_tabblock20", ROWS, without="POP20")
    with pytest.raises(FetchError, match="lacks column POP20; use another year"):
        fetch(census, tmp_path / "p.gpkg")
    census[0].pages[BLOCKS] = b"PK nothing"
    with pytest.raises(FetchError, match="no whole zipped shapefile"):
        fetch(census, tmp_path / "p.gpkg")


def test_real_centres_of_population(census: Census, tmp_path: Path, real_data: Path) -> None:
    real = gpd.read_file(real_data / "geo" / "or_wa_bg_centroids_pop2020.gpkg")
    clark = real[real["tract2010_GEOID"].str[:5] == "53011"]
    rows = [
        f"53,011,{number:06d},1,{int(people)},{point.y:+.6f},{point.x:.6f}"
        for number, (people, point) in enumerate(zip(clark["pop2020"], clark.geometry, strict=True))
    ]
    census[0].pages[CENTRES.replace("BG41", "BG53")] = centres(*rows)
    frame, _ = fetch(census, tmp_path / "p.gpkg", detail="block group", counties=["53011"])
    assert frame["population"].sum() == clark["pop2020"].sum()
    assert frame.geometry.x.mean() == pytest.approx(clark[clark["pop2020"] > 0].geometry.x.mean(), abs=1e-5)
