"""Measure ours against what a user would pick instead, and write RESULTS.md.

    python benchmarks/compare.py                            all parts: about a quarter of an hour
    python benchmarks/compare.py --part feed --runs 1       one part, a quick look
    python benchmarks/compare.py --data FOLDER --folder F   where the real data is, where large feeds are kept

Needs the packages of requirements-bench.txt (`make benchmarks`), Chromium, 3 GB of disk and 8 GB of memory.
Each part is written as soon as it is measured, and replaces only itself in an earlier RESULTS.md.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import notes
from plan import run_plan
from processes import Command, Run, in_turns, medians, ratio
from regions import DATA, ROOT, Region, count_rows, feed_of, region
from results import CELLS, OURS, cells, measured, table, verdict, write_section

PEERS = ROOT / "benchmarks/peers"
WHOLE = ("sample", "TriMet", "Manhattan")
LARGE = ("TriMet × 4", "TriMet × 16")
FLOOR = "inflate and count lines"
ALL_OF_FEED = "ours, all that a plan reads"
FEED_PROGRAMS = {
    OURS: "feed_ours",
    FLOOR: "feed_floor",
    "Polars": "feed_polars",
    "DuckDB": "feed_duckdb",
    ALL_OF_FEED: "feed_ours_whole",
    "pandas": "feed_pandas",
    "gtfs_kit and pandas": "feed_gtfs_kit",
    "gtfs_kit, timetables": "feed_gtfs_kit_timetables",
    "partridge and pandas": "feed_partridge",
}
SHARES_PROGRAMS = {
    OURS: ("shares_ours", "alone"),
    "ours, the whole catchments": ("shares_ours", "catchments"),
    "GeoPandas, an overlay a route": ("shares_geopandas", "by_route"),
    "GeoPandas, one overlay": ("shares_geopandas", "together"),
    "tobler": ("shares_tobler",),
}
GAP = 0.005  # at which the exact search of a plan stops


class Bench:
    """Where the data is, how many rounds to run, and the regions made so far."""

    def __init__(self, data: Path, folder: Path, work: Path, runs: int) -> None:
        # feeds may be kept for another day; what our own code wrote may not
        self.data, self.folder, self.work, self.runs = data, folder, work, runs

    def there(self, titles: Sequence[str]) -> list[str]:
        """Return the regions whose feed is there, and say which are left out."""
        found = [title for title in titles if feed_of(title, self.data).exists()]
        if len(found) < len(titles):
            print(f"  left out, no feed in {self.data}: {', '.join(sorted({*titles} - {*found}))}")
        return found

    def region(self, title: str) -> Region:
        """Return a region, its files made where they are not there."""
        return region(title, self.data, self.folder)

    def prepared(self, title: str) -> Path:
        """Return the folder with what the parts of a region's plan begin with."""
        place = self.work / f"prepared-{title}"
        if not place.exists():
            script = ROOT / "benchmarks/prepared.py"
            subprocess.run([sys.executable, script, self.region(title).campaign, place], check=True)
        return place

    def out(self, name: str) -> Path:
        """Return where a program is to write."""
        (self.work / "out").mkdir(exist_ok=True)
        return self.work / "out" / name


def program(name: str, *arguments: object) -> Command:
    """Return the command that runs one of the peers, or ours."""
    return [sys.executable, "-W", "ignore", PEERS / f"{name}.py", *arguments]


def compare_feeds(bench: Bench) -> str:
    """Compare the ways from a feed to weekly departures."""
    parts = []
    for title in bench.there(WHOLE + LARGE):
        place = bench.region(title)
        quick = list(FEED_PROGRAMS)[: 5 if title in LARGE else None]
        outs = {name: bench.out(f"{FEED_PROGRAMS[name]}.csv") for name in quick}
        done = in_turns(
            {name: program(FEED_PROGRAMS[name], place.feed, place.week, outs[name]) for name in quick},
            bench.runs,
        )
        rows = []
        for name, runs in done.items():
            apart = "" if name == FLOOR else _apart(name, outs, done, ("route_id", "stop_id"))
            rows.append([name, *cells(runs, done[OURS]), apart])
        calls = count_rows(place.feed, "stop_times")
        parts += [
            f"### {title}: {calls:,} stop times, week of {place.week}\n",
            table(["program", *CELLS, "largest difference"], rows),
            _beside_floor({name: each for name, each in _times(done).items() if name != ALL_OF_FEED}),
        ]
    return "\n".join(parts) + notes.FEED


def _beside_floor(times: dict[str, float]) -> str:
    """Return what was quicker than ours, and how far ours is from the floor."""
    floor = times.pop(FLOOR, None)
    beside = (
        f" Ours takes {1 / floor:.1f} times as long as inflating and counting lines.\n" if floor else "\n"
    )
    return verdict(times).rstrip("\n") + beside


def compare_shares(bench: Bench) -> str:
    """Compare the ways to the share of each tract near each route."""
    parts = []
    for title in bench.there(WHOLE):
        place = bench.prepared(title)
        outs = {name: bench.out(f"shares-{'-'.join(words)}.csv") for name, words in SHARES_PROGRAMS.items()}
        done = in_turns(
            {
                name: program(script, place, outs[name], *how)
                for name, (script, *how) in SHARES_PROGRAMS.items()
            },
            bench.runs,
        )
        steps = {name: _step(runs) for name, runs in done.items()}
        ours = steps[OURS]
        rows = []
        for name, runs in done.items():
            step = steps[name]
            quick = [f"{step:.2f}", f"{step / ours:.2f}"] if step and ours else ["", ""]
            rows.append(
                [name, *quick, *cells(runs, done[OURS]), _apart(name, outs, done, ("route_id", "GEOID"))]
            )
        parts += [
            f"### {title}: {_rows(place / 'stops.csv', 'route_id')} routes, "
            f"{_rows(place / 'stops.csv', 'stop_id')} stops\n",
            table(["program", "step s", "step × ours", *CELLS, "largest difference"], rows),
            verdict({name: step / ours for name, step in steps.items() if step and ours and name != OURS}),
        ]
    return "\n".join(parts) + notes.SHARES


def compare_placements(bench: Bench) -> str:
    """Compare the ways to choose which buses to post."""
    parts = []
    for title in bench.there(WHOLE):
        place = bench.prepared(title)
        problem, covering = place / "placement.pickle", place / "coverage.pickle"
        ours = f"{OURS}, exact"
        for what, programs in (
            (
                "the campaign's placement",
                {
                    ours: program("placement_ours", problem, "exact", GAP),
                    "greedy": program("placement_ours", problem, "greedy"),
                },
            ),
            (
                "maximal coverage by a quarter of the routes",
                {
                    ours: program("placement_ours", covering, "exact", 0),
                    "spopt MCLP": program("placement_spopt", place / "coverage.npz"),
                    "greedy": program("placement_ours", covering, "greedy"),
                },
            ),
        ):
            done = in_turns(programs, bench.runs)
            best = _found(done[ours], "value")
            rows = []
            for name, runs in done.items():
                value, gap, seconds = (_found(runs, key) for key in ("value", "gap", "seconds"))
                figures = ["", "", "", ""]
                if value and best:
                    figures = [f"{seconds:.3f}", f"{value:,.1f}", f"{value / best:.3%}", f"{gap:.2%}"]
                rows.append([name, *figures, *cells(runs, done[ours])])
            parts += [
                f"### {title}, {what}\n",
                table(["program", "step s", "people", "of exact", "gap proven", *CELLS], rows),
            ]
    return "\n".join(parts) + notes.PLACEMENT


def compare_plans(bench: Bench) -> str:
    """Measure whole plans by size of input, and a second plan of each."""
    rows, first = [], {}
    for title in bench.there(WHOLE + LARGE):
        place = bench.region(title)
        calls = count_rows(place.feed, "stop_times")
        cold: list[Run] = []
        again: list[Run] = []
        for number in range(2 if title in LARGE else bench.runs):
            with tempfile.TemporaryDirectory(dir=bench.work) as name:
                folder = Path(name)
                cold.append(run_plan(place.campaign, folder / "first", folder / "cache"))
                again.append(
                    run_plan(
                        place.campaign, folder / "second", folder / "cache", "--set", "placement.buses=40"
                    )
                )
            if cold[-1].fault or number + 1 >= bench.runs:
                break
        one, two = cells(cold, cold), cells(again, again)
        first[title] = (calls, None if cold[-1].fault else medians(cold))
        growth = "" if cold[-1].fault else f"{medians(cold)[0] / calls * 1e6:.2f}"
        rows.append([title, f"{calls:,}", *one[:3], growth, *two[:3], str(len(cold))])
    header = ["region", "stop times", "wall s", "processor s", "peak MB", "wall s a million stop times"]
    header += ["second plan: wall s", "processor s", "peak MB", "rounds"]
    return table(header, rows) + _growth(first) + notes.PLAN


def _growth(first: dict[str, tuple[int, tuple[float, float, float] | None]]) -> str:
    """Return how time and memory grow from one step of the ladder to the next."""
    said = []
    steps = ("TriMet", *LARGE)
    for small, large in pairwise(steps):
        if small not in first or large not in first:
            continue
        (calls, one), (more, two) = first[small], first[large]
        if one and two:
            said.append(
                f"from {small} to {large} stop times grow by {more / calls:.1f}, wall time by "
                f"{two[0] / one[0]:.1f}, peak memory by {two[2] / one[2]:.1f}"
            )
    return f"\nGrowth: {'; '.join(said)}.\n" if said else ""


def compare_maps(bench: Bench) -> str:
    """Compare maps by size and by the time until they can be used."""
    parts = []
    for title in bench.there(WHOLE):
        place = bench.prepared(title)
        plan = bench.work / f"plan-{title}"
        if not plan.exists():
            made = run_plan(bench.region(title).campaign, plan, bench.work / "cache")
            if made.fault:
                parts.append(f"### {title}\n\nThe plan failed: {made.fault}\n")
                continue
        pages = {OURS: plan / "map.html"}
        for name, script in (("Folium", "map_folium"), ("GeoDataFrame.explore", "map_explore")):
            pages[name] = bench.out(f"{title}-{script}.html")
            subprocess.run(program(script, place, pages[name]), check=True)  # type: ignore[arg-type]
        from map import times_to_interactive  # Playwright would weigh upon the parts before

        taken = times_to_interactive(pages, max(bench.runs, 5))
        rows = [
            [
                name,
                f"{file.stat().st_size / 1000:,.0f}",
                f"{statistics.median(taken[name]):.0f}",
                f"{statistics.median(a / b for a, b in zip(taken[name], taken[OURS], strict=True)):.2f}",
            ]
            for name, file in pages.items()
        ]
        parts += [f"### {title}\n", table(["page", "KB", "interactive ms", "× ours"], rows)]
    return "\n".join(parts) + notes.MAP


PARTS: dict[str, tuple[str, Callable[[Bench], str]]] = {
    "feed": ("(a) From a feed to weekly departures of each route at each stop", compare_feeds),
    "shares": ("(b) Share of each tract within 400 m of a stop of each route", compare_shares),
    "placement": ("(c) Which buses to post", compare_placements),
    "plan": ("(e) A whole plan, from cold start to the last file", compare_plans),
    "map": ("(d) The map: size, and time until it can be used", compare_maps),
}


def _times(done: dict[str, list[Run]]) -> dict[str, float]:
    """Return how many times our wall time each other program took; only of those that ended well."""
    if done[OURS][-1].fault:
        return {}
    return {
        name: ratio(runs, done[OURS]) for name, runs in done.items() if name != OURS and not runs[-1].fault
    }


def _step(runs: Sequence[Run]) -> float | None:
    """Return the median of the seconds that a program printed of its step; None where it failed."""
    if runs[-1].fault:
        return None
    return statistics.median(float(each.output) for each in runs)


def _found(runs: Sequence[Run], key: str) -> float:
    """Return the median of a figure that a program printed as JSON; 0 where it failed."""
    if runs[-1].fault:
        return 0.0
    return statistics.median(json.loads(each.output)[key] for each in runs)


def _apart(name: str, outs: dict[str, Path], done: dict[str, list[Run]], keys: tuple[str, str]) -> str:
    """Return the largest difference between what a program and ours wrote."""
    if name == OURS or done[name][-1].fault or done[OURS][-1].fault:
        return ""
    theirs, ours = _numbers(outs[name], keys), _numbers(outs[OURS], keys)
    return f"{max(abs(theirs.get(key, 0) - ours.get(key, 0)) for key in {*theirs, *ours}):.3g}"


def _numbers(path: Path, keys: tuple[str, str]) -> dict[tuple[str, ...], float]:
    """Return the last column of a CSV file by its two keys."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        figure = (rows.fieldnames or [""])[-1]
        return {tuple(row[key] for key in keys): float(row[figure]) for row in rows}


def _rows(path: Path, column: str) -> str:
    """Return how many different texts a column of a CSV file has."""
    with path.open(encoding="utf-8", newline="") as file:
        return f"{len({row[column] for row in csv.DictReader(file)}):,}"


def main() -> None:
    """Measure the parts that are asked for, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="measure this part (may be repeated)")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default: 3)")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real data")
    parser.add_argument("--folder", type=Path, help="keep large feeds here (default: a temporary folder)")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/RESULTS.md")
    given = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        folder = given.folder or work
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(given.data, folder.resolve(), work, given.runs)
        for name in given.part or PARTS:
            title, part = PARTS[name]
            print(f"{datetime.now():%H:%M:%S} {title}", flush=True)
            head = measured(given.runs, os.getloadavg()[0])
            try:
                text = part(bench)
            except (OSError, ValueError, subprocess.CalledProcessError) as fault:  # the other parts go on
                failed.append(f"{title}: {fault}")
                continue
            write_section(given.out, title, f"\n{head}\n{text}")
        if failed:
            sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
