"""The sample that ships with the project: Halvern, an invented city, in the formats of the real thing.

The ground and the people come from `targeting.sample_city`, the buses from
`targeting.sample_transit`; here are the files. The same bytes every time.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from targeting import sample_city as city
from targeting import sample_transit as transit
from targeting.errors import OutputError
from targeting.whole import whole_file


def _table(header: str, rows: Iterable[transit.Row]) -> str:
    """Write a comma-separated table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()


def _feed_tables() -> dict[str, str]:
    """Give the files of the GTFS feed."""
    agency = "Halvern Transit (invented)"
    site = "https://halvern.example/"
    of_trips, of_times = transit.trip_rows()
    colors = {"frequent": "1F5FA8", "standard": "3B7D4F", "hourly": "7A6A58", "peak only": "8A4F9E"}
    return {
        "agency.txt": _table(
            "agency_id,agency_name,agency_url,agency_timezone,agency_lang",
            [("HALVERN", agency, site, "America/Los_Angeles", "en")],
        ),
        "feed_info.txt": _table(
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version",
            [(agency, site, "en", transit.FIRST_DAY, transit.LAST_DAY, "invented-2025-09")],
        ),
        "calendar.txt": _table(
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            [
                (service, *days, transit.FIRST_DAY, transit.LAST_DAY)
                for service, days in transit.SERVICES.items()
            ],
        ),
        "calendar_dates.txt": _table(
            "service_id,date,exception_type",
            [
                (service, day, kind)
                for day in transit.HOLIDAYS
                for service, kind in (("WEEKDAY", 2), ("SUNDAY", 1))
            ],
        ),
        "routes.txt": _table(
            "route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color",
            [
                (
                    *(route.number, "HALVERN", route.number, route.name, route.mode),
                    *("0A7FC2" if route.rail else colors[route.level], "FFFFFF"),
                )
                for route in transit.ROUTES
            ],
        ),
        "stops.txt": _table(
            "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station", transit.stop_rows()
        ),
        "trips.txt": _table(
            "route_id,service_id,trip_id,trip_headsign,direction_id,block_id,shape_id", of_trips
        ),
        "stop_times.txt": _table(
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint", of_times
        ),
        "shapes.txt": _table("shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence", transit.shape_rows()),
    }


def _feed() -> bytes:
    """Zip the feed with nothing in it that changes from one run to the next."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in _feed_tables().items():
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3  # else Windows writes another byte here
            member.external_attr = 0o644 << 16
            archive.writestr(member, text.encode(), zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def _garages() -> str:
    rows = [(route.number, route.garage, "invented") for route in transit.ROUTES if route.garage]
    return _table("route,garage,note", rows)


# name, kind, place on the lattice of `sample_city`, cards that hang there at once
VENUES = (
    ("Central Fire Station", "fire station", 25.3, 26.4, 1),
    ("Rivergate Fire Station", "fire station", 44.4, 20.6, 1),
    ("Fire Station 7", "fire station", 8.5, 20.4, 1),
    ("Halvern Central Library", "library", 23.2, 24.3, 3),
    ("Eastbank Library", "library", 48.4, 21.3, 2),
    ("Orchard Library", "library", 38.3, 38.4, 2),
    ("Brook County Library", "library", 9.4, 29.6, 2),
    ("Northside Clinic", "clinic", 32.4, 40.3, 1),
    ("Southeast Clinic", "clinic", 57.3, 11.4, 1),
    ("Brookside Clinic", "clinic", 11.6, 35.4, 1),
    ("Market Street Clinic", "clinic", 45.3, 14.4, 1),
    ("Consulate Legal Clinic", "legal clinic", 21.4, 29.3, 1),
)


def _venues() -> str:
    rows = [
        (*city.lon_lat(city.place(u, v)), name, kind, slots, "invented") for name, kind, u, v, slots in VENUES
    ]
    return _table("lon,lat,name,kind,slots,note", rows)


def _census() -> str:
    header = "GEOID,NAME," + ",".join(f"C16001_{line:03d}{kind}" for line in range(1, 39) for kind in "EM")
    return _table(
        header,
        [
            (
                tract.geoid,
                tract.name,
                *(figure for line in city.census_lines(tract) for figure in line),
            )
            for tract in city.tracts()
        ],
    )


def _geojson(name: str, features: Iterable[tuple[dict[str, Any], str, Any]]) -> str:
    """Write features (properties, kind of geometry, coordinates), one to a line."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {"type": kind, "coordinates": coordinates},
            },
            separators=(",", ":"),
        )
        for properties, kind, coordinates in features
    ]
    head = f'{{"type":"FeatureCollection","name":{json.dumps(name)},"features":[\n'
    return head + ",\n".join(lines) + "\n]}\n"


def _tracts() -> str:
    features = []
    for tract in city.tracts():
        border = city.border(tract)
        ring = [city.lon_lat(point) for point in [*border, border[0]]]
        properties = {
            "GEOID": tract.geoid,
            "NAME": tract.name,
            "ALAND": round(city.area(border)),
        }
        features.append((properties, "Polygon", [ring]))
    return _geojson("Tracts of Halvern (invented)", features)


def _points() -> str:
    return _geojson(
        "Population points of Halvern (invented)",
        [
            ({"GEOID": geoid, "population": population}, "Point", place)
            for tract in city.tracts()
            for geoid, population, place in city.points(tract)
        ],
    )


CAMPAIGN = """\
# The campaign file of the sample. Halvern is an invented city: there is no such place.
# Copy this file, point the three inputs at your own region, and change the rest to suit.
# A line that starts with # is a note, or a setting left at its usual value.
name = "Red Means Help (sample)"

[region]
# Where things are. Paths are relative to this file.
gtfs = "gtfs/sample.zip"                # the transit agency's timetable (a GTFS feed)
acs = "acs/sample_c16001.csv"           # how many people speak what, by census tract (table C16001)
tracts = "acs/sample_tracts.geojson"    # the outlines of those census tracts
points = "acs/sample_points.geojson"    # where in a tract people live; leave out if you have none
# modes = ["bus"]                       # add "tram" to put posters in the light rail too
# bus_walk_m = 400                      # how far people walk to a bus stop, in metres

[posters]
# The languages you can print: Spanish, Vietnamese, Chinese, Russian, Korean, Arabic.
languages = ["es", "vi", "zh", "ru", "ko", "ar"]

[placement]
buses = 24                              # how many buses you can put posters in
# unit = "route"                        # what a card is ordered for; or "family", "garage"
# floors = 1                            # the least number of buses for every language
# weights = "people"                    # or "languages": the same share of any language counts alike
# strategy = "predominant"              # TriMet's own: each route gets the language most spoken along it
# garages = "gtfs/sample_garages.csv"   # which route runs from which garage, for unit = "garage"

# Posters in fire stations, libraries and clinics too: take away the # before the next three lines.
# [venues]
# file = "sample_venues.csv"            # where they are
# cards = 8                             # how many cards you can hang there
"""

README = """\
# The sample region: Halvern (invented)

Everything here is invented: the city, its census tracts, its people, transit agency and streets.
It lies in the open Pacific west of Oregon (near 45.0° N, 129.4° W), under a state code that the
Census Bureau has not assigned (99), so that nobody can take it for a real place. The files have the
formats of the real thing, and the figures behave as real ones do: most small language groups are
not met by the survey at all, and most others have margins nearly as large as the estimate. One
total has the margin -555555555, as the Census Bureau writes it where a figure is fixed beforehand.

| file | what it is |
|---|---|
| `sample.toml` | the campaign file: start here |
| `gtfs/sample.zip` | timetable, 21 bus routes and a light-rail line, 1 Sep to 14 Dec 2025 |
| `gtfs/sample_garages.csv` | which garage runs which bus route |
| `acs/sample_c16001.csv` | census table C16001 for 120 tracts: estimates (E) and 90% margins (M) |
| `acs/sample_tracts.geojson` | outlines of the tracts |
| `acs/sample_points.geojson` | where in each tract people live |
| `sample_venues.csv` | twelve fire stations, libraries and clinics where posters can hang too |

`targeting sample DIR` writes all of it anew; the bytes are the same every time. The makers are
`targeting/sample.py` (buses and files) and `targeting/sample_city.py` (streets, tracts and people).
"""


def write_sample(folder: Path) -> list[Path]:
    """Write the sample region, the invented city of Halvern, into a folder.

    Parameters
    ----------
    folder : Path
        Where to write; it and its subfolders are made if missing.

    Returns
    -------
    list of Path
        The files written, each whole. Their bytes are the same every time.

    Raises
    ------
    OutputError
        When a file of that name is there and holds something else; nothing is written then.
    """
    contents: dict[str, bytes] = {
        "README.md": README.encode(),
        "sample.toml": CAMPAIGN.encode(),
        "gtfs/sample.zip": _feed(),
        "gtfs/sample_garages.csv": _garages().encode(),
        "acs/sample_c16001.csv": _census().encode(),
        "acs/sample_tracts.geojson": _tracts().encode(),
        "acs/sample_points.geojson": _points().encode(),
        "sample_venues.csv": _venues().encode(),
    }
    for name, content in contents.items():
        path = folder / name
        # packed bytes differ with the zlib at hand
        if path.suffix != ".zip" and path.is_file() and path.read_bytes() != content:
            raise OutputError(
                f"{path}: is there and holds something else, which the sample would replace; choose another "
                "folder, or move it."
            )
    written = []
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            partial.write_bytes(content)
        written.append(path)
    return written
