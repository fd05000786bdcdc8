"""Try the properties of tests/test_fuzz.py on as many regions as there is time for: `make fuzz MINUTES=30`.

Examples that broke a property are kept in `.fuzz/` (git-ignored) and tried first the next time; what was
found is printed and kept there too. Ends with exit code 1 where anything was found.
"""

import contextlib
import io
import os
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path

import conftest
import test_fuzz
from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase

KEPT = conftest.ROOT / ".fuzz"
TURN = 5  # times the examples of `make test`, before the next property has its turn
SAY_EVERY = 5  # minutes
KNOWN: set[tuple[str, str, int | None, str]] = set()  # faults found already, which would hide the next ones


def main(minutes: float) -> int:
    """Try properties in turn until time is up; return the exit code."""
    warnings.simplefilter("error")
    real = Path(os.environ.get("TARGETING_REAL_DATA", conftest.ROOT.parent / "shared" / "data"))
    tries, found = Counter[str](), Counter[str]()
    (KEPT / "found").mkdir(parents=True, exist_ok=True)
    turns = count(time.time_ns())
    with contextlib.suppress(KeyboardInterrupt):  # who stops it early is told too
        search(time.monotonic() + 60 * minutes, real, turns, tries, found)
    tell(tries, found)
    return 1 if found else 0


def search(end: float, real: Path, turns: Iterator[int], tries: Counter[str], found: Counter[str]) -> None:
    """Try the properties in turn until the time `end`; count what is tried and found."""
    said = time.monotonic()
    for name, tried in cycle(test_fuzz.PROPERTIES.items()):
        if time.monotonic() >= end:
            return
        if time.monotonic() > said + 60 * SAY_EVERY:
            said = time.monotonic()
            print(
                f"{(end - said) / 60:.0f} minutes left: {tries.total():,} examples, {found.total()} found",
                flush=True,
            )
        extra = {}
        if "real_data" in tried.check.__code__.co_varnames[: tried.check.__code__.co_argcount]:
            if not real.is_dir():
                continue
            extra = {"real_data": real}
        fault = attempt(tried, next(turns), extra, tries, name)
        if fault:
            found[name] += 1
            file = KEPT / "found" / f"{name}-{found[name]}.txt"
            file.write_text(fault, encoding="utf-8")
            print(f"\nFOUND by {name}:\n{fault}", flush=True)


def attempt(
    tried: test_fuzz.Property, start: int, extra: dict[str, object], tries: Counter[str], name: str
) -> str:
    """Try a property on some examples; return what broke it, empty where nothing did."""

    def check(**drawn: object) -> None:
        tries[name] += 1
        try:
            tried.check(**extra, **drawn)
        except Exception as fault:
            if place_of(fault) in KNOWN:
                reject()
            raise

    long = settings(
        max_examples=TURN * tried.examples, derandomize=False, deadline=None, print_blob=False,
        database=DirectoryBasedExampleDatabase(KEPT / "examples"), suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate], report_multiple_bugs=False,
    )  # fmt: skip
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            seed(start)(long(given(**tried.drawn)(check)))()
    except Exception as fault:  # noqa: BLE001 whatever breaks a property is what is looked for
        KNOWN.add(place_of(fault))
        return said.getvalue() + "".join(traceback.format_exception(fault))
    return ""


def place_of(fault: Exception) -> tuple[str, str, int | None, str]:
    """Return what kind of fault it is and which line of ours raised it: what tells it from others."""
    lines = traceback.extract_tb(fault.__traceback__)
    ours = [line for line in lines if "targeting" in line.filename or "test_fuzz" in line.filename]
    last = (ours or lines)[-1]
    return type(fault).__name__, last.filename, last.lineno, str(fault)[:60]


def tell(tries: Counter[str], found: Counter[str]) -> None:
    """Print how much was tried, what came of it and what was found."""
    print("\n| property | examples | found |\n|---|---|---|")
    for name in test_fuzz.PROPERTIES:
        what = found[name] or ("nothing" if tries[name] else "not tried: set TARGETING_REAL_DATA")
        print(f"| {name} | {tries[name]:,} | {what} |")
    print(f"| together | {tries.total():,} | {found.total() or 'nothing'} |")
    print("\nOf the regions: " + ", ".join(f"{n:,} {what}" for what, n in sorted(test_fuzz.OUTCOMES.items())))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10))
