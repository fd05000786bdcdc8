"""Builders that all tests share: small feeds written from text, and the way to the real data."""

import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from census_server import CensusServer, FreshClient

import targeting
from targeting.departures import weekly_departures
from targeting.feed import Feed, read_feeds
from targeting.notices import Notices

ROOT = Path(__file__).parent.parent
PACKAGE = Path(targeting.__file__).parent  # beside the tests, or where it is installed
Table = str | bytes | Sequence[str]

# One street with three stops, one bus there at 8 and one back at 9, Monday to Friday, in the four
# weeks from Monday 2025-01-06 to Sunday 2025-02-02 (the third holds Martin Luther King Day).
TINY: dict[str, Table] = {
    "agency": ["agency_id,agency_name", "A,Tiny Transit"],
    "stops": [
        "stop_id,stop_name,stop_lat,stop_lon",
        "a,East,45.50,-122.60",
        "b,Middle,45.50,-122.61",
        "c,West,45.50,-122.62",
    ],
    "routes": [
        "route_id,agency_id,route_short_name,route_long_name,route_type,route_color",
        "R,A,1,Main,3,00AA00",
    ],
    "trips": [
        "route_id,service_id,trip_id,direction_id,block_id,shape_id",
        "R,wk,out,0,b1,",
        "R,wk,back,1,b1,",
    ],
    "stop_times": [
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
        "out,08:00:00,08:00:00,a,1",
        "out,08:05:00,08:05:00,b,2",
        "out,08:10:00,08:10:00,c,3",
        "back,09:00:00,09:00:00,c,1",
        "back,09:05:00,09:05:00,b,2",
        "back,09:10:00,09:10:00,a,3",
    ],
    "calendar": [
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
        "wk,1,1,1,1,1,0,0,20250106,20250202",
    ],
}


def tiny(**tables: Table | None) -> dict[str, Table]:
    """Return the tables of the tiny feed, some exchanged, added, or (None) left out."""
    changed = TINY | tables
    return {name: table for name, table in changed.items() if table is not None}


def write_feed(
    path: Path,
    tables: Mapping[str, Table],
    folder: str = "",
    *,
    newline: str = "\n",
    encoding: str = "utf-8",
) -> Path:
    """Write a GTFS feed, a zip where `path` ends in .zip and a folder otherwise; return `path`.

    A table is its text, its bytes, or its lines; `folder` is where the tables sit inside the feed.
    """

    def content(table: Table) -> bytes:
        if isinstance(table, bytes):
            return table
        text = table if isinstance(table, str) else "".join(f"{line}\n" for line in table)
        return text.replace("\n", newline).encode(encoding)

    names = {name: f"{folder.strip('/')}/{name}.txt" if folder else f"{name}.txt" for name in tables}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, table in tables.items():
                archive.writestr(names[name], content(table))
    else:
        for name, table in tables.items():
            file = path / names[name]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content(table))
    return path


def read_feed(*paths: Path, **settings: object) -> tuple[Feed, Notices]:
    """Read one feed or several, and return it with its notices; departures alone must be the same."""
    notices = Notices()
    feed = read_feeds(paths, notices=notices, **settings)  # type: ignore[arg-type]
    if len(paths) == 1:
        alone = pd.DataFrame(weekly_departures(paths[0], feed.week.first_day, **_modes(settings)))
        keys = ["route_id", "stop_id"]
        both = feed.departures.groupby(keys)["departures_week"].sum()
        assert alone.set_index(keys)["departures_week"].to_dict() == both.to_dict()
        assert alone[keys].to_numpy().tolist() == [list(key) for key in both.index]
        places = alone.drop_duplicates("stop_id").set_index("stop_id")[["stop_name", "lon", "lat"]]
        assert places.to_dict() == feed.stops.to_dict()
        names = alone.drop_duplicates("route_id").set_index("route_id")["route_name"]
        assert names.to_dict() == feed.routes["route_name"].to_dict()
    return feed, notices


def _modes(settings: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in ("modes", "limits")}


def departures(feed: Feed) -> dict[tuple[str, int, str], float]:
    """Return the weekly departures by route, direction and stop."""
    columns = ["route_id", "direction_id", "stop_id"]
    return feed.departures.set_index(columns)["departures_week"].to_dict()


@pytest.fixture(scope="session", autouse=True)
def _cache_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests out of the user's cache, and what they run too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data, which the project does not ship."""
    folder = Path(os.environ.get("TARGETING_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "gtfs").is_dir():
        pytest.skip(
            f"real data not found at {folder}: set TARGETING_REAL_DATA to the folder that holds "
            "gtfs/, acs/ and geo/"
        )
    return folder


@pytest.fixture
def census(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[CensusServer, FreshClient]]:
    """A server as the Census Bureau's, empty, and a client that asks it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = CensusServer()
    folder = tmp_path / "cache"
    folder.mkdir()
    yield server, FreshClient(server.sources, folder)
    server.close()
