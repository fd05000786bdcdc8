"""Invented census tracts, for feeds that have no table at hand: rectangles and figures, of no real place.

    python benchmarks/invented_tracts.py feed.zip folder     tracts around a feed's stops, and a campaign

Everything is worked out from the feed and a fixed seed, so that the same feed always gets the same tracts.
"""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from targeting.feed_files import open_feed
from targeting.notices import Notices

Box = tuple[float, float, float, float]  # west, south, east, north, degrees

# lines of C16001: people of 5 and over who speak English less than "very well"
LEP_LINES = {"spanish": "005", "slavic": "014", "korean": "020", "chinese": "023", "vietnamese": "026",
             "arabic": "035"}  # fmt: skip
CAMPAIGN = """name = "{name}"
[region]
gtfs = {feeds}
acs = "c16001.csv"
tracts = "tracts.geojson"
[posters]
languages = ["es", "vi", "zh", "ru", "ko", "ar"]
[placement]
buses = 36
"""


def write_outlines(path: Path, boxes: Mapping[str, Box]) -> None:
    """Write rectangles as tract outlines, by GEOID."""
    features = []
    for geoid, (west, south, east, north) in boxes.items():
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"GEOID": geoid}, "geometry": shape})
    content = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(content), encoding="utf-8")


def grid(area: Box, columns: int, rows: int) -> dict[str, Box]:
    """Return the boxes of a grid over an area, by invented GEOIDs (there is no state 99)."""
    west, south, east, north = area
    lons, lats = np.linspace(west, east, columns + 1), np.linspace(south, north, rows + 1)
    return {
        f"99001{row * columns + column + 1:06d}": (
            float(lons[column]), float(lats[row]), float(lons[column + 1]), float(lats[row + 1]),
        )
        for row in range(rows)
        for column in range(columns)
    }  # fmt: skip


def write_table(path: Path, lines: Sequence[str], figures: Mapping[str, Sequence[object]]) -> None:
    """Write table C16001: by GEOID an estimate and a margin for each of the lines."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["GEOID", *(f"C16001_{line}{kind}" for line in lines for kind in "EM")])
        table.writerows([geoid, *row] for geoid, row in figures.items())


def invent(feeds: Sequence[Path], folder: Path, tracts: int = 400) -> Path:
    """Write about so many tracts around the stops of feeds, and a campaign; return the campaign's file."""
    lon, lat = (np.concatenate(axis) for axis in zip(*map(_stops, feeds), strict=True))
    area = (lon.min() - 0.005, lat.min() - 0.005, lon.max() + 0.005, lat.max() + 0.005)
    side = max(1, round(tracts**0.5))
    boxes = grid(tuple(map(float, area)), side, side)  # type: ignore[arg-type]
    drawn = np.random.default_rng(2017)
    figures = {}
    for geoid in boxes:
        people = int(drawn.integers(1500, 8000))
        row = [people, int(drawn.integers(100, 500))]
        for share in (0.10, 0.01, 0.008, 0.03, 0.01, 0.005):
            lep = int(people * min(drawn.gamma(0.6, share / 0.6), 0.15))
            row += [lep, int(max(12, 3 * lep**0.6))]
        figures[geoid] = row
    folder.mkdir(parents=True, exist_ok=True)
    write_outlines(folder / "tracts.geojson", boxes)
    write_table(folder / "c16001.csv", ["001", *LEP_LINES.values()], figures)
    campaign = folder / "campaign.toml"
    names = json.dumps([str(feed.resolve()) for feed in feeds])
    campaign.write_text(CAMPAIGN.format(name=folder.name, feeds=names), encoding="utf-8")
    return campaign


def _stops(feed: Path) -> tuple["pd.Series[float]", "pd.Series[float]"]:
    """Return where a feed's stops are, but for the few that lie far off."""
    columns = open_feed(feed, Notices()).columns("stops", ["stop_lon", "stop_lat"])
    lon, lat = (pd.to_numeric(pd.Series(columns[name].texts()), errors="coerce") for name in columns)
    sound = lon.between(*lon.quantile([0.005, 0.995])) & lat.between(*lat.quantile([0.005, 0.995]))
    return lon[sound], lat[sound]


if __name__ == "__main__":
    print(invent([Path(sys.argv[1])], Path(sys.argv[2])))
