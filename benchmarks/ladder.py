"""Measure `targeting plan` by size of input: the sample, TriMet, Manhattan's buses, and four times those.

    python benchmarks/ladder.py [folder of the real data]

Prints a table for README.md: wall time, processor time and peak memory of the whole process, the least of two
runs (on a shared machine the least is the nearest to the truth). The tracts around Manhattan are invented.
"""

import csv
import io
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from invented_tracts import invent
from plan import measure

from targeting.campaign import read_campaign

ROOT = Path(__file__).parent.parent
MANHATTAN = "gtfs/nyc-mta-bus-manhattan-2026-09.zip"
TIMES = 4
TRIMET = """name = "Red Means Help"
[region]
gtfs = "{data}/gtfs/trimet-2024-12-composite.zip"
acs = "{data}/acs/portland_msa_acs5_2019_C16001_lep_tract_wide.csv"
tracts = "{data}/acs/portland_msa_acs5_2019_C16001_lep_tract.gpkg"
points = "{data}/geo/or_wa_bg_centroids_pop2020.gpkg"
[posters]
languages = ["es", "vi", "zh", "ru", "ko", "ar"]
[placement]
buses = 36
"""


def main(data: Path) -> None:
    """Print one row a region."""
    print("| region | routes in the feed | stop times | tracts | wall s | processor s | peak MB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for title, campaign, feed in _regions(data.resolve(), Path(name)):
            runs = [measure(campaign) for _ in range(2)]
            wall, processor, memory = (min(values) for values in zip(*runs, strict=True))
            routes, calls = _rows(feed, "routes"), _rows(feed, "stop_times")
            print(
                f"| {title} | {routes:,} | {calls:,} | {_tracts(campaign):,} "
                f"| {wall:.1f} | {processor:.1f} | {memory:.0f} |",
                flush=True,
            )


def _regions(data: Path, folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Yield each region's title, campaign file and feed."""
    yield "sample", ROOT / "data/sample.toml", ROOT / "data/gtfs/sample.zip"
    trimet = folder / "trimet.toml"
    trimet.write_text(TRIMET.format(data=data), encoding="utf-8")
    yield "TriMet", trimet, data / "gtfs/trimet-2024-12-composite.zip"
    feed = data / MANHATTAN
    yield "Manhattan", invent([feed], folder / "manhattan"), feed
    large = repeated(feed, folder / "large.zip", TIMES)
    yield f"Manhattan × {TIMES}", invent([large], folder / "large"), large


def repeated(feed: Path, path: Path, times: int) -> Path:
    """Write a feed whose trips run so many times, each time under ids and blocks of their own."""
    with zipfile.ZipFile(feed) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            ours = {"trips.txt": ("trip_id", "block_id"), "stop_times.txt": ("trip_id",)}.get(member, ())
            with source.open(member) as stream, target.open(member, "w", force_zip64=True) as out:
                header = next(csv.reader(io.StringIO(stream.readline().decode("utf-8-sig"))))
                stream.seek(0)
                out.write(stream.readline())
                for number in range(times if ours else 1):
                    stream.seek(0)
                    stream.readline()
                    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
                    _copy(
                        csv.reader(text), out, [header.index(name) for name in ours if name in header], number
                    )
                    text.detach()
    return path


def _copy(rows: Iterator[list[str]], out: io.BufferedIOBase, columns: list[int], number: int) -> None:
    """Write rows, a number put after the ids in some columns."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)  # type: ignore[type-var]
    table = csv.writer(text, lineterminator="\n")
    for row in rows:
        for at in columns:
            if row[at]:
                row[at] = f"{row[at]}.{number}"
        table.writerow(row)
    text.detach()


def _rows(feed: Path, table: str) -> int:
    """Return how many rows a table of a feed has."""
    with zipfile.ZipFile(feed) as archive:
        name = next(name for name in archive.namelist() if Path(name).name == f"{table}.txt")
        with archive.open(name) as stream:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b"")) - 1


def _tracts(campaign: Path) -> int:
    """Return how many tracts a campaign's table has."""
    wanted = read_campaign(campaign)
    tables = [wanted.path(table).read_text(encoding="utf-8-sig") for table in wanted.region.acs]
    return sum(len(text.splitlines()) - 1 for text in tables)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/data")
