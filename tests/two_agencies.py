"""Two agencies that share a census tract, small enough to be counted by hand.

One street runs from west to east along 45.5° N. The tract S in its middle stands in the tables of both
agencies; W is the western agency's alone, E the eastern one's. People live at few points:

    W: -122.80 (half of them, at a stop of the western agency), -122.75 (half, near nothing)
    S: -122.62 (0.1, western), -122.60 (0.2, both), -122.58 (0.3, eastern), -122.54 (0.4, near nothing)
    E: -122.45 (all, near nothing)
"""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from conftest import tiny, write_feed

LAT = 45.5
W, S, E = "41051000100", "41051000200", "41051000300"
BOXES = {W: (-122.90, -122.70), S: (-122.70, -122.50), E: (-122.50, -122.40)}
POINTS = {
    W: {-122.80: 50, -122.75: 50},
    S: {-122.62: 100, -122.60: 200, -122.58: 300, -122.54: 400},
    E: {-122.45: 70},
}
# people of 5 and over, LEP Spanish, LEP Vietnamese, each with its margin
FIGURES = {
    W: (4000, 300, 400, 60, 200, 50),
    S: (9000, 500, 1000, 100, 500, 80),
    E: (2000, 200, 100, 30, 300, 70),
}
SURE = "[certainty]\nmin_served = 0\nenough_at = 0\nredraws = 0\n"


def write_region(
    folder: Path,
    tracts: Mapping[str, Sequence[int]],
    routes: Mapping[str, Sequence[float]],
    pinned: Mapping[str, str],
    languages: Sequence[str],
    *,
    region: str = "",
) -> Path:
    """Write a region's files and campaign; return its campaign file.

    Parameters
    ----------
    tracts : mapping of GEOID to figures
    routes : mapping of route to the longitudes of its stops
        A bus a route goes round its stops every weekday, once.
    pinned : mapping of route to language
        What its bus carries.
    region : str
        More lines of the section [region].
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = sorted({lon for lons in routes.values() for lon in lons})
    trips, times = [], []
    for number, (route, lons) in enumerate(routes.items()):
        trips.append(f"{route},wk,t{route},0,b{number},")
        # round and back to where it began, so that it can be boarded at every stop
        for sequence, lon in enumerate([*lons, lons[0]]):
            clock = f"08:{sequence * 5:02d}:00"
            times.append(f"t{route},{clock},{clock},{places.index(lon)},{sequence}")
    write_feed(
        folder / "feed.zip",
        tiny(
            stops=["stop_id,stop_name,stop_lat,stop_lon"]
            + [f"{number},Stop {number},{LAT},{lon}" for number, lon in enumerate(places)],
            routes=["route_id,agency_id,route_short_name,route_long_name,route_type"]
            + [f"{route},A,{route},,3" for route in routes],
            trips=["route_id,service_id,trip_id,direction_id,block_id,shape_id", *trips],
            stop_times=["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times],
        ),
    )
    with (folder / "c16001.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        names = [f"C16001_{line}{kind}" for line in ("001", "005", "026") for kind in "EM"]
        table.writerow(["GEOID", *names])
        table.writerows([geoid, *figures] for geoid, figures in tracts.items())
    outlines = []
    for geoid in tracts:
        west, east = BOXES.get(geoid, BOXES[S])
        ring = [[west, 45.45], [east, 45.45], [east, 45.55], [west, 45.55], [west, 45.45]]
        outlines.append(({"GEOID": geoid}, {"type": "Polygon", "coordinates": [ring]}))
    points = [
        ({"population": people}, {"type": "Point", "coordinates": [lon, LAT]})
        for geoid in tracts
        for lon, people in POINTS.get(geoid, POINTS[S]).items()
    ]
    for name, features in (("tracts", outlines), ("points", points)):
        content = {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": properties, "geometry": geometry}
                for properties, geometry in features
            ],
        }
        (folder / f"{name}.geojson").write_text(json.dumps(content), encoding="utf-8")
    lines = "".join(
        f'[[placement.pinned]]\nunit = "{route}"\nlanguage = "{language}"\n'
        for route, language in pinned.items()
    )
    campaign = folder / "campaign.toml"
    campaign.write_text(
        f'name = "{folder.name}"\n[region]\ngtfs = "feed.zip"\nacs = "c16001.csv"\n'
        f'tracts = "tracts.geojson"\npoints = "points.geojson"\n{region}[posters]\n'
        f"languages = {json.dumps(list(languages))}\n[placement]\nbuses = {len(pinned)}\n{lines}{SURE}",
        encoding="utf-8",
    )
    return campaign


def write_west(folder: Path, **changes: object) -> Path:
    """Write the western agency: one route, its bus carries Spanish."""
    wanted = {
        "tracts": {geoid: FIGURES[geoid] for geoid in (W, S)},
        "routes": {"1": [-122.80, -122.62, -122.60]},
        "pinned": {"1": "es"},
        "languages": ["es"],
    }
    return write_region(folder, **(wanted | changes))  # type: ignore[arg-type]


def write_east(folder: Path, **changes: object) -> Path:
    """Write the eastern agency: two routes, one bus carries Spanish and the other Vietnamese."""
    wanted = {
        "tracts": {geoid: FIGURES[geoid] for geoid in (S, E)},
        "routes": {"1": [-122.60, -122.58], "2": [-122.58, -122.565]},
        "pinned": {"1": "es", "2": "vi"},
        "languages": ["es", "vi"],
    }
    return write_region(folder, **(wanted | changes))  # type: ignore[arg-type]
