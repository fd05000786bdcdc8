"""What a map page holds, unpacked as its script does it, and a browser to open it in."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
STEPS = 1e5


def embedded(html: str) -> dict[str, Any]:
    """Return the data of a page as it stands there."""
    found = re.search(r'<script type="application/json" id="plan-data">(.*?)</script>', html, re.S)
    assert found
    content: dict[str, Any] = json.loads(found.group(1))
    return content


def unpacked(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with tracts as GeoJSON features, and lines and stops as points."""
    whole = dict(data)
    whole["routes"] = [
        route | {"lines": [points(part) for part in route["lines"]]} for route in data["routes"]
    ]
    stops = data["stops"]
    whole["stops"] = [
        [*place, stops["names"][name]] for place, name in zip(points(stops["at"]), stops["name"], strict=True)
    ]
    if "tracts" in data:
        shapes = data["topology"]["objects"]["tracts"]["geometries"]
        columns = data["tracts"]
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        for row in rows:
            row["county"] = data["counties"][row["county"]]["name"]
        whole["tracts"] = {
            "features": [
                {"properties": row, "geometry": geometry(data["topology"], shape)}
                for row, shape in zip(rows, shapes, strict=True)
            ]
        }
    return whole


def points(steps: list[int]) -> list[list[float]]:
    """Return the points of a line of steps."""
    lat = lon = 0
    line = []
    for at in range(0, len(steps), 2):
        lat, lon = lat + steps[at], lon + steps[at + 1]
        line.append([lat / STEPS, lon / STEPS])
    return line


def geometry(topology: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """Return a TopoJSON MultiPolygon as GeoJSON, by the rules of its specification."""
    scale, move = topology["transform"]["scale"], topology["transform"]["translate"]

    def arc(number: int) -> list[list[float]]:
        x = y = 0
        line = []
        for step_x, step_y in topology["arcs"][number if number >= 0 else ~number]:
            x, y = x + step_x, y + step_y
            line.append([x * scale[0] + move[0], y * scale[1] + move[1]])
        return line if number >= 0 else line[::-1]

    def ring(numbers: list[int]) -> list[list[float]]:
        line = arc(numbers[0])
        for number in numbers[1:]:
            more = arc(number)
            assert more[0] == pytest.approx(line[-1])  # arcs meet
            line = [*line, *more[1:]]
        assert line[0] == pytest.approx(line[-1])
        return line

    return {"type": "MultiPolygon", "coordinates": [[ring(each) for each in part] for part in shape["arcs"]]}


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield the system's browser, or skip the test with the reason."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: the page is not tried"
    )
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed: the page is not tried in a browser")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


class Visit:
    """An open page without a network, and whatever it complained of or asked for."""

    def __init__(
        self,
        browser: Any,
        file: Path,
        width: int = 1400,
        height: int = 900,
        *,
        address: str = "",
        offline: bool = True,
    ) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.context.set_offline(offline)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri() + address)
