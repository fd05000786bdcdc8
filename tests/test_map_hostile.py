"""Names that try to be scripts, or that are only far too long, in every place that a file fills."""

import html as html_module
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from map_page import Visit, chromium, embedded, unpacked

from targeting.campaign import read_campaign
from targeting.notices import Notices
from targeting.plan import Plan, make_plan
from targeting.write.map import map_html

ROOT = Path(__file__).parent.parent
MARKS = "\u202e\u200f\u2066"
SCRIPT = "</script><script>window.x=1</script><!--<script>"
TEXTS = {
    "code": (
        f"{SCRIPT}<img src=x onerror=window.x=1><svg onload=window.x=1></textarea></title></style> "
        '" onmouseover="window.x=1" \' onfocus=\'window.x=1\' autofocus \\" &quot;&lt;b&gt; '
        "`${window.x=1}` {{ 7*7 }} {% if %} {# #} ${x} \u2028\u2029 javascript:window.x=1 #lang=vi&route=1%00"
    ),
    "marks": f"{MARKS}drawkcab {MARKS}אבג",
    "long": "Very long " * 1000,
    "unbroken": "x" * 10_000,
}
WIDTHS = (1400, 360)


def in_every_place(plan: Plan, text: str) -> Plan:
    """Return the plan with a text as the name of routes, stops, tracts, venues, languages and itself."""
    scores, inputs = plan.scores, plan.scores.inputs
    routes = inputs.feed.routes.assign(
        route_name=text, route_short_name=text, route_long_name=text, agency=text
    )
    notices = Notices()
    notices.add("language_not_posted", text)
    hostile = [replace(language, english_name=text, own_name=text) for language in inputs.languages]
    return replace(
        plan,
        placements=plan.placements.assign(unit_name=text, reason=text, language_name=text),
        vehicles=plan.vehicles.assign(elsewhere=0.5, elsewhere_routes=text),
        scores=replace(
            scores,
            inputs=replace(
                inputs,
                languages=hostile,
                feed=replace(
                    inputs.feed,
                    routes=routes,
                    stops=inputs.feed.stops.assign(stop_name=text),
                    left_out=inputs.feed.left_out.assign(route_name=text, route_short_name=text),
                ),
                tracts=replace(
                    inputs.tracts,
                    names=inputs.tracts.names.map(lambda _: text),
                    county=inputs.tracts.county.map(lambda _: text),
                    sources=((text, text),),
                ),
                venues=inputs.venues.assign(name=text, kind=text),
            ),
            notices=notices,
            campaign=scores.campaign.model_copy(update={"name": text}),
        ),
    )


@pytest.fixture(scope="module")
def plan() -> Plan:
    venues = [f'venues.file="{ROOT / "data" / "sample_venues.csv"}"', "venues.cards=4"]
    return make_plan(read_campaign(ROOT / "data" / "sample.toml", venues))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("audience", ["staff", "public"])
@pytest.mark.parametrize("kind", TEXTS)
def test_hostile_names_are_only_text(
    browser: Any, plan: Plan, tmp_path: Path, kind: str, audience: Any
) -> None:
    text = TEXTS[kind]
    written = map_html(in_every_place(plan, text), audience)
    data = unpacked(embedded(written))
    assert data["routes"][0]["name"] == text
    assert data["stops"][0][2] == text
    assert data["venues"][0]["kind"] == text
    (tmp_path / "map.html").write_text(written, encoding="utf-8")
    for width in WIDTHS:
        visit = Visit(browser, tmp_path / "map.html", width, 800)
        page = visit.page
        assert page.locator("h1").text_content() == text
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        for opened in ("#routes .route-row", "#venues .route-row", "#placements tbody tr"):
            page.locator(opened).first.evaluate("(row) => row.click()")
            assert page.locator(".card h3").text_content() == text
        page.evaluate("() => { map_plan.eachLayer((l) => { if (l.getTooltip()) l.openTooltip(); }); }")
        page.evaluate("() => { map_plan.eachLayer((l) => { if (l.getTooltip()) l.closeTooltip(); }); }")
        if audience == "staff":
            page.evaluate(
                "() => { let one; map_plan.eachLayer((layer) => { if (layer.feature) one = layer; });"
                " one.fire('click', { latlng: one.getBounds().getCenter() }); }"
            )
            assert page.locator(".tract-popup h3").text_content() == text
        page.locator("input[name=shown]").nth(1).evaluate("(input) => input.click()")
        page.get_by_role("searchbox").fill("a" if kind == "long" else text[:40])
        page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
        page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert page.evaluate("() => typeof window.x") == "undefined"
        assert (
            page.locator("img, main script, aside script, [onerror], [onmouseover], [onfocus]").count() == 0
        )
        assert visit.complaints == []
        assert len(visit.requests) == 1
        visit.context.close()


def test_what_is_written_for_one_place_cannot_leave_it(plan: Plan) -> None:
    harmless, hostile = map_html(plan), map_html(in_every_place(plan, SCRIPT))
    assert hostile.count("<script") == harmless.count("<script")
    assert SCRIPT not in hostile
    assert html_module.escape(SCRIPT) in hostile


@pytest.mark.parametrize(
    "address",
    [
        "#lang=%3Cscript%3E&route=nowhere&venue=x",
        "#lang[]=vi&route=__proto__",
        "#lang=constructor",
        "#%",
        "#route=" + "9" * 5000,
        "#lang=vi%22%5D&route=%E0%A4%A",
    ],
)
def test_a_strange_address_shows_the_plan(browser: Any, plan: Plan, tmp_path: Path, address: str) -> None:
    (tmp_path / "map.html").write_text(map_html(plan), encoding="utf-8")
    visit = Visit(browser, tmp_path / "map.html", address=address)
    assert visit.page.get_by_role("radio", name="The plan").is_checked()
    assert not visit.page.locator("#card").is_visible()
    assert visit.complaints == []
    visit.context.close()


def test_an_injected_script_does_not_run(browser: Any, plan: Plan, tmp_path: Path) -> None:
    page = map_html(plan)
    broken = page.replace("</body>", "<script>window.x=1</script><img src=x onerror='window.x=1'></body>")
    (tmp_path / "map.html").write_text(broken, encoding="utf-8")
    visit = Visit(browser, tmp_path / "map.html")
    assert visit.page.evaluate("() => typeof window.x") == "undefined"
    assert [text for text in visit.complaints if "Content Security Policy" in text]
    assert visit.page.locator(".badge").count() > 0
    visit.context.close()
