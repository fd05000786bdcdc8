"""Measure the map of a plan in headless Chromium: size, time to interactive, time of a language switch.

    python benchmarks/map.py maps/sample/map.html

Opens the page five times without a network; prints medians, and the slowest switch.
"""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
RUNS = 5
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


def main() -> None:
    """Print one line a page."""
    print("| page | KB | interactive ms | switch ms | slowest switch ms |\n|---|---|---|---|---|")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name in sys.argv[1:]:
            page_file, opened, switched = Path(name), [], []
            for _ in range(RUNS):
                context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
                page = context.new_page()
                page.goto(page_file.resolve().as_uri())
                opened.append(
                    page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd")
                )
                switched += page.evaluate(SWITCHES)
                context.close()
            print(
                f"| {page_file} | {page_file.stat().st_size / 1000:.0f} | {statistics.median(opened):.0f} "
                f"| {statistics.median(switched):.0f} | {max(switched):.0f} |"
            )
        browser.close()


if __name__ == "__main__":
    main()
