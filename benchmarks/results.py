"""Write RESULTS.md: the machine, and a section for each part that was measured."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from processes import Run, medians, ratio

PACKAGES = (
    "numpy", "pandas", "pyarrow", "isal", "scipy", "shapely", "geopandas", "highspy", "folium", "polars",
    "duckdb", "partridge", "gtfs-kit", "tobler", "spopt", "pulp",
)  # fmt: skip
OURS = "ours"
METHOD = """# Results

Ours against what a user would pick instead, on the same inputs, by `python benchmarks/compare.py`. Every
figure is of a whole process: its wall time with start and imports, its processor time (user and system, all
cores) and its peak memory. The programs of a table run in turns, round after round, so that all of them
meet the same machine; figures are medians, and "× ours" is the median over the rounds of a program's wall
time by ours in the same round (above 1 it is slower than ours, below 1 quicker). A program that has run for
40 s in all sits out the rounds that are left, and one that takes longer than 600 s is stopped. Files were
read before and are in the disk cache. The programs are in [peers](peers/), each small enough to be judged
at a glance.
"""


def machine() -> str:
    """Return what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = []
    for package in PACKAGES:
        try:
            packages.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return (
        f"**Machine:** {os.cpu_count()} cores ({_processor()}), {memory:.0f} GB of memory, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}; "
        f"{', '.join(packages)}{_browser()}.\n"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def _browser() -> str:
    found = shutil.which("chromium")
    if not found:
        return ""
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    return f"; {' '.join(said.stdout.split()[:2])}"


def measured(runs: int, load: float) -> str:
    """Return when a part was measured, and how busy the machine was before."""
    return f"Measured {datetime.now(UTC):%Y-%m-%d}; rounds: {runs}; load average before: {load:.1f}.\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, all but the first column right-aligned."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cells(runs: Sequence[Run], ours: Sequence[Run]) -> list[str]:
    """Return wall and processor seconds, peak memory, the ratio to ours and the rounds, as texts."""
    if runs[-1].fault:
        return [runs[-1].fault.replace("|", "/")[:80], "", "", "", str(len(runs))]
    wall, processor, memory = medians(runs)
    times = "" if ours[-1].fault else f"{ratio(runs, ours):.2f}"
    return [f"{wall:.2f}", f"{processor:.2f}", f"{memory:.0f}", times, str(len(runs))]


CELLS = ("wall s", "processor s", "peak MB", "× ours", "rounds")


def verdict(times: Mapping[str, float]) -> str:
    """Return a sentence that names what was quicker than ours, of how many times ours each took."""
    quicker = [f"{name} ({each:.2f})" for name, each in sorted(times.items(), key=lambda x: x[1]) if each < 1]
    return f"Quicker than ours: {', '.join(quicker) or 'none'}.\n"


def write_section(path: Path, title: str, text: str) -> None:
    """Put a section into the file, instead of the one of that title, in the order of titles."""
    sections = {}
    if path.exists():
        for part in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            name, _, rest = part.partition("\n")
            sections[name] = rest.strip("\n") + "\n"
    sections[title] = text.strip("\n") + "\n"
    parts = [f"## {name}\n{sections[name]}" for name in sorted(sections)]
    # whole or not at all: a run that is stopped leaves the file of the part before
    draft = path.with_name(f".{path.name}")
    draft.write_text("\n".join([METHOD, machine(), *parts]), encoding="utf-8")
    draft.replace(path)
