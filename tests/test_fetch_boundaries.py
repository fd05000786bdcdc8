"""Outlines, water and PUMAs: the right vintage, only the wanted counties, damaged files refused."""

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from census_server import CensusServer, FreshClient

from targeting.controls import read_pumas
from targeting.errors import FetchError, OutputError
from targeting.fetch.boundaries import fetch_counties, fetch_pumas, fetch_tracts, fetch_water
from targeting.notices import Notices
from targeting.tracts import read_tracts

Census = tuple[CensusServer, FreshClient]
RELATIONS = "/geo/docs/maps-data/data"
PUMAS_2020 = f"{RELATIONS}/rel2020/2020_Census_Tract_to_2020_PUMA.txt"
PUMAS_2010 = f"{RELATIONS}/rel/2010_Census_Tract_to_2010_PUMA.txt"
TRACTS_2020_2010 = f"{RELATIONS}/rel2020/tract/tab20_tract20_tract10_natl.txt"
REGIONS = "09110 Capitol, 09120 Greater Bridgeport, .*, 09190 Western Connecticut"


def zipped(folder: Path, name: str, crs: int = 4269, **columns: list[Any]) -> bytes:
    """Return a zip with a shapefile of squares, one a row of the columns."""
    count = len(next(iter(columns.values())))
    squares = [shapely.box(-122.7 + n / 100, 45.5, -122.69 + n / 100, 45.51) for n in range(count)]
    place = folder / "made" / name
    place.mkdir(parents=True)
    gpd.GeoDataFrame(columns, geometry=squares, crs=crs).to_file(place / f"{name}.shp")
    with zipfile.ZipFile(place / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(place.glob(f"{name}.*")):
            archive.write(part, part.name)
    return (place / "all.zip").read_bytes()


def tracts(folder: Path, year: int, *geoids: str, **more: list[Any]) -> dict[str, bytes]:
    """Return the page of a state's cartographic tracts."""
    name = f"cb_{year}_{geoids[0][:2]}_tract_500k"
    page = zipped(
        folder,
        name,
        STATEFP=[geoid[:2] for geoid in geoids],
        COUNTYFP=[geoid[2:5] for geoid in geoids],
        GEOID=list(geoids),
        NAME=[f"{int(geoid[5:9])}" for geoid in geoids],
        **more,
    )
    return {f"/geo/tiger/GENZ{year}/shp/{name}.zip": page}


@pytest.fixture
def oregon(census: Census, tmp_path: Path) -> Census:
    for year in (2019, 2023):
        census[0].pages |= tracts(tmp_path, year, "41067000300", "41051000200", "41051000100", "41005000100")
    return census


@pytest.mark.parametrize(("year", "vintage"), [(2019, "2010 tracts"), (2023, "2020 tracts")])
def test_tracts_of_the_wanted_counties_in_order(
    oregon: Census, tmp_path: Path, year: int, vintage: str
) -> None:
    out = tmp_path / "new" / f"tracts_{year}.gpkg"
    found = fetch_tracts(oregon[1], year=year, counties=["41067", "41051"], out=out)
    frame = gpd.read_file(out)
    assert frame["GEOID"].tolist() == ["41051000100", "41051000200", "41067000300"]
    assert frame["NAME"].tolist() == ["Census Tract 1", "Census Tract 2", "Census Tract 3"]
    assert frame.crs == 4326
    assert set(frame.geom_type) == {"MultiPolygon"}
    assert frame.geometry[0].bounds == pytest.approx((-122.68, 45.5, -122.67, 45.51), abs=1e-9)
    assert vintage in found.what
    assert found.url == f"{oregon[0].address}/geo/tiger/GENZ{year}/shp/cb_{year}_41_tract_500k.zip"


def test_the_same_bytes_each_time_and_read_by_our_reader(oregon: Census, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.gpkg" for name in ("one", "two")]
    hashes = {fetch_tracts(oregon[1], year=2023, counties=["41051"], out=out).sha256 for out in files}
    assert len(hashes) == 1
    table = tmp_path / "acs_2023.csv"
    table.write_text("GEOID,C16001_001E,C16001_001M,C16001_005E,C16001_005M\n41051000100,9,9,5,5\n")
    read = read_tracts([table], files[0], measure="lep", notices=Notices())
    assert read.geometry.index.tolist() == ["41051000100"]


def test_several_states(oregon: Census, tmp_path: Path) -> None:
    oregon[0].pages |= tracts(
        tmp_path, 2023, "53011040101", "53033000100", NAMELSAD=["Census Tract 401.01", "Tract"]
    )
    fetch_tracts(oregon[1], year=2023, counties=["53011", "41005"], out=tmp_path / "t.gpkg")
    frame = gpd.read_file(tmp_path / "t.gpkg")
    assert frame["GEOID"].tolist() == ["41005000100", "53011040101"]
    assert frame["NAME"].tolist() == ["Census Tract 1", "Census Tract 401.01"]


def test_a_year_before_serves_where_its_tracts_are_the_same(oregon: Census, tmp_path: Path) -> None:
    found = fetch_tracts(oregon[1], year=2024, counties=["41051"], out=tmp_path / "t.gpkg")
    assert "GENZ2023" in found.url
    with pytest.raises(
        FetchError, match=r"outlines for year 2020 .*is not published at \S*GENZ2020\S*; use another"
    ):
        fetch_tracts(oregon[1], year=2020, counties=["41051"], out=tmp_path / "t.gpkg")
    assert not [path for path in oregon[0].paths() if "GENZ2019" in path]


def test_years_before_2014_take_the_outlines_of_2014(census: Census, tmp_path: Path) -> None:
    census[0].pages |= tracts(tmp_path, 2014, "41051000100")
    found = fetch_tracts(census[1], year=2011, counties=["41051"], out=tmp_path / "t.gpkg")
    assert "GENZ2014" in found.url
    assert "ACS 2007-2011" in found.what


def test_a_county_without_tracts_is_named(oregon: Census, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"outlines of 2020 tracts .* has no county 41999: check"):
        fetch_tracts(oregon[1], year=2023, counties=["41051", "41999"], out=tmp_path / "t.gpkg")
    with pytest.raises(FetchError, match="five digits"):
        fetch_tracts(oregon[1], year=2023, counties=["4105"], out=tmp_path / "t.gpkg")
    assert not (tmp_path / "t.gpkg").exists()


@pytest.mark.parametrize("fault", ["cut", "html", "none", "damaged"])
def test_a_damaged_file_is_refused(oregon: Census, tmp_path: Path, fault: str) -> None:
    path = "/geo/tiger/GENZ2023/shp/cb_2023_41_tract_500k.zip"
    page = oregon[0].pages[path]
    middle = page.index(b"cb_2023_41_tract_500k.shp") + 60
    oregon[0].pages[path] = {
        "cut": page[:-200],
        "html": b"<html><title>Request Rejected</title></html>",
        "none": page.replace(b".shp", b".shq"),
        "damaged": page[:middle] + b"\xff" * 40 + page[middle + 40 :],
    }[fault]
    with pytest.raises(
        FetchError, match=r"no whole zipped shapefile|holds 0 shapefiles|came as a web page"
    ) as said:
        fetch_tracts(oregon[1], year=2023, counties=["41051"], out=tmp_path / "t.gpkg")
    assert "\n" not in str(said.value)


def test_a_busy_server_is_no_missing_year(oregon: Census, tmp_path: Path) -> None:
    oregon[0].pages["/geo/tiger/GENZ2024/shp/cb_2024_41_tract_500k.zip"] = 503
    with pytest.raises(FetchError, match=r"is out of order \(503\), 3 times"):
        fetch_tracts(oregon[1], year=2024, counties=["41051"], out=tmp_path / "t.gpkg")


def test_a_folder_that_cannot_be_written(oregon: Census, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch_tracts(oregon[1], year=2023, counties=["41051"], out=tmp_path / "file" / "t.gpkg")


def test_counties(census: Census, tmp_path: Path) -> None:
    page = zipped(
        tmp_path,
        "cb_2023_us_county_500k",
        GEOID=["53011", "41067", "41051"],
        NAME=["Clark", "Washington", "Multnomah"],
        NAMELSAD=["Clark County", "Washington County", "Multnomah County"],
    )
    census[0].pages["/geo/tiger/GENZ2023/shp/cb_2023_us_county_500k.zip"] = page
    fetch_counties(census[1], year=2023, counties=["53011", "41051"], out=tmp_path / "c.gpkg")
    assert gpd.read_file(tmp_path / "c.gpkg")["NAME"].tolist() == ["Multnomah County", "Clark County"]


def test_water_of_each_county(census: Census, tmp_path: Path) -> None:
    for county, names in (("41051", ["Willamette Riv", None]), ("53011", ["Columbia Riv"])):
        name = f"tl_2023_{county}_areawater"
        ids = [f"110{county}{number}" for number in range(len(names))][::-1]
        page = zipped(tmp_path, name, HYDROID=ids, FULLNAME=names, AWATER=[1] * len(names))
        census[0].pages[f"/geo/tiger/TIGER2023/AREAWATER/{name}.zip"] = page
    found = fetch_water(census[1], year=2023, counties=["53011", "41051"], out=tmp_path / "w.gpkg")
    frame = gpd.read_file(tmp_path / "w.gpkg")
    assert frame["GEOID"].tolist() == ["41051", "41051", "53011"]
    assert frame["NAME"].tolist() == ["", "Willamette Riv", "Columbia Riv"]
    assert len(found.url.split()) == 2
    with pytest.raises(FetchError, match="water of county 41005 for year 2023 is not published"):
        fetch_water(census[1], year=2023, counties=["41005"], out=tmp_path / "w.gpkg")


def relation(*rows: str) -> bytes:
    """Return a list of PUMAs by tract, with the byte-order mark of the real one."""
    return ("﻿" + "\n".join(["STATEFP,COUNTYFP,TRACTCE,PUMA5CE", *rows, ""])).encode()


def pumas(census: Census, tmp_path: Path, year: int, *counties: str) -> dict[str, str]:
    fetch_pumas(census[1], year=year, counties=counties, out=tmp_path / "pumas.csv")
    return read_pumas(tmp_path / "pumas.csv").to_dict()


@pytest.mark.parametrize(("year", "path"), [(2019, PUMAS_2010), (2022, PUMAS_2020)])
def test_pumas_of_the_year(census: Census, tmp_path: Path, year: int, path: str) -> None:
    census[0].pages[path] = relation("41,067,000100,01324", "41,051,000200,01314", "41,051,000100,01301")
    found = pumas(census, tmp_path, year, "41051")
    assert found == {"41051000100": "4101301", "41051000200": "4101314"}
    with pytest.raises(FetchError, match=r"list of PUMAs .* has no county 41999"):
        pumas(census, tmp_path, year, "41999")


def test_2020_tracts_in_2010_pumas_take_that_of_most_of_their_land(census: Census, tmp_path: Path) -> None:
    census[0].pages[PUMAS_2010] = relation("41,051,000100,01301", "41,051,000200,01314")
    rows = [
        "GEOID_TRACT_20|GEOID_TRACT_10|AREALAND_PART|AREAWATER_PART",
        "41051000101|41051000100|500|0",
        "41051000102|41051000100|300|0",
        "41051000102|41051000200|301|0",
        "41067000100|41051000200|1|0",
    ]
    census[0].pages[TRACTS_2020_2010] = ("﻿" + "\n".join(rows)).encode()
    assert pumas(census, tmp_path, 2021, "41051") == {"41051000101": "4101301", "41051000102": "4101314"}


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (b"<html>Request Rejected</html>\n", "came as a web page"),
        (b"STATE,COUNTY,TRACT,PUMA\n", "lacks column STATEFP"),
        (relation("41,051,000100,01301", "41,05"), "broke off"),
        (404, "list of PUMAs by tract is not published"),
    ],
)
def test_a_damaged_list_of_pumas_is_refused(census: Census, tmp_path: Path, page: object, said: str) -> None:
    census[0].pages[PUMAS_2020] = page
    with pytest.raises(FetchError, match=said):
        pumas(census, tmp_path, 2023, "41051")


def test_connecticut_is_counted_by_planning_regions_from_2022_on(census: Census, tmp_path: Path) -> None:
    census[0].pages |= tracts(tmp_path, 2022, "09110400101", "09190010101", "09190990000")
    fetch_tracts(census[1], year=2022, counties=["09190"], out=tmp_path / "t.gpkg")
    assert gpd.read_file(tmp_path / "t.gpkg")["GEOID"].tolist() == ["09190010101", "09190990000"]
    for fetch in (fetch_tracts, fetch_counties, fetch_water, fetch_pumas):
        with pytest.raises(
            FetchError, match=f"county 09001 .Fairfield. .*use {REGIONS}, or a year up to 2021"
        ):
            fetch(census[1], year=2022, counties=["09001"], out=tmp_path / "x")
        with pytest.raises(
            FetchError, match=r"region 09190 .*use 09001 Fairfield, .*, or year 2022 or later"
        ):
            fetch(census[1], year=2021, counties=["09190"], out=tmp_path / "x")
    # 2021 has the same tracts but no planning regions: it does not stand in
    with pytest.raises(FetchError, match="not published"):
        fetch_counties(census[1], year=2022, counties=["09190"], out=tmp_path / "x")
    assert not [path for path in census[0].paths() if "GENZ2021" in path]


def test_pumas_of_planning_regions_go_by_the_tract_code(census: Census, tmp_path: Path) -> None:
    census[0].pages |= tracts(tmp_path, 2023, "09110400101", "09190010101", "09190990000")
    census[0].pages[PUMAS_2020] = relation(
        "09,001,010101,20100", "09,001,990000,20100", "09,003,400101,20201", "09,009,990000,20500",
        "41,051,010101,01301",
    )  # fmt: skip
    # the code of the water tract is there twice
    assert pumas(census, tmp_path, 2023, "09190", "09110") == {
        "09110400101": "0920201",
        "09190010101": "0920100",
    }


def test_real_outlines_of_portland(census: Census, tmp_path: Path, real_data: Path) -> None:
    real = gpd.read_file(real_data / "geo" / "or_wa_tracts_cb2017_500k.gpkg")
    oregon = real[real["STATEFP"] == "41"].to_crs(4269)
    oregon.to_file(tmp_path / "cb_2017_41_tract_500k.shp")
    with zipfile.ZipFile(tmp_path / "tracts.zip", "w") as archive:
        for part in tmp_path.glob("cb_2017_41_tract_500k.*"):
            archive.write(part, part.name)
    census[0].pages["/geo/tiger/GENZ2017/shp/cb_2017_41_tract_500k.zip"] = (
        tmp_path / "tracts.zip"
    ).read_bytes()
    fetch_tracts(census[1], year=2017, counties=["41051"], out=tmp_path / "t.gpkg")
    got = gpd.read_file(tmp_path / "t.gpkg").set_index("GEOID")
    expected = oregon[oregon["COUNTYFP"] == "051"].set_index("GEOID").to_crs(4326)
    assert got.index.tolist() == sorted(expected.index)
    areas = [frame.geometry.to_crs(32610).area.to_dict() for frame in (got, expected)]
    assert areas[0] == pytest.approx(areas[1])
