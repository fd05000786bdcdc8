"""Whole regions drawn at random: feeds, tables and campaigns, sound or sound but odd, and their faults."""

import csv
import io
import random
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import strategies as st
from invented_tracts import LEP_LINES, Box, write_outlines, write_table

Rows = list[list[str]]  # the first holds the names
Tables = dict[str, Rows]

LON, LAT, STEP = -122.60, 45.50, 0.008  # places stand on a lattice; a step is about 600 m by 900 m
LINES = ["001", *LEP_LINES.values()]
JAM = ("-666666666", "-222222222", "-999999999")  # no estimate; no margin can be computed; neither
CONTROLLED = "-555555555"  # the margin of a controlled estimate: 0
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SURE = {"certainty.min_served": "0", "certainty.enough_at": "0"}
NAMES = ("Main", "", "Főút, 2.", 'the "Loop"', "=1+1", "<b>bold</b>", "מרכז", "中央", "4/Fessenden", "x" * 90)
HOSTILE = (
    "", " ", "0", "-1", "1", "3.0", "nan", "inf", "-inf", "1e308", "-1e308", "1e-320", "9" * 25, "0x10",
    "1,5", "١٢", "24:00:00", "99:99:99", "-1:00:00", "8:5:7", "08:00", "20250231", "20250106", "99991231",
    "00010101", "=cmd()", "<script>alert(1)</script>", "\u202eevil", "\x00", '"', "a\nb", "a,b", "é" * 300,
    "null", "-555555555", "-666666666", "1e10", "0.0001", "true", "R0", "S0", "45.5", "-122.6", "180", "91",
)  # fmt: skip


@dataclass(frozen=True)
class Region:
    """A region small enough to be planned in a moment.

    Attributes
    ----------
    feeds : dict of name to tables
    boxes : dict of GEOID to box
    figures : dict of GEOID to cells
        By tract an estimate and a margin for each of LINES, as text.
    points : list of (lon, lat, people), or None
    settings : dict of key to TOML
    """

    feeds: dict[str, Tables]
    boxes: dict[str, Box]
    figures: dict[str, list[str]]
    settings: dict[str, str] = field(default_factory=dict)
    points: tuple[tuple[float, float, int], ...] | None = None

    def having(self, **settings: str) -> "Region":
        """Return the region with other settings; `__` stands for the dot."""
        return replace(
            self, settings=self.settings | {key.replace("__", "."): value for key, value in settings.items()}
        )

    @property
    def tables(self) -> Tables:
        """The tables of the only feed."""
        (tables,) = self.feeds.values()
        return tables


def write_region(region: Region, folder: Path) -> Path:
    """Write the region's files; return its campaign file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, tables in region.feeds.items():
        with zipfile.ZipFile(folder / name, "w") as archive:
            for table, rows in tables.items():
                archive.writestr(f"{table}.txt", as_csv(rows))
    write_table(folder / "c16001.csv", LINES, region.figures)
    write_outlines(folder / "tracts.geojson", region.boxes)
    settings = {
        "region.gtfs": str(list(region.feeds)).replace("'", '"'),
        "region.acs": '"c16001.csv"',
        "region.tracts": '"tracts.geojson"',
        "posters.languages": '["es", "vi", "ru"]',
        "placement.buses": "1",
        "certainty.redraws": "0",
    } | region.settings
    if region.points is not None:
        write_points(folder / "points.geojson", region.points)
        settings["region.points"] = '"points.geojson"'
    lines = ['name = "Drawn"', *(f"{key} = {value}" for key, value in settings.items())]
    (folder / "campaign.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "campaign.toml"


def write_points(path: Path, points: Sequence[tuple[float, float, int]]) -> None:
    """Write population points as GeoJSON."""
    features = ",".join(
        f'{{"type":"Feature","properties":{{"population":{people}}},'
        f'"geometry":{{"type":"Point","coordinates":[{lon},{lat}]}}}}'
        for lon, lat, people in points
    )
    path.write_text(f'{{"type":"FeatureCollection","features":[{features}]}}', encoding="utf-8")


def as_csv(rows: Rows) -> str:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


# --- regions that are sound ---------------------------------------------------------------------


@st.composite
def regions(draw: st.DrawFn, *, plain: bool = False, routes: int = 1) -> Region:
    """Draw a region.

    Parameters
    ----------
    plain : bool
        Leave out what a feed or a table may hold but need not.
    routes : int
        The least number of bus routes.
    """
    boxes = draw(outlines())
    region = Region(
        {"feed.zip": draw(feeds(plain=plain, least=routes))},
        boxes,
        {geoid: draw(figures(plain=plain)) for geoid in boxes},
    )
    if draw(st.booleans()):
        people = st.tuples(lattice(-1, 5), lattice(-1, 5), st.integers(0, 90))
        points = [
            (box[0] + (box[2] - box[0]) / 3, box[1] + (box[3] - box[1]) / 2, 7) for box in boxes.values()
        ]
        points += [
            (LON + x * STEP, LAT + y * STEP, count) for x, y, count in draw(st.lists(people, max_size=6))
        ]
        region = replace(region, points=tuple(points))
    return region if plain else replace(region, settings=draw(wishes()))


def lattice(low: int, high: int) -> st.SearchStrategy[float]:
    """Draw a place on the lattice, or a little off it."""
    return st.builds(float.__add__, st.integers(low, high).map(float), st.sampled_from([0.0, 0.0, 0.1, 0.37]))


@st.composite
def outlines(draw: st.DrawFn) -> dict[str, Box]:
    """Draw tracts side by side, now and then one of a few metres, in one county or two."""
    columns, rows = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    tiny = draw(st.sampled_from([0, 0, 1]))
    boxes = {}
    for row in range(rows):
        west = -0.5
        for column in range(columns):
            wide = 0.02 if tiny and column == row == 0 else draw(st.sampled_from([0.5, 1.5, 4]))
            county = draw(st.sampled_from(["051", "051", "067"]))
            south = -0.5 + 2 * row
            boxes[f"41{county}{row:04d}{column:02d}"] = (
                LON + west * STEP, LAT + south * STEP, LON + (west + wide) * STEP, LAT + (south + 2) * STEP,
            )  # fmt: skip
            west += wide
    return boxes


@st.composite
def figures(draw: st.DrawFn, *, plain: bool = False) -> list[str]:
    """Draw a row of the census table: parts that add up to no more than the whole, each with its margin."""
    parts = [draw(st.sampled_from([0, 0, 1, 12, 40, 250, 3000])) for _ in LEP_LINES]
    whole = sum(parts) + draw(st.sampled_from([0, 0, 30, 2000]))
    row = []
    for number, people in enumerate([whole, *parts]):
        margin = str(draw(st.sampled_from([0, 12, 12, people // 3, 2 * people])))
        estimate = str(people)
        if not plain:
            margin = draw(st.sampled_from([margin] * 6 + [CONTROLLED, "", *JAM]))
            if number:
                estimate = draw(st.sampled_from([estimate] * 12 + ["", JAM[0], f"{people}.0"]))
        row += [estimate, margin]
    return row


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, str]:
    """Draw settings of a campaign that any sound region can meet."""
    chosen = {
        "placement.buses": draw(st.sampled_from(["1", "1", "1", "2", "3"])),
        "placement.strategy": draw(st.sampled_from(['"optimal"', '"optimal"', '"predominant"'])),
        "certainty.redraws": draw(st.sampled_from(["0", "0", "5"])),
        "posters.languages": draw(
            st.sampled_from(
                [
                    '["es"]',
                    '["es", "vi", "ru"]',
                    '["ru", "pl", "uk"]',
                    '["zh-Hant", "zh-Hans", "ko"]',
                    '"auto:3"',
                ]
            )
        ),
        "region.modes": draw(st.sampled_from(['["bus"]', '["bus", "tram", "other"]'])),
    }
    chosen |= draw(st.sampled_from([{}, SURE]))
    if chosen["placement.strategy"] == '"optimal"':
        chosen["placement.unit"] = draw(st.sampled_from(['"route"', '"route"', '"family"']))
        chosen["placement.weights"] = draw(st.sampled_from(['"people"', '"languages"', '"proportional"']))
        chosen["posters.slots"] = draw(st.sampled_from(["1", "1", "2"]))
    if draw(st.sampled_from([False, False, True])):
        chosen["region.measure"] = '"lep"'
        chosen["placement.elasticity"] = draw(st.sampled_from(["0", "1", "2"]))
        chosen["placement.rides_per_week"] = draw(st.sampled_from(["0.001", "1000"]))
        chosen["region.bus_walk_m"] = draw(st.sampled_from(["1", "50", "5000"]))
    return chosen


@st.composite
def feeds(draw: st.DrawFn, *, plain: bool = False, least: int = 1) -> Tables:
    """Draw a feed whose first `least` routes are buses that run every weekday."""
    odd = [False] * 3 + [not plain]
    stops = draw(st.integers(2, 6))
    tables: Tables = {
        "agency": [["agency_id", "agency_name"], ["A", "Tiny"], ["B", "Other"], ["C", ""]],
        "stops": [["stop_id", "stop_name", "stop_lat", "stop_lon"]],
        "routes": [["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"]],
        "trips": [["route_id", "service_id", "trip_id", "direction_id", "block_id", "shape_id"]],
        "stop_times": [["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"]],
        "calendar": [["service_id", *WEEKDAYS, "start_date", "end_date"]],
    }
    tables["calendar"].append(["wk", *"1111100", "20250106", "20250202"])
    for number in range(stops):
        x, y = draw(lattice(0, 4)), draw(lattice(0, 2))
        name = draw(st.sampled_from(NAMES)) if not plain else f"Stop {number}"
        tables["stops"].append([f"S{number}", name, f"{LAT + y * STEP:.6f}", f"{LON + x * STEP:.6f}"])
    if draw(st.sampled_from(odd)):  # a stop that takes its station's place, and one far away
        tables["stops"][0].append("parent_station")
        for row in tables["stops"][1:]:
            row.append("")
        tables["stops"] += [["S90", "Bay", "", "", "S0"], ["S91", "Far", "46.5", "-121", ""]]
    services = ["wk"]
    if not plain:
        services += draw(extra_services(tables))
    for number in range(draw(st.integers(least, max(least, 3)))):
        bus = number < least or plain
        agency = draw(st.sampled_from(["A", "A", "B", "C", ""])) if not plain else "A"
        kind = "3" if bus else draw(st.sampled_from(["3", "700", "704", "11", "0", "900", "2", "9999", ""]))
        name = str(number) if plain else draw(st.sampled_from([str(number), *NAMES]))
        tables["routes"].append([f"R{number}", agency, name, name if plain else "Line", kind])
        for trip in range(draw(st.integers(1, 3))):
            service = "wk" if trip == 0 else draw(st.sampled_from(services))
            _draw_trip(draw, tables, f"R{number}", f"T{number}.{trip}", service, plain=plain)
    if not plain:
        _draw_extras(draw, tables)
    return tables


@st.composite
def extra_services(draw: st.DrawFn, tables: Tables) -> list[str]:
    """Draw more services, with rows in calendar.txt, in calendar_dates.txt, in both or in neither."""
    found = []
    dates: Rows = [["service_id", "date", "exception_type"]]
    if draw(st.booleans()):
        tables["calendar"].append(["we", *"0000011", "20250106", "20250202"])
        found.append("we")
    if draw(st.booleans()):
        dates += [["only", f"202501{day:02d}", "1"] for day in draw(st.lists(st.integers(6, 31), max_size=4))]
        found.append("only")
    if draw(st.booleans()):
        dates.append(["wk", "20250120", "2"])
    if draw(st.sampled_from([False, False, True])):  # all days of service are listed one by one
        dates += [["wk", f"202501{day:02d}", "1"] for day in range(6, 31) if day % 7 not in (4, 5)]
        tables["calendar"] = [row for row in tables["calendar"] if row[0] != "wk"]
        if len(tables["calendar"]) == 1:
            del tables["calendar"]
    if len(dates) > 1:
        tables["calendar_dates"] = dates
    return found


def _draw_trip(draw: st.DrawFn, tables: Tables, route: str, trip: str, service: str, *, plain: bool) -> None:
    """Add a trip and its calls: loops, times past midnight, blank times and directions where not plain."""
    stops = [row[0] for row in tables["stops"][1:] if row[0] != "S91"]
    calls = draw(st.lists(st.sampled_from(stops), min_size=2, max_size=5, unique=plain))
    start = draw(st.integers(5, 22 if plain else 27)) * 3600
    if plain and trip.endswith(".0"):
        start = 8 * 3600  # a vehicle of each route is out at once
    direction = draw(st.sampled_from(["0", "1"] if plain else ["0", "1", "", "2"]))
    block = "" if plain else draw(st.sampled_from(["", "", "b1", "b2"]))
    tables["trips"].append([route, service, trip, direction, block, draw(st.sampled_from(["", "P"]))])
    for sequence, stop in enumerate(calls):
        clock = start + sequence * draw(st.sampled_from([0, 60, 300]) if not plain else st.just(300))
        text = f"{clock // 3600:02d}:{clock // 60 % 60:02d}:00"
        inner = 0 < sequence < len(calls) - 1
        if inner and not plain and draw(st.booleans()):
            text = ""
        tables["stop_times"].append([trip, text, text, stop, str(sequence * 10)])


def _draw_extras(draw: st.DrawFn, tables: Tables) -> None:
    """Add what a feed may hold: headways, shapes, missing columns and rows written twice."""
    trips = [row[2] for row in tables["trips"][1:]]
    if draw(st.sampled_from([False, False, True])):
        rows = [["trip_id", "start_time", "end_time", "headway_secs"]]
        for trip in draw(st.lists(st.sampled_from(trips), min_size=1, max_size=3)):
            rows.append([trip, "06:00:00", "25:00:00", draw(st.sampled_from(["600", "3600", "90000", "0"]))])
        tables["frequencies"] = rows
    if draw(st.booleans()):
        tables["shapes"] = [["shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"]]
        for number in range(draw(st.integers(1, 3))):
            tables["shapes"].append(["P", f"{LAT + number * STEP}", f"{LON + number * STEP}", str(number)])
    if draw(st.sampled_from([False, False, True])):
        for name in draw(st.lists(st.sampled_from(["direction_id", "block_id", "shape_id"]), unique=True)):
            at = tables["trips"][0].index(name)
            tables["trips"] = [row[:at] + row[at + 1 :] for row in tables["trips"]]
    for name in draw(st.lists(st.sampled_from(sorted(tables)), max_size=2)):
        rows = tables[name]
        if len(rows) > 1:
            rows.append(list(rows[draw(st.integers(1, len(rows) - 1))]))


# --- the same region in another dress -----------------------------------------------------------


def pinned(region: Region) -> Region:
    """Return a plain region whose plan is fixed: a bus of each route carries a language in turn."""
    routes = [row[0] for tables in region.feeds.values() for row in tables["routes"][1:]]
    tags = ("es", "vi", "ru")
    rows = ", ".join(
        f'{{unit = "{route}", language = "{tags[number % 3]}"}}'
        for number, route in enumerate(sorted(routes))
    )
    return region.having(placement__pinned=f"[{rows}]", placement__buses=str(len(routes)), **{
        key.replace(".", "__"): value for key, value in SURE.items()
    })  # fmt: skip


def shuffled(region: Region, seed: int) -> Region:
    """Return the region with the rows of every table in another order."""
    chance = random.Random(seed)  # noqa: S311 no secret

    def mixed(rows: Rows) -> Rows:
        body = rows[1:]
        chance.shuffle(body)
        return [rows[0], *body]

    def order(content: Mapping[str, object]) -> list[str]:
        return chance.sample(sorted(content), len(content))

    points = None if region.points is None else tuple(chance.sample(region.points, len(region.points)))
    return replace(
        region,
        feeds={
            name: {key: mixed(tables[key]) for key in order(tables)} for name, tables in region.feeds.items()
        },
        boxes={geoid: region.boxes[geoid] for geoid in order(region.boxes)},
        figures={geoid: region.figures[geoid] for geoid in order(region.figures)},
        points=points,
    )


def renamed(region: Region) -> tuple[Region, dict[str, str]]:
    """Return the region with every id of its feed exchanged, their order turned, and its routes' ids."""
    names: dict[str, dict[str, str]] = {}
    feeds = {}
    for feed, tables in region.feeds.items():
        changed = {}
        for table, rows in tables.items():
            ids = [at for at, name in enumerate(rows[0]) if name.endswith("_id") and name != "direction_id"]
            body = []
            for row in rows[1:]:
                new = list(row)
                for at in ids:
                    known = names.setdefault(rows[0][at], {"": ""})
                    new[at] = known.setdefault(row[at], f"n{999 - len(known)}")
                body.append(new)
            changed[table] = [rows[0], *body]
        feeds[feed] = changed
    return replace(region, feeds=feeds), names["route_id"]


def split(region: Region) -> tuple[Region, dict[str, str]]:
    """Return the region with its feed as two, every other route in the second, and each route's prefix."""
    tables = region.tables
    routes = [row[0] for row in tables["routes"][1:]]
    feeds = {}
    prefixes = {}
    for name, number in (("a", 0), ("b", 1)):
        ours = set(routes[number::2])
        prefixes |= dict.fromkeys(ours, f"{name}:")
        trips = [row for row in tables["trips"][1:] if row[0] in ours]
        calls = {row[2] for row in trips}
        feeds[f"{name}.zip"] = tables | {
            "routes": [tables["routes"][0], *(row for row in tables["routes"][1:] if row[0] in ours)],
            "trips": [tables["trips"][0], *trips],
            "stop_times": [row for row in tables["stop_times"] if row[0] in calls or row[0] == "trip_id"],
        }
    return replace(region, feeds=feeds), prefixes


def scaled(region: Region, factor: int) -> Region:
    """Return the region with all its people and margins multiplied."""
    figures = {geoid: [str(int(cell) * factor) for cell in row] for geoid, row in region.figures.items()}
    return replace(region, figures=figures)


# --- faults -------------------------------------------------------------------------------------


@st.composite
def changed_cells(draw: st.DrawFn, tables: Tables, *, most: int = 4) -> Tables:
    """Draw a few changes to cells, rows and columns of tables."""
    changed = {name: [list(row) for row in rows] for name, rows in tables.items()}
    for _ in range(draw(st.integers(1, most))):
        name = draw(st.sampled_from(sorted(changed)))
        rows = changed[name]
        at = draw(st.integers(0, len(rows) - 1))
        row = rows[at]
        how = draw(
            st.sampled_from(["cell"] * 6 + ["column", "row", "again", "short", "long", "gone", "swap"])
        )
        if how == "cell" and row:
            row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(HOSTILE) | st.text(max_size=8))
        elif how == "column" and row:  # the whole column
            column, value = draw(st.integers(0, len(row) - 1)), draw(st.sampled_from(HOSTILE))
            for other in rows[1:]:
                if column < len(other):
                    other[column] = value
        elif how == "row":
            del rows[at]
        elif how == "again":
            rows.append(list(row))
        elif how == "short":
            del row[draw(st.integers(0, len(row))) :]
        elif how == "long":
            row.append(draw(st.sampled_from(HOSTILE)))
        elif how == "swap":
            other = draw(st.integers(0, len(rows) - 1))
            rows[at], rows[other] = rows[other], rows[at]
        else:
            del changed[name]
        if not changed or not all(changed.values()):
            break
    return {name: rows for name, rows in changed.items() if rows}


@st.composite
def changed_bytes(draw: st.DrawFn, content: bytes, *, most: int = 3) -> bytes:
    """Draw a few changes to bytes: one flipped, some cut out, put in, doubled, or the end lost."""
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        some = draw(st.integers(1, 40))
        how = draw(st.sampled_from(["flip", "flip", "cut", "put", "double", "end"]))
        if how == "flip":
            content = content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
        elif how == "cut":
            content = content[:at] + content[at + some :]
        elif how == "put":
            content = content[:at] + draw(st.binary(max_size=20)) + content[at:]
        elif how == "double":
            content = content[: at + some] + content[at:]
        else:
            content = content[:at]
    return content
