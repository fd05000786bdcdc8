"""Census tables, boundaries and population points: what is read, mended, reported and refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.errors import TargetingError, TractError
from targeting.notices import Notices
from targeting.tracts import Tracts, read_points, read_tracts

ONE, TWO, THREE = "41051000100", "41051000200", "41067030101"
HEADER = "GEOID,NAME,C16001_001E,C16001_001M,C16001_005E,C16001_005M"
ROWS = {
    ONE: f'{ONE},"Census Tract 1, Multnomah County, Oregon",1000,100,200,50',
    TWO: f'{TWO},"Census Tract 2, Multnomah County, Oregon",2000,110,0,12',
    THREE: f'{THREE},"Census Tract 301.01, Washington County, Oregon",3000,120,31,40',
}
JAMS = (-222222222, -333333333, -666666666, -888888888, -999999999)
BOW_TIE = [(0, 0), (1, 1), (1, 0), (0, 1)]


def box(east: int) -> shapely.Polygon:
    """Return a square of a hundredth of a degree, so many squares east of the first."""
    return shapely.box(-122.70 + east / 100, 45.50, -122.69 + east / 100, 45.51)


def shrink(coordinates: list[tuple[float, float]]) -> shapely.Polygon:
    return shapely.Polygon([(-122.70 + x / 100, 45.50 + y / 100) for x, y in coordinates])


class Files:
    """Writes small inputs in a folder and reads them back as tracts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.notices = folder, Notices()

    def table(self, *rows: str, header: str = HEADER, name: str = "acs_2019.csv") -> Path:
        path = self.folder / name
        path.write_text("\n".join([header, *(rows or ROWS.values())]) + "\n", encoding="utf-8")
        return path

    def json(self, rows: object, name: str = "acs_2019.json") -> Path:
        path = self.folder / name
        path.write_text(json.dumps(rows))
        return path

    def layer(
        self,
        shapes: list[shapely.Geometry] | None = None,
        *,
        crs: object = 4326,
        name: str = "tracts_2017.gpkg",
        **columns: list[Any],
    ) -> Path:
        path = self.folder / name
        columns = columns or {"GEOID": [ONE, TWO, THREE]}
        shapes = shapes or [box(0), box(1), box(2)]
        frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)
        frame.to_file(path)
        return path

    def read(self, *tables: Path, layer: Path | None = None, measure: Any = "lep") -> Tracts:
        self.notices = Notices()
        return read_tracts(
            tables or [self.table()], layer or self.layer(), measure=measure, notices=self.notices
        )

    def codes(self) -> dict[str, int]:
        return {notice.code: notice.count for notice in self.notices}

    def message(self, code: str) -> str:
        return next(notice.message for notice in self.notices if notice.code == code)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(TractError) as caught:
        call()
    assert isinstance(caught.value, TargetingError)
    text = str(caught.value)
    assert "\n" not in text.strip()
    return text


def contains(text: str, *parts: str) -> None:
    for part in parts:
        assert part in text, f"{part!r} not in {text!r}"


# --- tables -----------------------------------------------------------------------------------


def test_csv(files: Files) -> None:
    tracts = files.read()
    assert tracts.population.to_dict() == {ONE: 1000, TWO: 2000, THREE: 3000}
    assert tracts.population_moe.to_dict() == {ONE: 100, TWO: 110, THREE: 120}
    assert tracts.estimates.to_dict() == {"spanish": {ONE: 200, TWO: 0, THREE: 31}}
    assert tracts.margins.to_dict() == {"spanish": {ONE: 50, TWO: 12, THREE: 40}}
    assert tracts.county.to_dict() == {
        ONE: "Multnomah County, Oregon",
        TWO: "Multnomah County, Oregon",
        THREE: "Washington County, Oregon",
    }
    assert tracts.names[THREE] == "Census Tract 301.01, Washington County, Oregon"
    assert tracts.geometry[TWO].equals(box(1))
    assert tracts.geometry.crs.to_epsg() == 4326
    assert not len(files.notices)
    for frame in (tracts.estimates, tracts.margins, tracts.names, tracts.geometry, tracts.county):
        assert frame.index.equals(tracts.population.index)


def test_order_of_rows_changes_nothing(files: Files) -> None:
    forward = files.read(files.table(*ROWS.values()))
    back = files.read(
        files.table(*reversed(ROWS.values())),
        layer=files.layer([box(2), box(0), box(1)], GEOID=[THREE, ONE, TWO]),
    )
    assert forward.population.index.tolist() == sorted(ROWS)
    for name in ("names", "county", "population", "population_moe"):
        pd.testing.assert_series_equal(getattr(forward, name), getattr(back, name))
    pd.testing.assert_frame_equal(forward.estimates, back.estimates)
    pd.testing.assert_frame_equal(forward.margins, back.margins)
    assert (forward.geometry == back.geometry).all()


@pytest.mark.parametrize("county", ["41005", "41051", "41067", "53011"])
def test_census_api_json(files: Files, real_data: Path, county: str) -> None:
    path = real_data / f"acs/api_shape_2019_acs5_C16001_lep_tract_{county}.json"
    names, *rows = json.loads(path.read_text())
    people = {row[names.index("GEO_ID")][9:]: row for row in rows}
    tracts = files.read(path, layer=real_data / "acs/portland_msa_acs5_2019_C16001_lep_tract.gpkg")
    assert tracts.population.index.tolist() == sorted(people)
    assert len(tracts.estimates.columns) == 12
    for geoid, row in people.items():
        assert tracts.population[geoid] == float(row[names.index("C16001_001E")])
        assert tracts.estimates.at[geoid, "spanish"] == float(row[names.index("C16001_005E")])
        assert tracts.margins.at[geoid, "other"] == float(row[names.index("C16001_038M")])
    assert len(set(tracts.county)) == 1


def test_json_without_geo_id_uses_state_county_and_tract(files: Files) -> None:
    head = ["C16001_001E", "C16001_001M", "C16001_005E", "C16001_005M", "state", "county", "tract"]
    path = files.json(
        [head, ["10", "5", "4", None, "41", "051", "000100"], [10, 5, 4, 3, "41", "051", "000200"]]
    )
    tracts = files.read(path)
    assert tracts.population.to_dict() == {ONE: 10, TWO: 10}
    assert tracts.names.tolist() == [f"Tract {ONE}", f"Tract {TWO}"]
    assert tracts.county.tolist() == ["41051", "41051"]
    assert files.codes() == {"no_margin": 1}


def test_json_of_a_whole_group_repeats_columns(files: Files) -> None:
    # what the Census API answers to get=NAME,group(C16001): NAME and GEO_ID stand twice
    head = [*HEADER.replace("GEOID", "GEO_ID").split(","), "GEO_ID", "NAME", "state", "county", "tract"]
    row = [f"1400000US{ONE}", "Census Tract 1; Multnomah County; Oregon", "10", "5", "4", "3"]
    path = files.json([head, [*row, *row[:2], "41", "051", "000100"]])
    tracts = files.read(path)
    assert tracts.estimates["spanish"].to_dict() == {ONE: 4}
    assert tracts.county.tolist() == ["Multnomah County, Oregon"]


def test_several_tables_one_below_the_other(files: Files) -> None:
    first = files.table(ROWS[THREE], name="a.csv")
    second = files.table(ROWS[ONE], ROWS[TWO], name="b.csv")
    tracts = files.read(first, second)
    assert tracts.population.to_dict() == {ONE: 1000, TWO: 2000, THREE: 3000}
    assert tracts.tables == (str(first), str(second))
    assert len(tracts.sources) == 3


def test_several_tables_of_which_one_has_no_names(files: Files) -> None:
    first = files.table(ROWS[ONE], name="a.csv")
    second = files.table(f"{TWO},2000,110,0,12", header=HEADER.replace("NAME,", ""), name="b.csv")
    tracts = files.read(first, second)
    assert tracts.names[TWO] == f"Tract {TWO}"
    assert tracts.county.tolist() == ["Multnomah County, Oregon", "41051"]


def test_fault_in_the_second_table_names_that_file_and_its_row(files: Files) -> None:
    first = files.table(ROWS[ONE], ROWS[TWO], name="a.csv")
    second = files.table(ROWS[THREE].replace(",31,", ",many,"), name="b.csv")
    contains(refusal(lambda: files.read(first, second)), "b.csv", "C16001_005E", "row 2", THREE, "'many'")


def test_second_table_without_a_line_says_which_column_is_lacking(files: Files) -> None:
    first = files.table(ROWS[ONE], name="a.csv")
    second = files.table(f"{TWO},x,2000,110", header="GEOID,NAME,C16001_001E,C16001_001M", name="b.csv")
    text = refusal(lambda: files.read(first, second))
    contains(text, "b.csv", "C16001_005E")
    assert "nan is no number" not in text


@pytest.mark.parametrize(
    "geoid", ["1400000US{}", "{}", " {} "], ids=["summary-level prefix", "plain", "spaces around"]
)
def test_forms_of_geoid(files: Files, geoid: str) -> None:
    rows = [row.replace(key, geoid.format(key), 1) for key, row in ROWS.items()]
    assert files.read(files.table(*rows)).population.index.tolist() == sorted(ROWS)


def test_leading_zero_that_a_spreadsheet_dropped(files: Files) -> None:
    rows = ["6037101110,Los Angeles,10,5,4,3", "06037101122,Los Angeles,20,5,4,3"]
    layer = files.layer([box(0), box(1)], GEOID=["06037101110", "06037101122"])
    tracts = files.read(files.table(*rows), layer=layer)
    assert tracts.population.to_dict() == {"06037101110": 10, "06037101122": 20}
    numbers = files.layer([box(0), box(1)], GEOID=[6037101110, 6037101122])
    assert files.read(files.table(*rows), layer=numbers).population.sum() == 30


def test_byte_order_mark_and_windows_line_ends(files: Files) -> None:
    path = files.folder / "acs_2019.csv"
    path.write_bytes(("\ufeff" + "\r\n".join([HEADER, *ROWS.values()]) + "\r\n").encode())
    assert files.read(path).population.sum() == 6000


@pytest.mark.parametrize("jam", [*JAMS, ""])
def test_estimate_that_the_bureau_withholds_counts_as_nobody(files: Files, jam: object) -> None:
    row = f"{TWO},x,2000,110,{jam},12"
    tracts = files.read(files.table(ROWS[ONE], row, ROWS[THREE]))
    assert tracts.estimates["spanish"].to_dict() == {ONE: 200, TWO: 0, THREE: 31}
    assert tracts.margins.at[TWO, "spanish"] == 12
    assert files.codes() == {"no_estimate": 1}
    contains(files.message("no_estimate"), "acs_2019.csv", "C16001_005E", TWO)


@pytest.mark.parametrize("jam", [*JAMS, ""])
def test_margin_that_the_bureau_withholds_is_the_estimate_itself(files: Files, jam: object) -> None:
    rows = [f"{ONE},x,1000,100,200,{jam}", f"{TWO},x,2000,110,3,{jam}", ROWS[THREE]]
    tracts = files.read(files.table(*rows))
    assert tracts.margins["spanish"].to_dict() == {ONE: 200, TWO: 12, THREE: 40}
    assert files.codes() == {"no_margin": 2}
    contains(files.message("no_margin"), "acs_2019.csv", "C16001_005M", ONE)


def test_controlled_estimate_has_no_margin_and_needs_no_notice(files: Files) -> None:
    tracts = files.read(files.table(f"{ONE},x,1000,-555555555,200,50", ROWS[TWO], ROWS[THREE]))
    assert tracts.population_moe[ONE] == 0
    assert not len(files.notices)


def test_jam_values_with_decimals_and_no_estimate_with_no_margin(files: Files) -> None:
    tracts = files.read(files.table(f"{ONE},x,1000,-555555555.0,-666666666.0,-222222222.0"))
    assert (tracts.estimates.at[ONE, "spanish"], tracts.margins.at[ONE, "spanish"]) == (0, 12)
    assert tracts.population_moe[ONE] == 0
    assert files.codes() == {"no_estimate": 1, "no_margin": 1}


@pytest.mark.parametrize("value", ["abc", "1,000", "inf", "nan", "N/A", "-"])
def test_text_in_a_number_column(files: Files, value: str) -> None:
    path = files.table(ROWS[ONE], f'{TWO},x,2000,110,"{value}",12')
    contains(
        refusal(lambda: files.read(path)),
        "acs_2019.csv", "C16001_005E", "row 3", TWO, repr(value), "is no number",
    )  # fmt: skip


@pytest.mark.parametrize("value", ["-1", "-555555554", "-12.5"])
def test_negative_count_that_is_none_of_the_codes(files: Files, value: str) -> None:
    path = files.table(f"{ONE},x,{value},100,200,50")
    contains(
        refusal(lambda: files.read(path)),
        "acs_2019.csv", "C16001_001E", "row 2", ONE, value, "negative", "Census Bureau's codes",
    )  # fmt: skip


def test_negative_margin(files: Files) -> None:
    path = files.table(ROWS[ONE], ROWS[TWO].replace(",110,", ",-110,"))
    contains(refusal(lambda: files.read(path)), "C16001_001M", "row 3", TWO, "negative")


def test_repeated_geoid(files: Files) -> None:
    path = files.table(ROWS[ONE], ROWS[TWO], ROWS[ONE])
    contains(refusal(lambda: files.read(path)), "acs_2019.csv", ONE, "2 rows")


def test_geoid_repeated_over_two_tables(files: Files) -> None:
    first, second = files.table(ROWS[ONE], name="a.csv"), files.table(*ROWS.values(), name="b.csv")
    contains(refusal(lambda: files.read(first, second)), ONE, "2 rows")


@pytest.mark.parametrize("geoid", ["4.1051E+10", "41051", "0500000US41051", "410510001001", "", "Total"])
def test_geoid_that_is_no_tract(files: Files, geoid: str) -> None:
    path = files.table(ROWS[ONE], f"{geoid},x,2000,110,0,12")
    contains(refusal(lambda: files.read(path)), "acs_2019.csv", "row 3", repr(geoid), "11-digit")


def test_table_without_geoid_column(files: Files) -> None:
    path = files.table(header=HEADER.replace("GEOID", "TRACT"))
    contains(refusal(lambda: files.read(path)), "acs_2019.csv", "no GEOID column", "TRACT")


def test_table_without_total(files: Files) -> None:
    path = files.table(f"{ONE},x,4,3", header="GEOID,NAME,C16001_005E,C16001_005M")
    contains(refusal(lambda: files.read(path)), "acs_2019.csv", "C16001_001E")


def test_table_without_margins(files: Files) -> None:
    path = files.table(f"{ONE},x,10,5,4", header="GEOID,NAME,C16001_001E,C16001_001M,C16001_005E")
    contains(refusal(lambda: files.read(path)), "acs_2019.csv", "C16001_005M")


def test_measure_speakers_on_a_table_without_those_lines(files: Files) -> None:
    text = refusal(lambda: files.read(measure="speakers"))
    contains(text, "acs_2019.csv", "measure = 'speakers'", "C16001_003E", 'region.measure = "lep"')


def test_measure_lep_on_a_table_without_those_lines(files: Files) -> None:
    path = files.table(header=HEADER.replace("005", "003"))
    contains(refusal(lambda: files.read(path)), "measure = 'lep'", "C16001_005E", '"speakers"')
    assert files.read(path, measure="speakers").estimates["spanish"].sum() == 231


def test_measure_picks_its_own_line(files: Files) -> None:
    header = "GEOID,C16001_001E,C16001_001M,C16001_003E,C16001_003M,C16001_005E,C16001_005M"
    path = files.table(f"{ONE},1000,9,300,8,100,7", header=header)
    assert files.read(path, measure="speakers").estimates.to_numpy().tolist() == [[300]]
    assert files.read(path, measure="lep").estimates.to_numpy().tolist() == [[100]]


def test_files_that_are_no_table(files: Files) -> None:
    missing = files.folder / "nowhere.csv"
    contains(refusal(lambda: files.read(missing)), "nowhere.csv", "no such file", "region.acs")
    empty = files.folder / "empty.csv"
    empty.write_text("")
    assert refusal(lambda: files.read(empty)).startswith("empty.csv: is empty; get the table again")
    folder = files.folder / "tables"
    folder.mkdir()
    assert refusal(lambda: files.read(folder)) == (
        "tables: is a folder; give the file in it as region.acs in the campaign file."
    )
    latin = files.folder / "latin.csv"
    latin.write_bytes(f"{HEADER}\n{ONE},Doña Ana,1,1,1,1\n".encode("latin-1"))
    assert files.read(latin).names.tolist() == ["Doña Ana"]
    assert files.codes()["not_utf8"] == 1
    page = files.folder / "page.json"
    page.write_text("<html><title>Missing Key</title></html>")
    contains(refusal(lambda: files.read(page)), "page.json", "is a web page")
    contains(refusal(lambda: files.read(files.json({"error": "x"}))), "acs_2019.json", "list of rows")
    ragged = files.json([["GEO_ID", "C16001_001E"], ["1400000US" + ONE, "1", "2"]])
    contains(refusal(lambda: files.read(ragged)), "acs_2019.json", "has more values in row 2")


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_table_with_a_header_and_no_tracts(files: Files, kind: str) -> None:
    path = files.folder / f"acs.{kind}"
    path.write_text(f"{HEADER}\n" if kind == "csv" else json.dumps([HEADER.split(",")]))
    contains(refusal(lambda: files.read(path)), f"acs.{kind}")


# --- boundaries -------------------------------------------------------------------------------


def test_boundaries_in_a_projected_system(files: Files) -> None:
    frame = gpd.GeoDataFrame({"GEOID": [ONE, TWO, THREE]}, geometry=[box(0), box(1), box(2)], crs=4326)
    path = files.folder / "tracts_2269.gpkg"
    frame.to_crs(2269).to_file(path)  # Oregon North, feet
    tracts = files.read(layer=path)
    assert tracts.geometry.crs.to_epsg() == 4326
    assert all(
        shapely.hausdorff_distance(tracts.geometry[g], s) < 1e-7
        for g, s in zip(ROWS, frame.geometry, strict=True)
    )


@pytest.mark.parametrize("column", ["GEOID", "GEOID20", "GEOID10", "GEO_ID", "GEOIDFQ", "AFFGEOID"])
def test_names_of_the_geoid_column(files: Files, column: str) -> None:
    prefix = "1400000US" if column in ("GEO_ID", "GEOIDFQ", "AFFGEOID") else ""
    layer = files.layer(**{column: [prefix + geoid for geoid in ROWS]})
    assert files.read(layer=layer).population.sum() == 6000


def test_geoid_out_of_its_parts(files: Files) -> None:
    layer = files.layer(
        STATEFP=["41", "41", "41"],
        COUNTYFP=["051", "051", "067"],
        TRACTCE=["000100", "000200", "030101"],
    )
    assert files.read(layer=layer).population.sum() == 6000


def test_boundaries_without_coordinate_system(files: Files) -> None:
    path = files.folder / "tracts.shp"
    gpd.GeoDataFrame({"GEOID": [ONE, TWO, THREE]}, geometry=[box(0), box(1), box(2)], crs=4326).to_file(path)
    path.with_suffix(".prj").unlink()
    contains(refusal(lambda: files.read(layer=path)), "tracts.shp", "coordinate system", "EPSG:4326")


def test_boundaries_without_geoid_column(files: Files) -> None:
    contains(
        refusal(lambda: files.read(layer=files.layer(name_=[1, 2, 3]))),
        "tracts_2017.gpkg",
        "GEOID",
        "name_",
    )


def test_repeated_polygon(files: Files) -> None:
    layer = files.layer([box(0), box(1), box(2), box(3)], GEOID=[ONE, TWO, THREE, TWO])
    contains(refusal(lambda: files.read(layer=layer)), "tracts_2017.gpkg", TWO, "2 polygons")


def test_missing_and_unreadable_boundaries(files: Files) -> None:
    contains(refusal(lambda: files.read(layer=files.folder / "no.gpkg")), "no.gpkg", "no such file")
    text = files.folder / "text.gpkg"
    text.write_text("this is no map")
    contains(refusal(lambda: files.read(layer=text)), "text.gpkg", "cannot be read as a map layer")
    contains(
        refusal(lambda: files.read(layer=files.table())), "acs_2019.csv", "cannot be read as a map layer"
    )


def test_boundaries_that_are_points_are_refused(files: Files) -> None:
    layer = files.layer(
        [shapely.Point(-122.7, 45.5), shapely.Point(-122.6, 45.5), shapely.Point(-122.5, 45.5)]
    )
    contains(refusal(lambda: files.read(layer=layer)), "tracts_2017.gpkg", "polygon")


def test_invalid_polygons_are_mended(files: Files) -> None:
    tracts = files.read(layer=files.layer([shrink(BOW_TIE), box(1), box(2)]))
    assert tracts.geometry.is_valid.all()
    assert tracts.geometry.iloc[0].area == pytest.approx(0.5e-4)  # two triangles of a quarter each
    assert files.codes() == {"invalid_polygon": 1}
    contains(files.message("invalid_polygon"), "tracts_2017.gpkg", ONE)


def test_mended_polygon_with_a_dangling_line_is_polygons_only(files: Files) -> None:
    # make_valid gives a collection of a multipolygon and a line; cells are cut from polygons only,
    # so the tract's people would be put out of reach of every stop
    spike = shrink([(0, 0), (1, 1), (2, 1), (1, 1), (1, 0), (0, 1)])
    tracts = files.read(layer=files.layer([spike, box(1), box(2)]))
    assert tracts.geometry.iloc[0].geom_type in ("Polygon", "MultiPolygon")
    assert tracts.geometry.iloc[0].area == pytest.approx(0.5e-4)


# --- joining ----------------------------------------------------------------------------------


def test_more_polygons_than_rows_is_fine(files: Files) -> None:
    tracts = files.read(files.table(ROWS[TWO]))
    assert tracts.geometry.index.tolist() == [TWO]
    assert not len(files.notices)


def test_few_people_without_polygon_are_left_out_and_counted(files: Files) -> None:
    extra = "41051009999,x,300,9,5,4"  # 300 of 6,300 people: 4.8 %
    tracts = files.read(files.table(*ROWS.values(), extra))
    assert tracts.population.index.tolist() == sorted(ROWS)
    assert files.codes() == {"tract_without_polygon": 1}
    contains(
        files.message("tract_without_polygon"),
        "1 of 4 GEOIDs", "acs_2019.csv", "tracts_2017.gpkg", "41051009999", "300 people (4.8%)",
    )  # fmt: skip
    assert files.notices.warnings


def test_just_over_5_percent_without_polygon_is_refused(files: Files) -> None:
    extra = "41051009999,x,320,9,5,4"  # 320 of 6,320 people: 5.06 %
    path = files.table(*ROWS.values(), extra)
    contains(refusal(lambda: files.read(path)), "320 people (5.1%)", "more than 5%")


def test_tract_without_people_and_without_polygon_is_no_warning(files: Files) -> None:
    files.read(files.table(*ROWS.values(), "41051980000,x,0,12,0,12"))
    assert files.codes() == {"tract_without_polygon": 1}
    assert not files.notices.warnings


def test_boundaries_of_another_vintage_are_refused(files: Files) -> None:
    # a table of 2019 (2010 tracts) and boundaries of 2023 (2020 tracts): 2,000 of 6,000 lost
    layer = files.layer(
        [box(0), box(2), box(1)], GEOID=[ONE, THREE, "41051000201"], name="cb_2023_41_tract.gpkg"
    )
    contains(
        refusal(lambda: files.read(layer=layer)),
        "1 of 3 GEOIDs", "acs_2019.csv (looks like 2010 tracts)",
        "cb_2023_41_tract.gpkg (looks like 2020 tracts)", TWO, "2,000 people (33.3%)", "5%",
        "2010 tracts up to ACS 2019, 2020 tracts from ACS 2020",
    )  # fmt: skip


def test_no_tract_matches(files: Files) -> None:
    layer = files.layer([box(0)], GEOID10=["06037101110"], name="other.gpkg")
    contains(
        refusal(lambda: files.read(layer=layer)),
        "3 of 3 GEOIDs",
        "other.gpkg (looks like 2010 tracts)",
        "100.0%",
    )


# --- population points ------------------------------------------------------------------------


def points(
    files: Files, shapes: list[shapely.Geometry], *, crs: object = 4326, **columns: list[Any]
) -> pd.DataFrame:
    tracts = files.read()
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_crs(crs)
    path = files.folder / "points.gpkg"
    frame.to_file(path)
    return read_points(path, tracts, files.notices)


IN_ONE, IN_TWO, IN_THREE = (shapely.Point(-122.695 + i / 100, 45.505) for i in range(3))


@pytest.mark.parametrize(
    "column", ["population", "Population", "POP20", "pop2010", "pop_2020", "POP", "POP10"]
)
def test_names_of_the_population_column(files: Files, column: str) -> None:
    table = points(files, [IN_ONE, IN_TWO, IN_THREE], **{column: [5, 7, 9], "ALAND20": [1, 2, 3]})
    assert table["population"].tolist() == [5, 7, 9]
    assert table["tract"].tolist() == [0, 1, 2]
    assert table["lon"].to_numpy() == pytest.approx([-122.695, -122.685, -122.675])
    assert files.codes() == {"coarse_points": 1}


def test_points_outside_and_without_people_are_left_out(files: Files) -> None:
    outside = shapely.Point(-120, 45.505)
    table = points(files, [outside, IN_THREE, IN_ONE, IN_TWO, IN_ONE], population=[8, 1, 0, 3, 2])
    assert table[["tract", "population"]].to_numpy().tolist() == [[2, 1], [1, 3], [0, 2]]


def test_point_on_a_shared_border_counts_once(files: Files) -> None:
    border = shapely.Point(-122.69, 45.505)
    table = points(files, [border, IN_ONE, IN_TWO, IN_THREE], population=[4, 1, 1, 1])
    assert table["population"].sum() == 7


def test_areas_serve_as_points_wherever_they_are_projected(files: Files) -> None:
    table = points(files, [box(0), box(1).buffer(-0.001), box(2)], crs=2269, POP20=[1, 2, 3])
    assert sorted(table["population"]) == [1, 2, 3]
    assert table.loc[table["population"] == 2, "tract"].tolist() == [1]


def test_tract_with_people_and_no_point_is_reported(files: Files) -> None:
    points(files, [IN_ONE, IN_THREE], population=[1, 1])
    assert files.codes() == {"coarse_points": 1, "tract_without_points": 1}
    contains(files.message("tract_without_points"), "points.gpkg", "Census Tract 2,")


@pytest.mark.parametrize("columns", [{"people": [1, 2]}, {"POP10": [1, 2], "POP20": [1, 2]}])
def test_points_without_one_population_column(files: Files, columns: dict[str, list[int]]) -> None:
    text = refusal(lambda: points(files, [IN_ONE, IN_TWO], **columns))
    contains(text, "points.gpkg", "population", *columns)


@pytest.mark.parametrize(
    ("value", "shown"), [(-3, " -3 "), ("many", "'many'"), (float("nan"), "nan"), (float("inf"), "inf")]
)
def test_population_that_is_no_count(files: Files, value: object, shown: str) -> None:
    people = [5, value] if not isinstance(value, str) else ["5", value]
    text = refusal(lambda: points(files, [IN_ONE, IN_TWO], population=people))
    contains(text, "points.gpkg", "population", "feature 2", shown, "no count of people")
    assert "np." not in text


def test_points_of_another_region(files: Files) -> None:
    far = [shapely.Point(-80, 40), shapely.Point(-80, 41)]
    contains(refusal(lambda: points(files, far, population=[1, 2])), "points.gpkg", "none of its points")


def test_points_file_missing(files: Files) -> None:
    tracts = files.read()
    missing = files.folder / "no.gpkg"
    contains(
        refusal(lambda: read_points(missing, tracts, Notices())),
        "no.gpkg",
        "no such file",
        "population points",
    )


@pytest.mark.parametrize("name", ["pdx_blockgroups2010_pop", "or_wa_bg_centroids_pop2020"])
def test_real_population_points(real_data: Path, name: str) -> None:
    notices = Notices()
    tracts = read_tracts(
        [real_data / "acs/portland_msa_acs5_2019_C16001_lep_tract_wide.csv"],
        real_data / "geo/or_wa_tracts_cb2017_500k.gpkg",
        measure="lep",
        notices=notices,
    )
    path = real_data / f"geo/{name}.gpkg"
    table = read_points(path, tracts, notices)
    # an independent join: the tract that the file itself names
    frame = gpd.read_file(path)
    named = frame["GEOID10"].str[:11] if "GEOID10" in frame else frame["tract2010_GEOID"]
    people = frame["pop2010" if "pop2010" in frame else "pop2020"].astype(float)
    by_name = people.groupby(named.to_numpy()).sum().reindex(tracts.population.index).fillna(0)
    by_place = np.bincount(table["tract"], table["population"], minlength=len(by_name))
    assert by_place.sum() == pytest.approx(by_name.sum(), rel=0.01)
    assert (np.abs(by_place - by_name) <= 0.02 * by_name + 1).mean() > 0.97
