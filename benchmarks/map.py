"""Measure maps in headless Chromium: size, time to interactive, and how long a switch of language takes.

    python benchmarks/map.py maps/sample/map.html

Opens the page five times without a network; prints medians, and the slowest switch.
"""

import statistics
import sys
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM = "/usr/bin/chromium"
RUNS = 5
# the page is loaded, and drawn: the first frame after the load event holds what the scripts drew on canvases
DRAWN = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
})"""
SWITCHES = """() => {
  let canvas;
  map_plan.eachLayer((layer) => { canvas = layer.options.renderer || canvas; });
  const inputs = [...document.querySelectorAll("input[name=shown]")];
  return [0, 1, 2].flatMap(() => inputs.map((input) => {
    const start = performance.now();
    input.click();
    canvas._redraw();
    return performance.now() - start;
  }));
}"""


def open_page(browser: Browser, file: Path) -> tuple[Page, float]:
    """Open a page, and return it with the milliseconds until it was loaded and drawn.

    What a page asks of the network is answered at once, as from a cache that holds it all: Leaflet by
    Leaflet, everything else by nothing, background maps not at all.
    """
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.route(lambda url: not url.startswith("file:"), _answer)
    page = context.new_page()
    page.goto(file.resolve().as_uri())
    return page, float(page.evaluate(DRAWN))


def _answer(route: Route) -> None:
    from xstatic.pkg import leaflet

    name = route.request.url.rpartition("/")[2]
    if route.request.resource_type not in {"script", "stylesheet"}:
        route.abort()
    elif name in {"leaflet.js", "leaflet.css"}:
        route.fulfill(path=Path(leaflet.BASE_DIR) / name)
    else:
        route.fulfill(body="", content_type="text/javascript" if name.endswith(".js") else "text/css")


def times_to_interactive(pages: Mapping[str, Path], runs: int) -> dict[str, list[float]]:
    """Open pages in turns, and return the milliseconds that each took each time, after one not counted."""
    taken: dict[str, list[float]] = {name: [] for name in pages}
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for number in range(runs + 1):
            for name, file in pages.items():
                page, milliseconds = open_page(browser, file)
                page.context.close()
                if number:
                    taken[name].append(milliseconds)
        browser.close()
    return taken


def main() -> None:
    """Print one line a page."""
    print("| page | KB | interactive ms | switch ms | slowest switch ms |\n|---|---|---|---|---|")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name in sys.argv[1:]:
            file, opened, switched = Path(name), [], []
            for _ in range(RUNS):
                page, milliseconds = open_page(browser, file)
                opened.append(milliseconds)
                switched += page.evaluate(SWITCHES)
                page.context.close()
            print(
                f"| {file} | {file.stat().st_size / 1000:.0f} | {statistics.median(opened):.0f} "
                f"| {statistics.median(switched):.0f} | {max(switched):.0f} |"
            )
        browser.close()


if __name__ == "__main__":
    main()
