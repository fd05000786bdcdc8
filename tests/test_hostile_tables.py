"""Text tables made to crash, fill or deceive: the feed's, the census', venues and garages."""

import gzip
import io
import json
import pickle
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas
import pytest
from conftest import TINY
from hostile import GEOIDS, HEADER, ROWS, Region
from shapely import Point

from targeting import text_files, text_tables
from targeting.errors import UnsafeFileError

LONG = text_files.LONGEST_LINE
STOPS = list(TINY["stops"])
CALLS = list(TINY["stop_times"])
# what a table is called by the setting that names it, and how a refusal of it begins
TABLES = {
    "acs": "\n".join([HEADER, *(f"{geoid},Tract,4000,100,400,40,300,60" for geoid in GEOIDS)]) + "\n",
    "venues.file": "name,lon,lat\nLibrary,-122.60,45.50\nClinic,-122.61,45.50\n",
    "garages": "route,garage\n1,North\n",
    "controls": "GEOID,B16001_029E,B16001_029M\n41,5000,100\n",
    "birthplaces": "GEOID,variable,estimate\n41051000100,Mexico,50\n",
    "pumas": "STATEFP,COUNTYFP,TRACTCE,PUMA5CE\n41,051,000100,01300\n",
}
OTHERS = {
    "venues.file": ("venues.cards=1",),
    "garages": ("unit=garage",),
    "controls": (),
    "birthplaces": ("controls=controls.csv",),
    "pumas": ("controls=controls.csv",),
    "acs": (),
}


@pytest.fixture
def region(tmp_path: Path) -> Region:
    region = Region(tmp_path)
    region.table(TABLES["controls"], "controls.csv")
    return region


def refused(region: Region, setting: str, content: bytes, *more: str) -> str:
    """Return what is said of a table with this content, which a setting names."""
    region.table(content, "odd.csv")
    said = region.refused(f"{setting}=odd.csv", *OTHERS[setting], *more)
    assert "odd.csv" in said
    return said


# --- the same of every table ------------------------------------------------------------------


def zipped(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in (f"first/{'x' * 200}", name):
            archive.writestr(member, b"content")
    return stream.getvalue()


DATABASE = b"SQLite format 3\0" + bytes(52)
NO_TEXT = {
    "a GeoPackage": (DATABASE + b"GPKG" + bytes(99), "save the table as CSV in UTF-8"),
    "a database": (DATABASE + bytes(99), "save the table as CSV in UTF-8"),
    "an Excel workbook": (zipped("xl/workbook.xml"), "save the table as CSV in UTF-8"),
    "an Excel workbook or another Office file": (
        b"\xd0\xcf\x11\xe0" + bytes(99), "save the table as CSV in UTF-8",
    ),
    "a PDF": (b"%PDF-1.7\n" + bytes(9), "save the table as CSV in UTF-8"),
    "a web page": (b"\xef\xbb\xbf\n<!DOCTYPE html><body>Sign in</body></html>\n",
        "get the file itself: the download failed or asked for a sign-in"),
    "a zip file": (zipped("c16001.csv"), "unpack it and give the file inside"),
    "packed": (gzip.compress(b"GEOID,NAME"), "unpack it and give the file inside"),
}  # fmt: skip


@pytest.mark.parametrize("setting", TABLES)
@pytest.mark.parametrize("what", NO_TEXT)
def test_what_is_no_table_is_called_what_it_is(region: Region, setting: str, what: str) -> None:
    content, advice = NO_TEXT[what]
    said = refused(region, setting, content)
    wanted = "region.acs wants the CSV of table C16001: " if setting == "acs" else ""
    assert f"is {what}; {wanted}{advice}." in said
    assert "NUL" not in said


def test_a_geopackage_that_gdal_wrote(region: Region) -> None:
    tracts = geopandas.GeoDataFrame({"GEOID": [GEOIDS[0]]}, geometry=[Point(0, 0)], crs=4326)
    tracts.to_file(region.folder / "tracts.gpkg")
    assert region.refused("acs=tracts.gpkg") == (
        "tracts.gpkg: is a GeoPackage; region.acs wants the CSV of table C16001: save the table as CSV in "
        "UTF-8."
    )


def test_a_table_is_no_map_layer(region: Region) -> None:
    region.table("\n".join([HEADER, *ROWS]), "c16001.csv")
    assert region.refused("tracts=c16001.csv") == (
        "c16001.csv: cannot be read as a map layer: it is a table, which has no shapes; give the file with "
        "the tract boundaries, as a GeoPackage, a shapefile or GeoJSON."
    )


@pytest.mark.parametrize("setting", TABLES)
def test_nul_bytes(region: Region, setting: str) -> None:
    content = TABLES[setting].encode() + bytes(512)  # as a disk that was full leaves them
    assert "holds NUL bytes" in refused(region, setting, content)


@pytest.mark.parametrize("setting", TABLES)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_utf_16(region: Region, setting: str, encoding: str) -> None:
    said = refused(region, setting, TABLES[setting].encode(encoding))
    assert "UTF-16" in said
    assert "save it as CSV in UTF-8" in said


@pytest.mark.parametrize("setting", TABLES)
def test_a_line_without_end(region: Region, setting: str) -> None:
    content = TABLES[setting].encode() + b"x" * (LONG + 100)
    assert "has a line of more than 1 MB" in refused(region, setting, content)


@pytest.mark.parametrize("setting", TABLES)
def test_a_table_beyond_the_limit(region: Region, setting: str) -> None:
    content = TABLES[setting].encode() + b"\n" * 20_000
    said = refused(region, setting, content, "file_mb=0.01")
    assert "is larger than 0.01 MB; if that is right, raise limits.file_mb" in said


@pytest.mark.parametrize("setting", TABLES)
def test_a_quotation_mark_that_swallows_rows(region: Region, setting: str) -> None:
    # the second one ends it far below: by itself each row is sound, and thousands are gone
    rows = TABLES[setting].splitlines()
    swallowed = [rows[0], '"' + rows[1], *rows[1:] * 2000, rows[-1] + '"', *rows[1:]]
    said = refused(region, setting, "\n".join(swallowed).encode())
    assert "has a quotation mark that is not closed where its value ends (line 2)" in said


@pytest.mark.parametrize("setting", TABLES)
def test_a_quotation_mark_that_is_never_closed(region: Region, setting: str) -> None:
    rows = TABLES[setting].splitlines()
    refused(region, setting, "\n".join([rows[0], '"' + rows[1], *rows[1:] * 100]).encode())


@pytest.mark.parametrize("setting", ["acs", "controls", "venues.file", "birthplaces"])
def test_ten_thousand_columns(region: Region, setting: str) -> None:
    rows = TABLES[setting].splitlines()
    wide = [",".join([row, *("c" * 9 + str(n) for n in range(10_000))]) for row in rows]
    assert "columns, more than the 2,000 that any table has" in refused(
        region, setting, "\n".join(wide).encode()
    )


@pytest.mark.parametrize("setting", TABLES)
def test_what_is_packed_is_not_unpacked(region: Region, setting: str) -> None:
    feed = (region.folder / "f.zip").read_bytes()
    for content, what in ((feed, "a zip file"), (b"\x1f\x8b\x08" + bytes(100), "packed")):
        said = refused(region, setting, content)
        assert f"is {what}; " in said
        assert said.endswith("unpack it and give the file inside.")


class Trap:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("trapped"),)  # type: ignore[return-value]


@pytest.mark.parametrize("setting", [*TABLES, "tracts", "points", "water", "gtfs"])
@pytest.mark.parametrize("suffix", ["csv", "pkl", "json", "gpkg"])
def test_pickles_are_never_loaded(
    region: Region, setting: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(region.folder)
    region.table(pickle.dumps(Trap()), f"odd.{suffix}")
    assert "odd" in region.refused(f"{setting}=odd.{suffix}", *OTHERS.get(setting, ()))
    assert not (region.folder / "trapped").exists()


@pytest.mark.parametrize("setting", TABLES)
def test_random_bytes(region: Region, setting: str) -> None:
    chance = random.Random(3)  # noqa: S311
    for _ in range(5):
        start = TABLES[setting].encode()[: chance.choice([0, 20, 1000])]
        refused(region, setting, start + b'"' + chance.randbytes(3000).replace(b"\0", b"\n"))


def test_latin_1_is_read_with_a_warning(region: Region) -> None:
    region.table("\n".join([HEADER, *ROWS]).replace("Multnomah", "Doña Ana").encode("latin-1"))
    notice = region.notices()["not_utf8"]
    assert (notice["severity"], notice["file"]) == ("warning", "acs.csv")
    assert notice["message"] == "acs.csv: is not UTF-8; it was read as Latin-1."
    hotspots = region.run("hotspots", options=("--json",))
    assert "Doña Ana County" in hotspots.stdout
    region.table("\n".join([HEADER, *ROWS]))
    region.table("name,lon,lat\nCafé,-122.60,45.50\n".encode("latin-1"), "venues.csv")
    assert region.notices("venues.file=venues.csv", "venues.cards=1")["not_utf8"]["file"] == "venues.csv"
    region.table("route,garage\n1,Café\n".encode("latin-1"), "garages.csv")
    assert region.notices("garages=garages.csv", "unit=garage")["not_utf8"]["file"] == "garages.csv"


def test_a_line_of_a_gigabyte_is_refused_after_its_first_million_bytes() -> None:
    class Endless:
        """A line that never ends; it counts what is read of it."""

        read_bytes = 0

        def read(self, size: int) -> bytes:
            self.read_bytes += size
            return b"x" * size

    endless = Endless()
    watched = text_files.Watched(endless, 10**12, "limits.file_mb")  # type: ignore[arg-type]
    with pytest.raises(text_files.UnsafeFileError, match="a line of more than 1 MB"):
        watched.read()
    assert endless.read_bytes <= 2 * text_files.CHUNK


@pytest.mark.parametrize("chunk", [1, 7, 1000, 10**7])
@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_are_counted_and_measured_however_they_come(
    chunk: int, end: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(text_files, "LONGEST_LINE", 50)
    monkeypatch.setattr(text_files, "CHUNK", chunk)
    path = tmp_path / "x.csv"
    path.write_bytes(end.join([b"x" * 49] * 40))
    assert text_files.examine_text(path, 10**6).lines == 40
    path.write_bytes(end.join([b"x" * 49] * 20 + [b"y" * 51] + [b"x" * 49] * 20))
    with pytest.raises(text_files.UnsafeFileError, match="has a line"):
        text_files.examine_text(path, 10**6)


# --- census counts and JSON -------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    ["nan", "NaN", "inf", "-inf", "Infinity", "1e308", "1e11", "1e-400x", "1e-300", "-1", "0x10", "١٢x"],
)
def test_counts_that_count_nobody(region: Region, value: str) -> None:
    region.table("\n".join([HEADER, *ROWS]).replace(",400,40,", f",{value},40,"))
    said = region.refused()
    assert said.startswith("acs.csv: column C16001_005E, row 2 (tract 41051000100): ")
    assert f"'{value}'" in said
    region.table(f"GEOID,B16001_029E,B16001_029M\n41,{value},100\n", "controls.csv")
    region.table("\n".join([HEADER, *ROWS]))
    assert "column B16001_029E, row 2" in region.refused("controls=controls.csv")


def test_a_number_too_small_to_be_one_is_zero(region: Region) -> None:
    region.table("\n".join([HEADER, *ROWS]).replace(",400,40,", ",1e-400,40,"))
    assert region.notices() is not None


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '[["GEO_ID"],' + "[" * 100_000 + "]" * 100_000 + "]",
        '[[{"a": 1}, ["GEO_ID"]], [1, 2]]',
        '[["GEO_ID", "C16001_001E"], ["41051000100"]]',
        '[["GEO_ID"], [' + "9" * 5000 + "]]",
        '{"a": NaN}',
        "[[], []]",
        "[[]]",
        "[[null], [null]]",
        '[["\\ud800"], ["\\ud800"]]',
        '[["GEO_ID", "C16001_001E", "C16001_001M", "C16001_005E", "C16001_005M"],'
        '["1400000US41051000100", Infinity, 1, 1, 1]]',
        '[["GEO_ID", "C16001_001E", "C16001_001M", "C16001_005E", "C16001_005M"],'
        '["1400000US41051000100", {"a": 1}, 1, 1, 1]]',
    ],
)
def test_json_that_is_no_table(region: Region, content: str) -> None:
    region.table(content, "acs.json")
    assert region.refused("acs=acs.json").startswith("acs.json: ")


def test_half_a_character_in_json_is_shown_as_unknown(region: Region) -> None:
    rows = [HEADER.split(","), *([geoid, "Tract \ud83d", 4000, 100, 400, 40, 300, 60] for geoid in GEOIDS)]
    region.table(json.dumps(rows), "acs.json")
    hotspots = region.run("hotspots", "acs=acs.json", options=("--json",))
    assert "Tract �" in hotspots.stdout


def test_rows_with_more_values_than_names_are_not_shifted(region: Region) -> None:
    region.table("\n".join([HEADER, *(f"{row},1" for row in ROWS)]))
    assert "has more values in row 2 than names in its first line" in region.refused()


def test_rows_that_end_early_are_not_shifted(region: Region) -> None:
    """Whether the first or the last value is missing, the counts may stand under other names."""
    short = ROWS[1].replace(",4000", "", 1)
    said = "has fewer values in row 3 (7) than names in its first line (8)"
    region.table("\n".join([HEADER, ROWS[0], short, ROWS[2]]))
    assert said in region.refused()
    cells = [
        [each.strip('"') for each in re.split(r",(?! )", row)] for row in (HEADER, ROWS[0], short, ROWS[2])
    ]
    region.table(json.dumps(cells), "acs.json")
    assert said in region.refused("acs=acs.json")
    region.table("\n".join([HEADER, *ROWS]))
    region.table("name,lon,lat,kind\nLibrary,-122.60,45.50\n\n", "venues.csv")  # as people write them
    assert region.notices("venues.file=venues.csv", "venues.cards=1") is not None


def test_a_name_that_swallows_a_tract(region: Region) -> None:
    """Its rows are as wide as the others: only the ends of lines in its name tell."""
    rows = [row.replace('"', "") for row in ROWS]
    rows = [re.sub(r"(Tract \d).*?,(?=\d)", r"\1,", row) for row in rows]
    opened = rows[0].replace("Census", '"Census')
    closed = rows[2].replace("Tract 3", 'Tract 3"')
    region.table("\n".join([HEADER, opened, rows[1], closed, "41051000400,Census Tract 4,9,9,0,12,0,12"]))
    assert "has a quotation mark that is not closed where its value ends (line 2)" in region.refused()


def test_more_people_in_the_languages_than_people(region: Region) -> None:
    table = "\n".join([HEADER, *ROWS])
    region.table(table.replace(",4000,100,800,", ",1099,100,800,"))
    assert region.refused() == (
        "acs.csv: tract 41051000200 has 1,100 people in its languages together and 1,099 in all "
        "(C16001_001E, of 5 years and over); its columns may be shifted: get the table again."
    )
    region.table(table.replace(",4000,100,800,", ",1100,100,800,"))
    assert region.notices() is not None


# --- memory -----------------------------------------------------------------------------------

PEAK = (
    "import resource, sys; from targeting.cli import main\n"
    "import pandas, geopandas, pyarrow.csv, targeting.plan\n"
    "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
    "try: main(['routes', *sys.argv[1:]])\n"
    "except SystemExit as end: status = end.code\n"
    "print(status, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1000)\n"
)


def refused_in_memory(region: Region, *settings: str) -> tuple[str, int]:
    """Return what is said of a campaign that is refused, and the megabytes that this took."""
    words = [word for setting in settings for word in ("--set", setting)]
    run = subprocess.run(
        [sys.executable, "-c", PEAK, region.folder / "campaign.toml", *words], capture_output=True, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    status, megabytes = run.stdout.split()
    assert status == "2", run.stderr
    return run.stderr, int(megabytes)


WIDE = ["name", "lon", "lat", *(f"c{number}" for number in range(1900))]


def test_a_few_bytes_do_not_make_a_gigabyte_of_cells(region: Region) -> None:
    """Half a megabyte that would be 190 million blank cells, as a table and as a map layer."""
    region.table("\n".join([",".join(WIDE), *["a,1,1"] * 100_000]), "venues.csv")
    said, megabytes = refused_in_memory(region, "venues.file=venues.csv", "venues.cards=1")
    assert "venues.csv: has more than 3,000,000 cells (rows times columns)" in said
    assert megabytes < 200
    first = {"type": "Feature", "properties": dict.fromkeys(WIDE, "x"), "geometry": None}
    point = '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[-122,45]}}'
    collection = ",".join([json.dumps(first), *[point] * 20_000])
    region.table(f'{{"type":"FeatureCollection","features":[{collection}]}}', "odd.geojson")
    said, megabytes = refused_in_memory(region, "tracts=odd.geojson")
    assert "odd.geojson: has more than 7,000,000 cells (rows times columns)" in said
    assert megabytes < 500


def test_a_table_that_people_write_has_no_millions_of_cells(region: Region) -> None:
    region.table("route,garage\n" + ("1," * 400_000 + "\n") * 8, "garages.csv")
    said = region.refused("garages=garages.csv", "unit=garage")
    assert said.startswith("placement.garages: garages.csv: has more than 3,000,000 cells")


def test_json_takes_no_more_memory_than_its_text(region: Region) -> None:
    """As Python's objects, its three million numbers would be 280 MB."""
    names = ["GEO_ID", *(f"C{number}" for number in range(149))]
    row = json.dumps(["1400000US41051000100", *map(str, range(1000, 1149))])
    region.table("[" + ",\n".join([json.dumps(names), *[row] * 20_000]) + "]", "acs.json")
    said, megabytes = refused_in_memory(region, "acs=acs.json")
    assert "lacks column C16001_001E" in said
    assert megabytes < 170


@pytest.mark.parametrize("piece", [1, 2, 7, 64, 10**6])
def test_json_is_read_the_same_in_pieces_of_any_size(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tables, "CHUNK", piece)
    text = ' [ ["a", "b"] ,\r\n["1,]", null],[2.5, "\\"\\u00e9"] ,["",true]\n]\n '
    table = text_tables.table_of(text_tables.json_rows(io.StringIO(text)))
    assert table.to_dict("list") == {"a": ["1,]", "2.5", ""], "b": ["", '"é', "True"]}
    for odd in (
        '[["a"],["b"]',
        '[["a"]]x',
        '[["a"],]',
        '[["a"] ["b"]]',
        '[["a"],5]',
        '{"a": 1}',
        "[]",
        "[1]",
        "",
    ):
        with pytest.raises(UnsafeFileError, match="is not the Census API's JSON"):
            text_tables.table_of(text_tables.json_rows(io.StringIO(odd)))


# --- the feed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["stops", "routes", "trips", "stop_times", "calendar", "agency"])
def test_any_table_of_the_feed(region: Region, table: str) -> None:
    whole = "\n".join(TINY[table]).encode()
    for content, said in (
        (whole + b"\n" + bytes(100), "holds NUL bytes"),
        (
            "\n".join(TINY[table]).encode("utf-16"),
            "holds NUL bytes, which no text has: it is damaged, or saved",
        ),
        (whole + b"\n" + b"x" * (LONG + 10), "has a line of more than 1 MB"),
        (b"c" * 70_000 + b"\n", "has a first line of more than 64 kB"),
        (b",".join([whole.splitlines()[0], b"," * 10_000]) + b"\n", "has 10,0"),
    ):
        region.feed(**{table: content})
        assert f"f.zip: {table}.txt {said}" in region.refused()


def test_quotes_that_swallow_stop_times(region: Region) -> None:
    # a lost quotation mark ate 100,000 calls in silence, to the end of what was read at once
    for mark in ("", '"'):
        odd = [*CALLS, 'x,08:00:00,08:00:00,"a,1', *["x,08:00:00,08:00:00,a,1"] * 3000]
        odd += [f"x,08:00:00,08:00:00,a{mark},1", *CALLS[1:]]
        region.feed(stop_times=odd)
        assert "stop_times.txt has a quotation mark that is not closed" in region.refused()
    # three rows are as bad as three thousand where no value has lines
    region.feed(stop_times=[*CALLS, 'x,08:00:00,08:00:00,"a,1', "y,,,b,1", 'z,,,b",1'])
    assert f"(line {len(CALLS) + 1})" in region.refused()


@pytest.mark.parametrize("table", ["stops", "routes", "trips"])
def test_quotes_that_swallow_other_tables(region: Region, table: str) -> None:
    first, *rows = TINY[table]
    region.feed(
        **{table: [first, '"' + rows[0], *[f"x{n}{rows[0]}" for n in range(100)], rows[0] + '"', *rows]}
    )
    assert f"f.zip: {table}.txt has a quotation mark that is not closed" in region.refused()


def test_names_of_several_lines_are_no_fault(region: Region) -> None:
    region.feed(stops=[STOPS[0], STOPS[1].replace("East", '"East\nof\n\nthe 5"" pipe"'), *STOPS[2:]])
    notice = region.notices()["hidden_characters"]
    assert (notice["severity"], notice["count"]) == ("info", 1)


def test_inch_marks_are_no_quotation_marks(region: Region) -> None:
    region.feed(stops=[STOPS[0], *(line.replace(",East", ',5" pipe') for line in STOPS[1:])])
    assert region.notices() is not None


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", "1e308", "-1e308", "1e999", "91", "x", "1e-400", "", "0x1p4", "4" * 5000]
)
def test_coordinates_that_are_none(region: Region, value: str) -> None:
    # one stop of three has a third of the departures, more than may be lost
    region.feed(stops=[STOPS[0], STOPS[1].replace("45.50", value).replace("-122.60", value), *STOPS[2:]])
    said = region.refused()
    assert "4 of 12" in said or "10 of 30" in said, said
    assert "at stops without a usable place" in said


@pytest.mark.parametrize("value", ["nan", "-1", "9" * 400, "1e308", "inf"])
def test_numbers_of_the_feed_that_are_none(region: Region, value: str) -> None:
    calls = [CALLS[0] + ",pickup_type", *(f"{line},{value}" for line in CALLS[1:])]
    region.feed(
        stop_times=calls,
        trips=[TINY["trips"][0], *(line.replace(",0,b1", f",{value},b1") for line in TINY["trips"][1:])],
        frequencies=["trip_id,start_time,end_time,headway_secs", f"out,06:00:00,07:00:00,{value}"],
        shapes=["shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence", f"s,{value},{value},{value}"],
        feed_info=["feed_start_date,feed_end_date", f"{value},{value}"],
        calendar_dates=["service_id,date,exception_type", f"wk,{value},{value}"],
    )
    assert region.run("plan", options=("--out", str(region.folder / "plan"))).exit_code == 0


def test_headways_of_a_second_on_many_rows(region: Region) -> None:
    rows = [f"out,{hour:02}:00:00,{hour + 100}:00:00,1" for hour in range(60)]
    region.feed(frequencies=["trip_id,start_time,end_time,headway_secs", *rows])
    assert "frequencies.txt makes 21,600,000 trips a day of its headways" in region.refused()


def test_a_calendar_of_services_for_a_hundred_years_fits_the_memory(region: Region) -> None:
    # services times days, all at once, would be gigabytes
    from targeting import service_calendar

    few = region.run("routes", options=("--json",)).stdout
    service_calendar.SERVICES_AT_ONCE, before = 1, service_calendar.SERVICES_AT_ONCE
    try:
        assert region.run("routes", options=("--json",)).stdout == few
    finally:
        service_calendar.SERVICES_AT_ONCE = before
