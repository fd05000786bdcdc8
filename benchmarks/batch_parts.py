"""Measure what grows with a nation in `targeting batch`: adding up, the summary, shared tracts, blocks.

    python benchmarks/batch_parts.py BATCH REGION OTHER

BATCH is a folder that `targeting batch` wrote, REGION a large region in it (TriMet), OTHER one that shares
its tracts. A nation is made of it: 1,000 regions of 85 of its tracts each, under other numbers. Prints the
table of docs/scale.md: processor seconds, and the peak memory of this process so far or of the worker.
"""

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.batch_list import Region
from targeting.batch_national import national_rows
from targeting.batch_region import Outcome, plan_region, read_record
from targeting.batch_union import Group, Planned, planned, union_of
from targeting.campaign import read_campaign
from targeting.write.batch_summary import write_summary

REGIONS, TRACTS = 1000, 85
BLOCKS_A_TRACT = 94  # 8 million in 85,000 tracts


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print a row: processor seconds, and the peak memory of the process so far."""
    began = time.process_time()
    yield
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {what} | {took:.1f} | {peak:.0f} |", flush=True)


def nation(region: Planned, folder: Path) -> list[Planned]:
    """Write the tables of 1,000 regions of other tracts."""
    tables = {path.stem: pd.read_parquet(path) for path in region.folder.glob("*.parquet")}
    kept = tables["tracts"]["geoid"].iloc[:TRACTS]
    made = []
    for number in range(REGIONS):
        place = folder / f"region-{number}"
        place.mkdir()
        for name, table in tables.items():
            if "geoid" in table:
                table = table[table["geoid"].isin(kept)]
                table = table.assign(geoid=f"{number + 10000}" + table["geoid"].str[5:])
            table.to_parquet(place / f"{name}.parquet", index=False)
        made.append(Planned(place.name, replace(region.record, tracts=TRACTS), place))
    return made


def blocks(campaign: Path, path: Path) -> None:
    """Write so many population points a tract as census blocks would be, at random in each."""
    outlines = gpd.read_file(read_campaign(campaign).path(read_campaign(campaign).region.tracts)).to_crs(4326)
    drawn = np.random.default_rng(2017)
    found = []
    for shape in outlines.geometry:
        west, south, east, north = shape.bounds
        inside = np.empty(0, object)
        while len(inside) < BLOCKS_A_TRACT:
            some = shapely.points(drawn.uniform(west, east, 500), drawn.uniform(south, north, 500))
            inside = np.concatenate([inside, some[shapely.contains(shape, some)]])
        found.append(inside[:BLOCKS_A_TRACT])
    points = np.concatenate(found)
    people = drawn.integers(0, 120, len(points))
    gpd.GeoDataFrame({"population": people}, geometry=points, crs=4326).to_file(path)


def main() -> None:
    """Print one row a part."""
    batch, names = Path(sys.argv[1]).resolve(), sys.argv[2:4]
    records = [read_record(name, batch) for name in names]
    one, other = (planned(name, record, batch) for name, record in zip(names, records, strict=True))  # type: ignore[arg-type]
    print("| part | processor s | peak MB of the process |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        regions = nation(one, folder)
        with measured(f"national.csv of {REGIONS:,} regions, {REGIONS * TRACTS:,} tracts"):
            national = national_rows(regions)
        listed = [Region(each.name, folder) for each in regions]
        outcomes = {each.name: Outcome(each.name, "planned", record=each.record) for each in regions}
        with measured(f"summary of {REGIONS:,} regions, written once"):
            write_summary(folder, listed, outcomes, national=national)
        size = (folder / "summary.html").stat().st_size / 1e6
        print(f"| (summary.html: {size:.1f} MB) | | |")
        geoids = set(pd.read_parquet(one.folder / "tracts.parquet")["geoid"])
        geoids &= set(pd.read_parquet(other.folder / "tracts.parquet")["geoid"])
        with measured(f"{len(geoids)} tracts shared by {one.name} and {other.name}"):
            union_of(Group((one, other), tuple(sorted(geoids))))
        campaign = Path(one.record.file)
        blocks(campaign, folder / "blocks.gpkg")
        settings = (f"buses={one.record.buses_asked}",)
        for what, points in (("as it is", ()), ("on blocks", (f"points={folder / 'blocks.gpkg'}",))):
            for _ in range(2):
                shutil.rmtree(folder / ".batch", ignore_errors=True)
                found = plan_region(Region("plan", campaign, (*settings, *points)), folder)
            assert found.record is not None, found.error
            took, memory = found.record.processor_seconds, found.record.memory_mb
            print(f"| {one.name} planned {what} | {took:.1f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
