"""Zips and folders made to crash, fill or deceive: one sentence, and nothing is written."""

import os
import random
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import TINY, tiny, write_feed
from hostile import Region

ZEROS = 12_000_000


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def packed(tables: dict[str, bytes], path: Path, **options: int) -> None:
    """Write a zip member by member; names may stand twice."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tables.items():
            archive.writestr(name, content, **options)


def feed_bytes() -> dict[str, bytes]:
    return {f"{name}.txt": "\n".join(table).encode() for name, table in TINY.items()}


def test_the_region_can_be_planned(region: Region) -> None:
    result = region.run("plan", options=("--out", str(region.folder / "plan")))
    assert result.exit_code == 0, result.output
    assert (region.folder / "plan" / "run.json").is_file()


# --- bombs ------------------------------------------------------------------------------------


def test_a_table_that_unpacks_to_a_thousand_times_its_size(region: Region) -> None:
    bomb = "\n".join(TINY["stops"]).encode() + b"\n" + b",,,\n" * (ZEROS // 4)
    region.feed(stops=bomb)
    assert (region.folder / "f.zip").stat().st_size < ZEROS / 300
    said = region.refused()
    assert said.startswith("f.zip: stops.txt unpacks to more than 200 times what it is in the zip")
    assert said.endswith("raise limits.ratio in the campaign file.")
    # nothing but the ratio is wrong with it
    assert "hidden_characters" not in region.notices("limits.ratio=2000")


def test_what_a_feed_may_unpack_to_is_settable(region: Region) -> None:
    region.feed(stop_times=[*TINY["stop_times"], *["x,08:00:00,08:00:00,a,1"] * 100_000])
    said = region.refused("unpacked_mb=1")
    assert said.startswith(
        "f.zip: unpacked it is larger than 1 MB; if that is right, raise limits.unpacked_mb"
    )
    assert region.notices("unpacked_mb=3") is not None


def test_tables_that_are_small_each_and_large_together(region: Region) -> None:
    # a folder says nothing of its sizes beforehand
    folder = region.feed("feed", shapes="shape_id,shape_pt_lat,shape_pt_lon\n" + "s,45.5,-122.6\n" * 40_000,
                         stop_times=[*TINY["stop_times"], *["x,08:00:00,08:00:00,a,1"] * 20_000])  # fmt: skip
    assert max(path.stat().st_size for path in folder.iterdir()) < 700_000
    assert "shapes.txt is larger than" in region.refused("gtfs=feed", "unpacked_mb=0.8")


def test_headers_that_lie_about_the_size(region: Region) -> None:
    # the directory says that stops.txt unpacks to 40 bytes
    region.feed(stops=[*TINY["stops"], *["z,Nowhere,45.5,-122.6"] * 500_000])
    data = bytearray((region.folder / "f.zip").read_bytes())
    with zipfile.ZipFile(region.folder / "f.zip") as archive:
        size = archive.getinfo("stops.txt").file_size
    while (at := data.find(struct.pack("<L", size))) >= 0:
        data[at : at + 4] = struct.pack("<L", 40)
    (region.folder / "f.zip").write_bytes(data)
    assert "stops.txt" in region.refused()


def test_members_that_lie_over_each_other(region: Region) -> None:
    # as in the bombs of Fifield (2019): two directory entries unpack the same bytes
    path = region.folder / "f.zip"
    with zipfile.ZipFile(path, "a") as archive:
        copy = zipfile.ZipInfo("shapes.txt")
        original = archive.getinfo("stops.txt")
        for name in ("header_offset", "compress_type", "compress_size", "file_size", "CRC"):
            setattr(copy, name, getattr(original, name))
        archive.filelist.append(copy)
        archive.NameToInfo[copy.filename] = copy
        archive._didModify = True
    assert "holds files that lie over each other, as only a zip bomb does" in region.refused()


def test_too_many_members(region: Region) -> None:
    packed({**feed_bytes(), **{f"x/{n}.txt": b"" for n in range(60)}}, region.folder / "f.zip")
    said = region.refused("members=50")
    assert said.startswith("f.zip: holds more than 50 files;")
    assert "limits.members" in said
    assert region.notices("members=80") is not None
    write_feed(region.folder / "folder", tiny())
    for n in range(60):
        (region.folder / "folder" / f"{n}.txt").touch()
    assert region.refused("gtfs=folder", "members=50").startswith("folder: holds more than 50 files;")


@pytest.mark.parametrize("zip_64", [False, True])
def test_a_directory_without_end_is_never_read(region: Region, zip_64: bool) -> None:
    # two hundred thousand names take 100 MB as Python objects before anybody can count them
    name = b"n" * 40
    entry = (
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0) + name
    )
    count = 200_000
    directory = entry * count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count % 65536, count % 65536,
                      0xFFFFFFFF if zip_64 else len(directory), 0, 0)  # fmt: skip
    if zip_64:
        record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), 0)
        end = record + struct.pack("<4sLQL", b"PK\x06\x07", 0, len(directory), 1) + end
    (region.folder / "f.zip").write_bytes(directory + end)
    assert "holds more than 1,000 files" in region.refused()


def test_memory_stays_bounded_under_a_bomb(region: Region) -> None:
    # a process of its own, since the most memory that one ever had cannot be taken back
    others = {name: table for name, table in feed_bytes().items() if name != "stops.txt"}
    packed(others, region.folder / "f.zip")
    with (
        zipfile.ZipFile(region.folder / "f.zip", "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("stops.txt", "w") as stops,
    ):
        stops.write(b"stop_id,stop_lat,stop_lon\n")
        for _ in range(400):
            stops.write(b"x" * 1_000_000)
    assert (region.folder / "f.zip").stat().st_size < 500_000
    program = (
        "import resource, sys; from targeting.cli import main\n"
        "import pandas, geopandas, pyarrow.csv, targeting.plan\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: main(['routes', sys.argv[1]])\n"
        "except SystemExit as end: status = end.code\n"
        "print(status, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1000)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(region.folder / "campaign.toml")], capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    status, megabytes = run.stdout.split()
    assert status == "2", run.stderr
    assert "stops.txt has a line of more than 1 MB" in run.stderr
    assert int(megabytes) < 150


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../stops.txt", "a/../../stops.txt", "/etc/stops.txt", "..\\stops.txt", "C:\\stops.txt", "C:stops.txt"],
)
def test_names_that_lead_out_of_the_folder(region: Region, name: str) -> None:
    packed({**feed_bytes(), name: b"x"}, region.folder / "f.zip")
    assert "holds a file whose name leads out of the folder" in region.refused()
    assert not (region.folder.parent / "stops.txt").exists()


def test_backslashes_as_windows_writes_them_are_folders(region: Region) -> None:
    packed({f"feed\\{name}": table for name, table in feed_bytes().items()}, region.folder / "f.zip")
    assert region.notices() is not None


def test_a_link_in_a_zip(region: Region) -> None:
    link = zipfile.ZipInfo("feed_info.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(region.folder / "f.zip", "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "holds a link instead of a file ('feed_info.txt')" in region.refused()


def test_a_link_out_of_a_feed_folder(region: Region) -> None:
    secret = region.folder / "secret.txt"
    secret.write_text("agency_id,agency_name\nA,Secret\n")
    folder = region.feed("feed")
    (folder / "agency.txt").unlink()
    (folder / "agency.txt").symlink_to(secret)
    said = region.refused("gtfs=feed")
    assert said.startswith("feed: agency.txt is a link that leads out of the folder")
    (folder / "agency.txt").unlink()
    (folder / "real").mkdir()
    secret.rename(folder / "real" / "agency.txt")
    (folder / "agency.txt").symlink_to(folder / "real" / "agency.txt")
    assert region.notices("gtfs=feed") is not None  # a link inside it leads nowhere else


def test_pipes_in_a_feed_folder_are_not_waited_for(region: Region) -> None:
    folder = region.feed("feed", agency=None)
    os.mkfifo(folder / "agency.txt")
    assert region.notices("gtfs=feed") is not None


@pytest.mark.parametrize("key", ["gtfs", "acs", "tracts"])
@pytest.mark.parametrize("place", ["/dev/zero", "pipe.gpkg"])
def test_devices_and_pipes_are_no_files(region: Region, key: str, place: str) -> None:
    os.mkfifo(region.folder / "pipe.gpkg")
    assert "is a device or a pipe and no file" in region.refused(f"{key}={place}")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_twice(region: Region) -> None:
    # the first and the last of them are what different programs read
    with zipfile.ZipFile(region.folder / "f.zip", "a") as archive:
        archive.writestr("stops.txt", b"stop_id,stop_lat,stop_lon\na,0,0\n")
    assert "holds 'stops.txt' twice, and nobody can say which" in region.refused()


@pytest.mark.parametrize("form", ["f.zip", "feed"])
def test_two_tables_that_differ_in_case_only(region: Region, form: str) -> None:
    tables = feed_bytes() | {"Stops.TXT": b"stop_id,stop_lat,stop_lon\na,0,0\n"}
    if form == "f.zip":
        packed(tables, region.folder / form)
    else:
        folder = region.feed(form)
        (folder / "Stops.TXT").write_bytes(tables["Stops.TXT"])
    said = region.refused(f"gtfs={form}")
    assert "Stops.TXT" in said
    assert "nobody can say which of them counts" in said


def test_a_zip_in_a_zip_is_not_opened(region: Region) -> None:
    inner = (region.folder / "f.zip").read_bytes()
    packed({"google_transit.zip": inner}, region.folder / "f.zip")
    said = region.refused()
    assert said.startswith("f.zip: holds another zip (google_transit.zip) and no table; unpack it")


def test_a_method_of_packing_that_takes_gigabytes_to_begin(region: Region) -> None:
    with zipfile.ZipFile(region.folder / "f.zip", "w", zipfile.ZIP_LZMA) as archive:
        for name, table in feed_bytes().items():
            archive.writestr(name, table)
    assert "is encrypted or packed in an unknown way" in region.refused()


def test_any_damage_to_a_zip_ends_in_a_sentence_or_a_plan(region: Region) -> None:
    chance = random.Random(5)  # noqa: S311
    whole = (region.folder / "f.zip").read_bytes()
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 4, 30])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (region.folder / "f.zip").write_bytes(data)
        result = region.run("vehicles")
        assert result.exit_code in (0, 2), result.exc_info
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info


# --- map layers in zips -----------------------------------------------------------------------


def test_a_layer_in_a_zip_is_read_and_watched(region: Region) -> None:
    region.layer(region.squares(), "tracts.shp")
    parts = sorted(region.folder.glob("tracts.*"))
    with zipfile.ZipFile(region.folder / "outlines.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            if part.suffix != ".geojson":
                archive.write(part, f"inside/{part.name}")
        archive.writestr("inside/readme.txt", "from the Census Bureau")
    assert region.notices("tracts=outlines.zip") is not None
    with zipfile.ZipFile(region.folder / "outlines.zip", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside/second.geojson", b"{}")
    assert "holds 2 map layers" in region.refused("tracts=outlines.zip")
    packed({"tracts.gpkg": bytes(ZEROS)}, region.folder / "bomb.zip")
    assert "unpacks to more than 200 times" in region.refused("tracts=bomb.zip")
    packed({"../../tracts.gpkg": b"x"}, region.folder / "out.zip")
    assert "leads out of the folder" in region.refused("tracts=out.zip")
