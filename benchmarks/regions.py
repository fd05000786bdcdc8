"""The regions that are measured: the sample, TriMet, Manhattan's buses, and any of them several times over.

    python benchmarks/regions.py feed.zip large.zip 4       writes a feed with every trip four times

Free of large libraries, as `processes` asks.
"""

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared/data"
FEEDS = {
    "TriMet": "gtfs/trimet-2024-12-composite.zip",
    "Manhattan": "gtfs/nyc-mta-bus-manhattan-2026-09.zip",
}
# the Mondays of the weeks that the plans choose
WEEKS = {"sample": "2025-09-08", "TriMet": "2025-02-24", "Manhattan": "2026-09-14"}
BLOCK = 1 << 24  # bytes
PORTLAND_CAMPAIGN = """name = "{name}"
[region]
gtfs = "{feed}"
acs = "{data}/acs/portland_msa_acs5_2019_C16001_lep_tract_wide.csv"
tracts = "{data}/acs/portland_msa_acs5_2019_C16001_lep_tract.gpkg"
points = "{data}/geo/or_wa_bg_centroids_pop2020.gpkg"
[posters]
languages = ["es", "vi", "zh", "ru", "ko", "ar"]
[placement]
buses = 36
[limits]
unpacked_mb = 20000
"""


@dataclass(frozen=True)
class Region:
    """A feed with a campaign.

    Attributes
    ----------
    title : str
    campaign, feed : Path
    week : str
        First day of the design week, ISO.
    """

    title: str
    campaign: Path
    feed: Path
    week: str


def feed_of(title: str, data: Path) -> Path:
    """Return the feed of a region, or the one that it is several times over."""
    name = title.partition(" × ")[0]
    return ROOT / "data/gtfs/sample.zip" if name == "sample" else data.resolve() / FEEDS[name]


def region(title: str, data: Path, folder: Path) -> Region:
    """Return a region, its files written into a folder unless they are there.

    Parameters
    ----------
    title : str
        "sample", "TriMet" or "Manhattan", or one of the last two several times over: "TriMet × 4".
    data : Path
        Folder of the real data.
    folder : Path
    """
    name, _, times = title.partition(" × ")
    feed = feed_of(title, data)
    if name == "sample":
        return Region(title, ROOT / "data/sample.toml", feed, WEEKS[name])
    place = folder / title.replace(" × ", "_")
    place.mkdir(parents=True, exist_ok=True)
    if times:
        large = place / "feed.zip"
        if not large.exists():
            # in a process of its own, since the trips of sixteen feeds are held at once
            unfinished = place / "unfinished.zip"
            subprocess.run([sys.executable, __file__, feed, unfinished, times], check=True)
            unfinished.rename(large)
        feed = large
    if name == "TriMet":
        campaign = place / "campaign.toml"
        campaign.write_text(
            PORTLAND_CAMPAIGN.format(name="Red Means Help", feed=feed, data=data.resolve()), encoding="utf-8"
        )
    else:
        # in a process of its own, since it loads pandas
        script = ROOT / "benchmarks/invented_tracts.py"
        subprocess.run([sys.executable, script, feed, place], check=True, stdout=subprocess.DEVNULL)
        campaign = place / "campaign.toml"
    return Region(title, campaign, feed, WEEKS[name])


def count_rows(feed: Path, table: str) -> int:
    """Return how many rows a table of a feed has."""
    with zipfile.ZipFile(feed) as archive:
        name = next(name for name in archive.namelist() if Path(name).name == f"{table}.txt")
        with archive.open(name) as stream:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b"")) - 1


def repeated(feed: Path, path: Path, times: int) -> Path:
    """Write a feed whose trips run so many times, each time under ids and blocks of their own."""
    with (
        zipfile.ZipFile(feed) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        for member in source.namelist():
            with target.open(member, "w", force_zip64=True) as out:
                if member == "stop_times.txt":
                    for number in range(times):
                        with source.open(member) as stream:
                            _prefix_rows(stream, out, number)
                elif member == "trips.txt":
                    _repeat_trips(source.read(member).decode("utf-8-sig"), out, times)
                else:
                    out.write(source.read(member))
    return path


def _prefix_rows(stream: IO[bytes], out: IO[bytes], number: int) -> None:
    """Write the rows, and before the first ones the header, with a number put before each trip_id.

    Trip ids must stand first and without quotation marks, as they do in these feeds: so a table of millions
    of rows takes a second.
    """
    header = stream.readline()
    if not header.startswith(b"trip_id,"):
        raise ValueError("stop_times.txt does not begin with trip_id")
    if not number:
        out.write(header)
    prefix = f"{number}.".encode()
    rest = b""
    while block := stream.read(BLOCK):
        head, newline, tail = block.rpartition(b"\n")
        if not newline:
            rest += block
            continue
        rows = rest + head
        if rows.startswith(b'"') or b'\n"' in rows:
            raise ValueError("a trip_id of stop_times.txt stands in quotation marks")
        out.write(prefix + rows.replace(b"\n", b"\n" + prefix) + b"\n")
        rest = tail
    if rest:
        out.write(prefix + rest + b"\n")


def _repeat_trips(text: str, out: IO[bytes], times: int) -> None:
    """Write the trips so many times, a number before their ids and blocks."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, rows.fieldnames or [], lineterminator="\n")
    table.writeheader()
    trips = list(rows)
    for number in range(times):
        table.writerows(_numbered(trips, number))
    out.write(written.getvalue().encode())


def _numbered(trips: list[dict[str, str]], number: int) -> Iterator[dict[str, str]]:
    for trip in trips:
        changed = {key: f"{number}.{trip[key]}" for key in ("trip_id", "block_id") if trip.get(key)}
        yield {**trip, **changed}


if __name__ == "__main__":
    repeated(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
