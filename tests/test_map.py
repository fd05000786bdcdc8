"""The interactive map: whole, truthful, harmless and usable with no network at all."""

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import map_page
import numpy as np
import pandas as pd
import pytest
import shapely
from map_page import unpacked

from targeting import reasons, wording
from targeting.campaign import read_campaign
from targeting.certainty import reliability
from targeting.hotspots import HotspotRule, hotspots_of
from targeting.languages import catalogue
from targeting.notices import Notices
from targeting.plan import Plan, make_plan
from targeting.scores import Scores
from targeting.wording import period
from targeting.write.map import map_html
from targeting.write.map_data import map_data
from targeting.write.map_geometry import one_line_per_street
from targeting.write.map_style import language_style
from targeting.write.map_text import page_text
from targeting.write.map_tracts import class_breaks, classify, close_rivals, told
from targeting.write.record import source_line
from targeting.write.tables import rounded, tables_csv

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
HOSTILE = (
    "</script><script>window.x=1</script><img src=x onerror=window.x=1> `${window.x=1}` "
    "{{ 7*7 }} {% if %} '\"\\ \u2028 &lt;b&gt;"
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_campaign(SAMPLE, ["strategy=predominant", "buses=8"]))


@pytest.fixture(scope="module")
def html(plan: Plan) -> str:
    return map_html(plan)


@pytest.fixture(scope="module")
def data(html: str) -> dict[str, Any]:
    return embedded(html)


@pytest.fixture(scope="module")
def hostile(plan: Plan) -> Plan:
    """Return the plan with a hostile text in every place that a file or a planner fills."""
    scores = plan.scores
    route = plan.placements["unit_id"].iloc[0]
    routes = scores.feed.routes.copy()
    routes.loc[route, ["route_name", "route_short_name", "agency"]] = HOSTILE
    stops = scores.feed.stops.assign(stop_name=HOSTILE)
    placements = plan.placements.copy()
    placements.loc[0, ["unit_name", "reason"]] = HOSTILE
    notices = Notices()
    notices.add("language_not_posted", HOSTILE)
    tracts = replace(
        scores.tracts,
        names=scores.tracts.names + HOSTILE,
        county=HOSTILE + scores.tracts.county,
        sources=((HOSTILE, HOSTILE),),
    )
    return replace(
        plan,
        placements=placements,
        scores=replace(
            scores,
            inputs=replace(
                scores.inputs, feed=replace(scores.feed, routes=routes, stops=stops), tracts=tracts
            ),
            notices=notices,
            campaign=scores.campaign.model_copy(update={"name": HOSTILE}),
        ),
    )


def with_inputs(scores: Scores, **changed: object) -> Scores:
    """Return the scores of other inputs, all else as it was."""
    return replace(scores, inputs=replace(scores.inputs, **changed))


def embedded(html: str) -> dict[str, Any]:
    return unpacked(map_page.embedded(html))


class Page(HTMLParser):
    """What a browser would make of the page: its tags with attributes, its text, its scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


# --- the page as a file -----------------------------------------------------------------------


def test_same_plan_gives_the_same_bytes(plan: Plan, html: str) -> None:
    assert map_html(plan) == html


def test_is_small_enough_for_an_email(html: str) -> None:
    assert 200_000 < len(html.encode()) < 700_000


def test_nothing_is_loaded_from_elsewhere(html: str) -> None:
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        assert not {"src", "srcset", "action", "data", "background"} & set(attributes), tag
        assert "href" not in attributes
    styles = "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    assert ".leaflet-pane" in styles
    assert "url(" not in styles
    assert "@import" not in styles
    assert "sourceMappingURL" not in html
    # the addresses in Leaflet's own text are names, never fetched; ours has the one of SVG
    ours = next(script for script in page.scripts if "function planWords" in script)
    assert set(re.findall(r"https?://[^\"' ]*", ours)) == {"http://www.w3.org/2000/svg"}


def test_policy_allows_exactly_the_scripts_of_the_page(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    assert policy.group(1).startswith("default-src 'none'; ")
    assert html.index("Content-Security-Policy") < html.index("<script")
    allowed = set(re.findall(r"'sha256-([^']*)'", policy.group(1)))
    run = {
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in Page(html).scripts
        if not script.startswith("{")
    }
    assert allowed == run
    assert "'unsafe-inline'" not in policy.group(1).split("script-src")[1].split(";")[0]


def test_every_text_is_text_however_hostile(hostile: Plan, html: str) -> None:
    written = map_html(hostile)
    harmless, page = Page(html), Page(written)
    assert [tag for tag, _ in page.tags if tag != "li"] == [tag for tag, _ in harmless.tags if tag != "li"]
    assert len(page.scripts) == len(harmless.scripts)
    assert [script for script in page.scripts if script[0] != "{"] == [
        script for script in harmless.scripts if script[0] != "{"
    ]
    kept = embedded(written)
    assert kept["routes"][0]["name"] == HOSTILE
    assert kept["routes"][0]["posters"][0]["reason"] == HOSTILE
    assert kept["stops"][0][2] == HOSTILE
    assert kept["tracts"]["features"][0]["properties"]["county"].startswith(HOSTILE)
    assert kept["counties"][0]["name"].endswith("County")
    # name (heading and title), agency, notice, source: each shown as it was written
    assert page.text.count(" ".join(HOSTILE.split())) >= 5
    assert "{{ 7*7 }}" in page.text


# --- what it says -----------------------------------------------------------------------------


def test_every_route_says_why(plan: Plan, data: dict[str, Any]) -> None:
    posted = [route for route in data["routes"] if route["posters"]]
    said = [poster["reason"] for route in posted for poster in route["posters"]]
    assert said == plan.placements["reason"].tolist()
    names = plan.scores.feed.routes["route_name"]
    others = [route for route in data["routes"] if not route["posters"]]
    assert len(posted) + len(others) == len(names)
    assert others
    for route in others:
        route_id = names.index[names == route["name"]][0]
        assert route["verdict"] == reasons.verdict(plan.scores, route_id)


def test_figures_are_the_plans(plan: Plan, data: dict[str, Any]) -> None:
    tags = [language["tag"] for language in data["languages"]]
    rows = plan.routes.set_index(["route_id", "language"])
    published = rounded(plan.routes).set_index(["route_id", "language"])
    route_id = plan.placements["unit_id"].iloc[0]
    figures = data["routes"][0]["figures"]
    assert [tags[row[0]] for row in figures] == tags
    for language, served, margin, share, share_moe, largest, sure in figures:
        row, printed = rows.loc[(route_id, tags[language])], published.loc[(route_id, tags[language])]
        assert [served, margin] == [told(printed["served"], 10), printed["served_moe"]]
        assert [largest, sure] == [wording.percent(row["largest_probability"]), row["reliability"]]
        assert share == round(100 * row["share"], 1)
        assert share_moe == round(100 * row["share_moe"], 1)
    for poster in data["routes"][0]["posters"]:
        printed = published.loc[(route_id, tags[poster["language"]])]
        assert [poster["low"], poster["high"]] == [printed["served_low"], printed["served_high"]]


def test_undefined_figures_become_null(plan: Plan) -> None:
    routes = plan.routes.assign(share_moe=np.nan, share=np.nan)
    changed = map_data(replace(plan, scores=replace(plan.scores, routes=routes)))
    assert changed["routes"][0]["figures"][0][3] is None
    assert changed["routes"][0]["figures"][0][4] is None
    json.dumps(changed, allow_nan=False)


def test_summary_gives_coverage_with_margins(plan: Plan, html: str) -> None:
    text = Page(html).text
    region = plan.coverage[plan.coverage["area"] == "Region"].set_index("language")
    row = region.loc["es"]
    assert (
        f"{row['served_posted']:,.0f} ± {row['served_posted_moe']:,.0f} of {row['served_any']:,.0f} near any "
        f"bus route ({row['served_posted'] / row['served_any']:.0%}); {row['lep']:,.0f} in the area"
    ) in text
    assert "The area of the census table: 120 tracts in 2 counties" in text
    exact = f"in the area of the census table {row['lep']:,.0f} ± {row['lep_moe']:,.0f}; "
    exact += f"{row['served_posted_share']:.1%} ± {100 * row['served_posted_share_moe']:.1f} of these served"
    assert exact in html
    placed = plan.placements[plan.placements["language"] == "es"]
    assert f"Español · Spanish {placed['buses'].sum()} of 8 buses" in text
    assert "8 buses on" in text
    arabic = region.loc["ar"]
    assert (
        f"No buses; {arabic['served_any']:,.0f} near any bus route, {arabic['lep']:,.0f} in the area" in text
    )


def test_says_which_language_most_buses_carry_and_why(plan: Plan, optimal: Plan) -> None:
    def first_note(plan: Plan, **columns: object) -> str:
        changed = replace(plan, placements=plan.placements.assign(**columns))
        return str(page_text(changed)["notes"][0])

    spanish = {name: made.placements.query("language == 'es'")["buses"].sum() for name, made in
               (("predominant", plan), ("optimal", optimal))}  # fmt: skip
    assert first_note(plan) == f"Spanish is on {spanish['predominant']} of the 8 buses."
    assert spanish["optimal"] > 6
    assert first_note(optimal) == (
        f"Spanish is on {spanish['optimal']} of the 12 buses: everyone reached counts alike."
    )
    # six of twelve are not most of them
    six = [6] + [0] * (len(optimal.placements) - 1)
    assert first_note(optimal, buses=six).startswith("Russian is counted as")


def test_says_which_routes_are_counted(plan: Plan, html: str) -> None:
    assert "Bus routes only; 1 tram route left out" in Page(html).text
    feed = plan.scores.feed
    idle = feed.left_out.assign(mode="bus")
    more = replace(feed, left_out=pd.concat([feed.left_out, idle]))
    text = Page(map_html(replace(plan, scores=with_inputs(plan.scores, feed=more)))).text
    assert "1 tram route left out; 1 route without service in the design week left out" in text


def test_the_second_language_of_a_group_is_said_to_count_the_same_people(plan: Plan) -> None:
    russian = next(language for language in plan.scores.languages if language.tag == "ru")
    ukrainian = replace(russian, tag="uk", english_name="Ukrainian", own_name="Українська")
    rows = plan.coverage[plan.coverage["language"] == "ru"].assign(language="uk")
    figures = plan.routes[plan.routes["language"] == "ru"].assign(language="uk")
    both = replace(
        plan,
        scores=replace(
            with_inputs(plan.scores, languages=[*plan.scores.languages, ukrainian]),
            routes=pd.concat([plan.routes, figures]),
        ),
        coverage=pd.concat([plan.coverage, rows]),
    )
    page = map_html(both)
    assert page.count("same people as Russian") == 1
    assert page.index('value="uk"') < page.index("same people as Russian")


def test_the_release_stands_for_file_names_where_it_is_known(plan: Plan) -> None:
    campaign = plan.scores.campaign
    region = campaign.region.model_copy(update={"acs_release": "2015-2019 5-year"})
    notices = Notices()
    notices.add("route_without_shape", "x")
    scores = replace(plan.scores, campaign=campaign.model_copy(update={"region": region}), notices=notices)
    text = Page(map_html(replace(plan, scores=scores))).text
    assert "American Community Survey 2015-2019 5-year, table C16001, placed on the points" in text
    assert "sample_c16001.csv" not in text
    assert "Lines are drawn from stop to stop" in text
    assert "Made by targeting " in text


def test_notes_are_open_and_near_where_a_language_has_no_bus(plan: Plan, html: str) -> None:
    assert '<details class="know" id="know" open>' in html
    assert html.index('id="know"') < html.index('id="routes"')
    quiet = Notices()
    quiet.add("another", "Something else.")
    other = map_html(replace(plan, scores=replace(plan.scores, notices=quiet)))
    assert '<details class="know" id="know">' in other
    assert other.index('id="know"') > other.index('id="placements"')


def test_placements_stand_in_the_page_as_in_the_table(plan: Plan, html: str) -> None:
    text = Page(html[html.index('<table id="placements">') : html.index("</table>")]).text
    lines = pd.read_csv(io.StringIO(tables_csv(plan)["placements.csv"]))
    for row in lines.itertuples():
        own = next(lang.own_name for lang in plan.scores.languages if lang.tag == row.language)
        assert (
            f"{row.unit_name} {row.language_name} · {own} {row.buses} {row.vehicles} "
            f"{row.served:,} ± {row.served_moe:,}"
        ) in text


def test_a_language_without_buses_shows_no_share(plan: Plan, html: str) -> None:
    assert "ar" not in set(plan.placements["language"])
    arabic = html[html.index('value="ar"') :]
    arabic = arabic[: arabic.index("</label>")]
    assert "No buses" in arabic
    assert "0.0%</span>" not in arabic
    assert "bar-margin" not in arabic


def test_a_source_line_says_until_when_the_timetable_is_valid_and_where_people_are_put(plan: Plan) -> None:
    line = source_line(plan.scores)
    assert "placed on the points of sample_points.geojson;" in line
    assert "(invented-2025-09, timetable of 2025-09-01 to 2025-12-14), week 2025-09-08 to 2025-09-14" in line
    campaign = plan.scores.campaign
    region = campaign.region.model_copy(update={"points": None})
    unversioned = [replace(source, version="") for source in plan.scores.feed.sources]
    feed = replace(plan.scores.feed, sources=unversioned)
    bare = replace(
        with_inputs(plan.scores, feed=feed), campaign=campaign.model_copy(update={"region": region})
    )
    line = source_line(bare)
    assert "placed evenly over tracts;" in line
    assert "Halvern Transit (invented) (timetable of 2025-09-01 to 2025-12-14), week" in line
    assert "placed evenly over tracts. Service" in page_text(replace(plan, scores=bare))["source"][0]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2025, 2, 3), date(2025, 2, 9), "February 3 – 9, 2025"),
        (date(2025, 2, 24), date(2025, 3, 2), "February 24 – March 2, 2025"),
        (date(2024, 12, 1), date(2025, 5, 31), "December 1, 2024 – May 31, 2025"),
        (date(2024, 12, 1), date(2025, 12, 31), "December 1, 2024 – December 31, 2025"),
    ],
)
def test_a_period_names_month_and_year_once_where_once_is_enough(first: date, last: date, said: str) -> None:
    assert period(first, last) == said


def test_says_where_figures_come_from_and_what_they_are_not(plan: Plan, html: str) -> None:
    text = Page(html).text
    assert "ACS table C16001, sample_c16001.csv" in text
    assert "placed on the points of sample_points.geojson." in text
    assert (
        "feed version invented-2025-09, timetable of September 1 – December 14, 2025, "
        "design week September 8 – 14, 2025."
    ) in text
    assert "Figures are estimates with 90% margins of error." in text
    assert "Aggregated census estimates; not a map of trafficking and never of persons." in text
    assert "speak English less than “very well” (LEP)" in text
    assert "400 m (1,312 ft) to a bus stop" in text
    for notice in plan.scores.notices.warnings:
        assert notice.message in text
    assert "Russian is counted as: Russian, Polish, or other Slavic languages" in text


def test_speakers_are_not_called_lep(plan: Plan) -> None:
    campaign = plan.scores.campaign
    region = campaign.region.model_copy(update={"measure": "speakers"})
    scores = replace(plan.scores, campaign=campaign.model_copy(update={"region": region}))
    written = map_html(replace(plan, scores=scores))
    assert "LEP" not in Page(written).text
    assert embedded(written)["words"]["people"] == "speakers"


def test_only_an_invented_city_is_called_so(plan: Plan, html: str) -> None:
    assert "Invented city: sample data" in Page(html).text
    feed = plan.scores.feed
    real = replace(
        feed,
        routes=feed.routes.assign(agency="TriMet"),
        sources=tuple(replace(source, agencies=("TriMet",)) for source in feed.sources),
    )
    written = map_html(replace(plan, scores=with_inputs(plan.scores, feed=real)))
    assert "Invented city" not in Page(written).text


def test_own_names_carry_their_language_and_direction(html: str) -> None:
    assert '<bdi lang="ar">العربية</bdi>' in html
    assert '<bdi lang="vi">Tiếng Việt</bdi>' in html


def test_no_two_languages_look_alike() -> None:
    dashes = [language_style(tag)["dash"] for tag in catalogue()]
    assert len(set(dashes)) == len(dashes)
    assert (
        len({language_style(tag)["color"] for tag in ("es", "vi", "zh", "ru", "ko", "ar", "tl", "uk")}) == 8
    )


def test_a_language_looks_the_same_in_every_plan(plan: Plan, data: dict[str, Any]) -> None:
    backwards = replace(plan, scores=with_inputs(plan.scores, languages=plan.scores.languages[::-1]))
    looks = {row["tag"]: (row["color"], row["dash"]) for row in data["languages"]}
    assert {row["tag"]: (row["color"], row["dash"]) for row in map_data(backwards)["languages"]} == looks
    for color, _ in looks.values():  # a hue, not a grey
        channels = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        assert max(channels) - min(channels) > 40


# --- shading ----------------------------------------------------------------------------------


def test_class_ends_belong_to_the_lower_class_and_nobody_to_none() -> None:
    assert classify(np.array([0.0, 0.5, 2.0, 2.1, 9.0]), [2.0, 5.0]).tolist() == [0, 1, 1, 2, 3]


def test_classes_hold_a_fifth_each_of_the_tracts_with_anyone() -> None:
    density = np.concatenate([np.zeros(300), np.arange(1, 101)])
    counts = np.bincount(classify(density, class_breaks(density)))
    assert counts[0] == 300
    assert counts[1:].tolist() == pytest.approx([20] * 5, abs=1)  # ends are rounded


@pytest.mark.parametrize("density", [[0.0, 0.0], [0.0, 7.0], [7.0, 7.0, 7.0], [1e-9, 1e9]])
def test_few_tracts_make_no_empty_classes(density: list[float]) -> None:
    values = np.array(density)
    breaks = class_breaks(values)
    classes = classify(values, breaks)
    assert set(classes[values > 0]) == set(range(1, len(breaks) + 2 if values.any() else 1))


def test_tracts_are_shaded_by_people_per_area_of_the_unsimplified_tract(
    plan: Plan, data: dict[str, Any]
) -> None:
    tracts = plan.scores.tracts
    square_miles = tracts.geometry.to_crs(tracts.geometry.estimate_utm_crs()).area / 1609.344**2
    spanish = tracts.estimates["spanish"] / square_miles
    language = data["languages"][0]
    for feature, density, people, geoid in zip(
        data["tracts"]["features"], spanish, tracts.estimates["spanish"], tracts.names.index,
        strict=True,
    ):  # fmt: skip
        tract = feature["properties"]
        expected = 1 + sum(density > end for end in language["breaks"]) if density else 0
        assert tract["classes"][0] == expected
        assert tract["people"][0] == (None if 0 < people < 10 else people)
        most = plan.scores.predominant[geoid]
        assert (tract["most"] == -1) == (most == "")
        assert most in {"", "spanish"} or tract["most"] != 0
    assert {feature["properties"]["classes"][0] for feature in data["tracts"]["features"]} >= {1, 5}


def test_drawn_tracts_leave_no_gaps(plan: Plan, data: dict[str, Any]) -> None:
    drawn = [shapely.geometry.shape(f["geometry"]) for f in data["tracts"]["features"]]
    assert len(drawn) == len(plan.scores.tracts.names)
    total, union = sum(shape.area for shape in drawn), shapely.union_all(drawn).area
    assert union == pytest.approx(total, rel=1e-4)
    assert union == pytest.approx(shapely.area(plan.scores.tracts.geometry.to_numpy()).sum(), rel=0.01)
    assert all(shapely.get_num_coordinates(shape) < 400 for shape in drawn)


# --- lines ------------------------------------------------------------------------------------


def test_two_directions_on_one_street_are_one_line() -> None:
    there = [(x, 0) for x in range(0, 2001, 50)]
    back = [(x, 12) for x in range(2000, -1, -50)]
    drawn = one_line_per_street(shapely.MultiLineString([there, back]))
    assert drawn.length == pytest.approx(2000, rel=0.01)


def test_a_one_way_pair_stays_two_and_is_joined_to_the_rest() -> None:
    main = [(0, 0), (1000, 0), (2000, 0), (3000, 0)]
    pair = [(3000, 5), (2000, 5), (2000, 90), (1000, 90), (1000, 5), (0, 5)]
    drawn = one_line_per_street(shapely.MultiLineString([main, pair]))
    assert drawn.length == pytest.approx(3000 + 1000 + 2 * 90, rel=0.05)
    assert drawn.buffer(0.01).geom_type == "Polygon"  # no gap where the pair leaves the street


def test_lines_between_stops_are_kept_whole() -> None:
    segments = [[(0, 0), (500, 0)], [(500, 0), (1000, 0)], [(1000, 0), (1000, 60)]]
    drawn = one_line_per_street(shapely.MultiLineString(segments))
    assert drawn.length == 1060
    assert drawn.geom_type == "LineString"


# --- in a browser -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with map_page.chromium() as running:
        yield running


class Visit(map_page.Visit):
    def fills(self) -> list[str]:
        """Return the colour of every tract, in the order of the data."""
        fills: list[str] = self.page.evaluate(
            "() => { const found = []; map_plan.eachLayer((layer) => {"
            " if (layer.feature) found.push([layer.feature.properties, layer.options.fillColor]); });"
            " const { tracts, counties } = JSON.parse(document.getElementById('plan-data').textContent);"
            " const by = new Map(found.map(([p, fill]) => [p.county + p.name, fill]));"
            " return tracts.name.map((name, at) => by.get(counties[tracts.county[at]].name + name)); }"
        )
        return fills


@pytest.fixture
def visit(browser: Any, html: str, tmp_path: Path) -> Iterator[Visit]:
    (tmp_path / "map.html").write_text(html, encoding="utf-8")
    opened = Visit(browser, tmp_path / "map.html")
    yield opened
    assert opened.complaints == []
    assert len(opened.requests) == 1
    opened.context.close()


def test_opens_with_no_network(visit: Visit, data: dict[str, Any]) -> None:
    assert visit.page.locator("canvas").count() == 1
    assert visit.page.locator(".leaflet-control-scale-line").count() == 2
    assert visit.page.locator(".badge").count() > 0
    assert "Red Means Help" in visit.page.title()
    assert len(visit.fills()) == len(data["tracts"]["features"])


def test_choosing_a_language_changes_tracts_routes_and_legend(visit: Visit, data: dict[str, Any]) -> None:
    plan_fills, legend = visit.fills(), visit.page.locator("#legend-body")
    assert "Tinted where a campaign language predominates" in legend.inner_text()
    visit.page.get_by_role("radio", name="Vietnamese").check()
    position = [language["tag"] for language in data["languages"]].index("vi")
    language = data["languages"][position]
    for feature, fill in zip(data["tracts"]["features"], visit.fills(), strict=True):
        number = feature["properties"]["classes"][position]
        if number and feature["properties"]["reliability"][position] == "l":
            assert not isinstance(fill, str)  # a pattern is no text
        else:
            assert (fill == language["ramp"][number - 1]) if number else fill not in language["ramp"]
    text = legend.inner_text()
    assert "Vietnamese: LEP speakers per square mile of tract" in text
    assert "Shades are relative to this language." in text
    assert f"up to {language['breaks'][0]:g}" in text
    assert f"over {language['breaks'][-1]:g}" in text
    assert "predominates" not in text
    carrying = [r for r in data["routes"] if position in [p["language"] for p in r["posters"]]]
    assert visit.page.locator("#routes .route-row").count() == len(carrying)
    bold = visit.page.evaluate(
        "() => { let found = 0; map_plan.eachLayer((layer) => {"
        f" if (layer.options.color === '{language['color']}' && layer.options.weight > 3) found += 1;"
        " }); return found; }"
    )
    assert bold == len(carrying) > 0
    visit.page.get_by_role("radio", name="The plan").check()
    assert visit.fills() == plan_fills


def test_a_language_can_be_chosen_by_keyboard(visit: Visit) -> None:
    visit.page.get_by_role("radio", name="The plan").focus()
    visit.page.keyboard.press("ArrowDown")
    assert visit.page.get_by_role("radio", name="Spanish").is_checked()
    assert "Spanish: LEP speakers per square mile" in visit.page.locator("#legend-body").inner_text()


def test_a_listed_route_opens_with_its_reason(visit: Visit, plan: Plan) -> None:
    for number in (0, 3):
        visit.page.locator("#routes .route-row").nth(number).click()
        assert visit.page.locator(".reason").inner_text() == plan.placements["reason"].iloc[number]
        assert visit.page.locator(".route-popup").count() == 1
    assert "Russian *" in visit.page.locator(".route-popup table").inner_text()
    poster = plan.placements.iloc[3]
    said = visit.page.locator(".route-popup .of").inner_text()
    assert said == f"{poster['buses']} of {poster['vehicles']} buses"
    assert "The route’s other buses do not carry it." in visit.page.locator(".route-popup").inner_text()
    assert f"{said} · {poster['served']:,.0f} ± {poster['served_moe']:,.0f} served · rank 4" in (
        visit.page.locator("#routes .route-row").nth(3).inner_text()
    )
    assert (
        "Russian is counted as: Russian, Polish, or other Slavic languages"
        in visit.page.locator(".route-popup").inner_text()
    )
    visit.page.keyboard.press("Escape")
    assert visit.page.locator(".route-popup").count() == 0


def test_a_route_without_poster_is_found_and_says_why(visit: Visit, data: dict[str, Any]) -> None:
    route = next(route for route in data["routes"] if not route["posters"])
    visit.page.get_by_role("searchbox").fill(route["name"])
    visit.page.locator(".route-row").first.click()
    text = visit.page.locator(".route-popup").inner_text()
    assert "No poster in this plan" in text
    assert visit.page.locator(".reason").inner_text() == route["verdict"]


def test_a_click_on_a_tract_opens_its_figures(visit: Visit, data: dict[str, Any]) -> None:
    for layer in ("posted", "others"):
        visit.page.locator(f"[data-layer={layer}]").uncheck()
    tract = data["tracts"]["features"][10]
    inside = shapely.geometry.shape(tract["geometry"]).representative_point()
    spot = visit.page.evaluate(
        f"() => {{ map_plan.setView([{inside.y}, {inside.x}], 14, {{animate: false}});"
        f" const point = map_plan.latLngToContainerPoint([{inside.y}, {inside.x}]);"
        " const box = map_plan.getContainer().getBoundingClientRect();"
        " return [box.x + point.x, box.y + point.y]; }"
    )
    visit.page.mouse.click(*spot)
    properties = tract["properties"]
    popup = visit.page.locator(".tract-popup")
    assert popup.locator("h3").inner_text() == properties["name"]
    assert properties["people"][0] is None  # too few to be told, so the page does not hold them
    assert popup.locator("td").first.inner_text() == "under 10"
    position = next(n for n, people in enumerate(properties["people"]) if people)
    cell = popup.locator("tbody tr").nth(position).locator("td")
    assert cell.first.inner_text() == (
        f"{properties['people'][position]:,} ± {properties['margins'][position]:,}"
    )


def test_layers_can_be_hidden_and_stops_shown_when_near(visit: Visit, data: dict[str, Any]) -> None:
    count = (
        "() => { let n = 0; map_plan.eachLayer((l) => { if (l.options.radius === 3) n += 1; }); return n; }"
    )
    visit.page.evaluate("() => { map_plan.setZoom(11, {animate: false}); }")
    assert visit.page.locator("[data-layer=stops]").is_disabled()
    assert "zoom in further to see them" in visit.page.locator("#legend-body").inner_text()
    visit.page.evaluate("() => { map_plan.setZoom(14, {animate: false}); }")
    visit.page.locator("[data-layer=stops]").check()
    assert visit.page.evaluate(count) == len(data["stops"])
    visit.page.locator("[data-layer=tracts]").uncheck()
    assert not any(visit.fills())
    visit.page.locator("[data-layer=posted]").uncheck()
    assert visit.page.locator(".badge").count() == 0


def test_hostile_names_run_nothing(browser: Any, hostile: Plan, tmp_path: Path) -> None:
    (tmp_path / "map.html").write_text(map_html(hostile), encoding="utf-8")
    visit = Visit(browser, tmp_path / "map.html")
    visit.page.locator(".route-row").first.click()
    assert visit.page.locator(".reason").text_content() == HOSTILE
    assert visit.page.locator(".route-popup h3").text_content() == HOSTILE
    assert visit.page.locator("h1").text_content() == HOSTILE
    visit.page.evaluate(
        "() => { map_plan.eachLayer((layer) => { if (layer.getTooltip()) layer.openTooltip(); }); }"
    )
    assert any(HOSTILE in text for text in visit.page.locator(".leaflet-tooltip").all_text_contents())
    assert visit.page.evaluate("() => typeof window.x") == "undefined"
    assert visit.page.locator("img").count() == 0
    assert visit.complaints == []
    assert len(visit.requests) == 1
    visit.context.close()


def test_fits_a_telephone(browser: Any, html: str, tmp_path: Path) -> None:
    (tmp_path / "map.html").write_text(html, encoding="utf-8")
    visit = Visit(browser, tmp_path / "map.html", 360, 740)
    assert visit.page.evaluate("() => document.documentElement.scrollWidth") == 360
    assert not visit.page.locator("#legend-body").is_visible()
    visit.page.locator(".route-row").first.click()
    visit.page.wait_for_timeout(500)  # the map glides until the popup is wholly in view
    box = visit.page.locator(".card").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    number = visit.page.locator(".badge .picked").bounding_box()
    assert number["y"] + number["height"] <= box["y"]  # the route stays in sight
    for control in (".legend", ".leaflet-control-zoom"):  # nothing lies over the text
        assert not visit.page.locator(control).is_visible()
    visit.context.close()


def test_figures_can_be_read_without_scripts(browser: Any, html: str, tmp_path: Path) -> None:
    (tmp_path / "map.html").write_text(html, encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "map.html").as_uri())
    assert page.get_by_text("15,831 in the area").is_visible()
    assert page.locator("#placements tbody tr").count() == 8
    assert page.locator("#placements").is_visible()
    assert page.get_by_text("never of persons").count() == 1
    assert "<noscript>" in html
    context.close()


def test_search_puts_the_exact_number_first(visit: Visit, data: dict[str, Any]) -> None:
    box, hits = visit.page.get_by_role("searchbox"), visit.page.locator("#found .number")
    box.fill("2")
    found = hits.all_inner_texts()
    shorts = [route["short"] for route in data["routes"]]
    begin = [short for short in shorts if short.startswith("2")]
    assert found[0] == "2"
    assert sorted(found[: len(begin)]) == sorted(begin)
    assert len(begin) > 1
    box.press("Enter")
    name = next(route["name"] for route in data["routes"] if route["short"] == "2")
    assert visit.page.locator(".route-popup h3").inner_text() == name
    box.fill("alder")
    assert hits.count() == sum("Alder" in route["name"] for route in data["routes"]) > 1
    box.fill("nowhere at all")
    assert hits.count() == 0
    assert "No route of that name runs" in visit.page.locator("#found-note").inner_text()


def test_search_says_why_a_route_of_another_mode_is_not_found(visit: Visit) -> None:
    visit.page.get_by_role("searchbox").fill("blue line")
    note = visit.page.locator("#found-note.missed").inner_text()
    assert note == "Blue Blue Line is a tram route; this campaign uses bus routes only."


def test_a_language_lists_the_routes_that_serve_most_of_its_people(visit: Visit, plan: Plan) -> None:
    visit.page.get_by_role("radio", name="Korean").check()
    korean = plan.routes[plan.routes["language"] == "ko"].sort_values("served", ascending=False)
    rows = visit.page.locator(".top-row")
    assert rows.count() == 10
    first = korean.iloc[0]
    text = rows.first.inner_text()
    assert text.startswith(first["route_short_name"])
    assert f"{first['served']:,.0f} ± {first['served_moe']:,.0f}" in text
    carried = plan.placements.set_index("unit_id")["language_name"].get(first["route_id"])
    assert (f"carries {carried}" if carried else "no poster") in text
    assert first["route_short_name"] in visit.page.locator(".badge .number").all_inner_texts()


@pytest.mark.parametrize("size", [(1400, 900), (1024, 700)])
def test_nothing_covers_the_card_and_closing_it_restores_the_view(
    browser: Any, html: str, tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "map.html").write_text(html, encoding="utf-8")
    visit = Visit(browser, tmp_path / "map.html", *size)
    assert visit.page.locator("#legend-body").is_visible() == (size[0] >= 1200)
    visit.page.locator(".legend summary").click()  # the other way round
    before = visit.page.evaluate("() => [map_plan.getCenter().lat, map_plan.getZoom()]")
    visit.page.locator("#routes .route-row").nth(1).click()
    covered = visit.page.evaluate(
        "() => { const card = document.getElementById('card'), box = card.getBoundingClientRect();"
        " const at = [0.02, 0.25, 0.5, 0.75, 0.98];"
        " return at.flatMap((x) => at.map((y) => document.elementFromPoint("
        " box.x + x * box.width, box.y + y * box.height))).filter((hit) => !card.contains(hit)).length; }"
    )
    assert covered == 0
    number = visit.page.locator(".badge .picked").bounding_box()
    box = visit.page.locator(".card").bounding_box()
    assert number["x"] > box["x"] + box["width"] or number["y"] < box["y"]
    dimmed = visit.page.evaluate(
        "() => { const found = []; map_plan.eachLayer((l) => {"
        " if (l.options.lineCap === 'butt') found.push(l.options.opacity); });"
        " return found.filter((o) => o > 0.5).length; }"
    )
    assert dimmed == 1
    visit.page.keyboard.press("Escape")
    assert visit.page.evaluate("() => [map_plan.getCenter().lat, map_plan.getZoom()]") == pytest.approx(
        before
    )
    assert visit.complaints == []
    visit.context.close()


def test_on_paper_the_map_comes_first_on_one_page(visit: Visit) -> None:
    assert not visit.page.locator("#placements").is_visible()
    visit.page.emulate_media(media="print")
    visit.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    summary, chart = visit.page.locator("#show"), visit.page.locator(".map-frame")
    legend = visit.page.locator("#legend-body")
    assert legend.is_visible()
    bottom = chart.bounding_box()["y"] + chart.bounding_box()["height"]
    assert bottom <= summary.bounding_box()["y"]
    source = visit.page.locator(".source").bounding_box()
    assert source["y"] + source["height"] < 740  # one landscape page
    for hidden in ("#find", ".home", ".leaflet-control-zoom", "#routes", "#placements"):
        assert not visit.page.locator(hidden).is_visible()
    visit.page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    visit.page.emulate_media(media="screen")
    assert not visit.page.locator("#placements").is_visible()


def test_keys_reach_the_lists_before_the_map(visit: Visit) -> None:
    assert visit.page.locator(".badge[tabindex='0']").count() == 0
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("() => document.activeElement.id") == "find"


def test_two_languages_on_one_route_are_both_told(plan: Plan) -> None:
    second = plan.placements.iloc[[0]].assign(language="ko", reason="The second reason.")
    both = replace(plan, placements=pd.concat([plan.placements, second], ignore_index=True))
    route = map_data(both)["routes"][0]
    assert [poster["language"] for poster in route["posters"]] == [
        [lang.tag for lang in plan.scores.languages].index(tag)
        for tag in (plan.placements["language"].iloc[0], "ko")
    ]
    assert route["posters"][1]["reason"] == "The second reason."


# --- the default plan: whole buses, and cards in venues ----------------------------------------


@pytest.fixture(scope="module")
def optimal() -> Plan:
    settings = ["buses=12", "redraws=20", "file=sample_venues.csv", "cards=6"]
    return make_plan(read_campaign(SAMPLE, settings))


def test_posters_of_the_default_plan_are_those_of_its_table(optimal: Plan) -> None:
    data = map_data(optimal)
    assert "whom nothing else of the plan reaches" in data["words"]["ranked"]
    tags = [language["tag"] for language in data["languages"]]
    routes = optimal.scores.feed.routes["route_name"]
    by_name = {route["name"]: route for route in data["routes"]}
    in_buses = optimal.placements[optimal.placements["unit"] == "route"]
    assert sum(len(route["posters"]) for route in data["routes"]) == len(in_buses)
    for row in in_buses.itertuples():
        poster = next(
            poster
            for poster in by_name[routes[row.unit_id]]["posters"]
            if tags[poster["language"]] == row.language
        )
        assert (poster["buses"], poster["of"], poster["rank"]) == (row.buses, row.vehicles, row.rank)
        assert (poster["reach"], poster["reachMargin"]) == (round(row.reach), round(row.reach_moe))
        assert poster["certainty"] == wording.percent(row.certainty)
        assert poster["reason"] == row.reason
    posted = [route["name"] for route in data["routes"] if route["posters"]]
    assert posted == [routes[unit] for unit in dict.fromkeys(in_buses["unit_id"])], "in the plan's order"


def test_venues_of_the_default_plan_are_on_the_map(optimal: Plan) -> None:
    hung = optimal.placements[optimal.placements["unit"] == "venue"]
    drawn = map_data(optimal)["venues"]
    assert hung["cards"].sum() == 6
    assert [venue["name"] for venue in drawn] == list(dict.fromkeys(hung["unit_name"]))
    said = [poster["reason"] for venue in drawn for poster in venue["posters"]]
    assert said == hung["reason"].tolist()
    places = optimal.scores.inputs.venues
    assert places is not None
    assert [venue["at"] for venue in drawn] == [
        [round(places.at[unit, "lat"], 5), round(places.at[unit, "lon"], 5)]
        for unit in dict.fromkeys(hung["unit_id"])
    ]
    text = Page(map_html(optimal)).text
    routes = optimal.placements.loc[optimal.placements["unit"] == "route", "unit_id"].nunique()
    assert f"12 buses on {routes} routes and {len(drawn)} venues carry posters in 6 languages" in text


# --- certainty --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paired() -> Plan:
    """Return the sample with all its buses: some routes carry two languages."""
    return make_plan(read_campaign(SAMPLE, ["strategy=predominant"]))


@pytest.fixture
def paired_visit(browser: Any, paired: Plan, tmp_path: Path) -> Iterator[Visit]:
    (tmp_path / "map.html").write_text(map_html(paired), encoding="utf-8")
    opened = Visit(browser, tmp_path / "map.html")
    yield opened
    assert opened.complaints == []
    opened.context.close()


def pair_of(plan: Plan) -> tuple[str, list[str]]:
    """Return a route of two languages, the one that it calls for first."""
    route = plan.placements.loc[plan.placements["unit_id"].duplicated(), "unit_id"].iloc[0]
    decided = plan.scores.assigned.loc[route]
    tag = {language.column: language.tag for language in plan.scores.languages}
    return route, [tag[decided["group"]], tag[decided["second"]]]


def test_a_route_card_says_what_the_table_says(paired_visit: Visit, paired: Plan) -> None:
    table = pd.read_csv(io.StringIO(tables_csv(paired)["routes.csv"]), dtype=str, keep_default_na=False)
    table = table.set_index(["route_id", "language"])
    columns = {language.tag: language.column for language in paired.scores.languages}
    names = {language.tag: language.english_name for language in paired.scores.languages}
    placed = paired.placements.groupby("unit_id", sort=False)["language"].agg(list)
    few, differing = 0, set()
    for number, (route, carried) in enumerate(placed.items()):
        paired_visit.page.locator("#routes .route-row").nth(number).click()
        card = paired_visit.page.locator(".route-popup")
        rows = card.locator("tbody tr")
        for position, tag in enumerate(columns):
            line = table.loc[(route, tag)]
            cells = rows.nth(position).locator("td").all_inner_texts()
            small = line["served"] == "under 10"
            few += small
            assert cells[0] == (
                "under 10" if small else f"{int(line['served']):,} ± {int(line['served_moe']):,}"
            )
            assert cells[2] == wording.percent(float(line["largest_probability"]))
            assert cells[3] == line["reliability"]
        said = card.locator(".sure").all_inner_texts()
        assert said == [
            f"Largest along the route with "
            f"{wording.percent(float(table.loc[(route, tag), 'largest_probability']))} probability"
            for tag in carried
        ]
        line = table.loc[(route, carried[0])]
        other = table.loc[(route, line["runner_up"])]
        people = other["served"]
        if people != "under 10":
            people = f"{int(people):,} ± {int(other['served_moe']):,}"
        verb = "passes" if line["differs"] == "True" else "does not pass"
        differing.add(verb)
        assert (
            card.locator(".runner-up")
            .first.inner_text()
            .endswith(f": {names[line['runner_up']]}, {people}; the difference {verb} the 90% test")
        )
    assert few
    assert differing == {"passes", "does not pass"}


def test_people_too_few_are_nowhere_in_the_page(paired: Plan) -> None:
    few = paired.placements.assign(served=4.2)
    coverage = paired.coverage.assign(served_any=6.0, served_posted=4.2, lep=7.0)
    page = map_html(replace(paired, placements=few, coverage=coverage))
    text = Page(page).text
    assert "under 10 of under 10 near any bus route; under 10 in the area" in text
    assert "Near any bus route under 10; in the area of the census table under 10" in page
    assert re.search(r"(?<![\d,.])[1-9] ± ", text) is None
    rows = Page(page[page.index('<table id="placements">') : page.index("</table>")]).text
    assert rows.count("under 10") == len(few)
    content = embedded(page)
    counts = [row[1] for route in content["routes"] for row in route["figures"]]
    counts += [poster[end] for r in content["routes"] for poster in r["posters"] for end in ("low", "high")]
    for feature in content["tracts"]["features"]:
        counts += [*feature["properties"]["people"], feature["properties"]["residents"][0]]
    assert None in counts
    assert not [number for number in counts if number is not None and 0 < number < 10]
    assert [told(number, 10) for number in (0, 0.4, 0.6, 9.4, 9.6, 10)] == [0, 0, None, None, 10, 10]


def test_a_pair_is_drawn_in_both_colours_the_one_called_for_first(paired_visit: Visit, paired: Plan) -> None:
    route, tags = pair_of(paired)
    name = paired.scores.feed.routes.at[route, "route_name"]
    colors = [language_style(tag)["color"] for tag in tags]
    names = {language.tag: language.english_name for language in paired.scores.languages}
    data = unpacked(map_data(paired))
    position = next(n for n, each in enumerate(data["routes"]) if each["name"] == name)
    drawn = (
        f"() => {{ const found = [], where = JSON.stringify({json.dumps(data['routes'][position]['lines'])});"
        " const all = (l) => JSON.stringify(l.getLatLngs().map((part) => part.map((p) => [p.lat, p.lng])));"
        " map_plan.eachLayer((l) => { if (l.options.lineCap === 'butt' && all(l) === where) found.push(["
        " l.options.color, l.options.dashArray, l.options.weight]); }); return found; }"
    )
    lines = sorted(paired_visit.page.evaluate(drawn), key=lambda line: line[1] is not None)
    assert [line[0] for line in lines] == colors
    assert [line[1] is None for line in lines] == [True, False]  # the dashes lie over a whole line
    assert lines[0][2] == lines[1][2]
    row = paired_visit.page.locator("#routes .route-row").nth(position)
    ink = row.locator(".number").evaluate("(node) => getComputedStyle(node).backgroundImage")
    rgb = ["rgb({}, {}, {})".format(*(int(color[at : at + 2], 16) for at in (1, 3, 5))) for color in colors]
    assert 0 <= ink.index(rgb[0]) < ink.index(rgb[1])
    said = row.inner_text()
    assert said.index(names[tags[0]]) < said.index(names[tags[1]])
    assert "two colours" in paired_visit.page.locator("#legend-body").inner_text()
    paired_visit.page.get_by_role("radio", name=names[tags[1]]).check()
    assert [line[0] for line in paired_visit.page.evaluate(drawn)] == colors[1:]


def test_the_order_of_a_pair_is_not_that_of_the_table(paired: Plan) -> None:
    route, tags = pair_of(paired)
    backwards = replace(paired, placements=paired.placements[::-1].reset_index(drop=True))
    data = map_data(backwards)
    name = paired.scores.feed.routes.at[route, "route_name"]
    posters = next(each["posters"] for each in data["routes"] if each["name"] == name)
    assert [data["languages"][poster["language"]]["tag"] for poster in posters] == tags


def tract_card(visit: Visit, tract: dict[str, Any]) -> str:
    """Return the text of the card of a tract, opened by a click."""
    visit.page.evaluate(
        "(name) => { map_plan.eachLayer((layer) => { const { feature } = layer;"
        " if (feature && feature.properties.county + feature.properties.name === name)"
        " layer.fire('click', { latlng: layer.getBounds().getCenter() }); }); }",
        tract["county"] + tract["name"],
    )
    text: str = visit.page.locator(".tract-popup").inner_text()
    return text


def test_a_lead_within_the_margin_of_error_is_said_and_hatched(visit: Visit, plan: Plan) -> None:
    tracts, groups = plan.scores.tracts, [language.column for language in plan.scores.languages]
    features = embedded(visit.page.content())["tracts"]["features"]
    solid = hatched = 0
    fills = visit.fills()
    for feature, geoid, fill in zip(features, tracts.names.index, fills, strict=True):
        most = plan.scores.predominant[geoid]
        if not most:
            assert feature["properties"]["rival"] == -1
            continue
        people, margins = tracts.estimates.loc[geoid, groups], tracts.margins.loc[geoid, groups]
        second = people.drop(most).idxmax()
        spread = np.hypot(margins[most] / 1.645, margins[second] / 1.645)
        sure = abs(people[most] - people[second]) > 1.645 * spread
        unsure = groups.index(second) if people[second] > 0 else -2
        assert feature["properties"]["rival"] == (-1 if sure else unsure)
        assert isinstance(fill, str) == sure  # a pattern is no text
        solid, hatched = solid + sure, hatched + (not sure)
        word = reliability(people, margins, plan.scores.campaign.certainty.cv_limits)
        assert feature["properties"]["reliability"] == "".join(each[0] for each in word)
    assert solid
    assert hatched
    legend = visit.page.locator("#legend-body")
    assert "hatched: the lead is within the margin of error" in legend.inner_text()
    number = next(n for n, f in enumerate(features) if f["properties"]["rival"] >= 0)
    text = tract_card(visit, features[number]["properties"])
    rival = plan.scores.languages[features[number]["properties"]["rival"]].english_name
    assert f"highest estimate, within the margin of error of {rival}" in text
    assert "is the most spoken" not in text
    assert "low" in visit.page.locator(".tract-popup tbody").inner_text()


def test_a_language_that_nobody_was_found_to_speak_is_no_rival(
    browser: Any, plan: Plan, tmp_path: Path
) -> None:
    scores = plan.scores
    groups = [language.column for language in scores.languages]
    geoid = next(geoid for geoid, most in scores.predominant.items() if most)
    number, most = scores.predominant.index.get_loc(geoid), scores.predominant[geoid]
    estimates, margins = scores.tracts.estimates.copy(), scores.tracts.margins.copy()
    estimates.loc[geoid, groups], margins.loc[geoid, groups] = 0.0, 17.0
    estimates.loc[geoid, most], margins.loc[geoid, most] = 24.0, 22.0  # 24 < √(22² + 17²) = 27.8
    tracts = replace(scores.tracts, estimates=estimates, margins=margins)
    empty = replace(plan, scores=with_inputs(scores, tracts=tracts))
    (tmp_path / "map.html").write_text(map_html(empty), encoding="utf-8")
    visit = Visit(browser, tmp_path / "map.html")
    tract = embedded(visit.page.content())["tracts"]["features"][number]["properties"]
    assert tract["rival"] == -2
    assert not isinstance(visit.fills()[number], str)  # hatched
    text = tract_card(visit, tract)
    assert "alone has an estimate above zero, within the margins of error: nothing is sure here." in text
    assert "margin of error of" not in text
    assert "is the most spoken" not in text
    visit.context.close()

    estimates.loc[geoid, most] = 28.0
    sure = with_inputs(scores, tracts=tracts)
    hot = pd.DataFrame(False, index=scores.predominant.index, columns=groups)
    assert close_rivals(sure, hot)[number] == -1


def test_a_lead_in_hot_spots_is_compared_with_hot_languages_only(plan: Plan) -> None:
    scores = plan.scores
    groups = [language.column for language in scores.languages]
    region = scores.campaign.placement.model_copy(update={"area": "hotspot"})
    hot = pd.DataFrame(False, index=scores.predominant.index, columns=groups)
    for geoid, key in scores.predominant.items():
        if key:
            hot.loc[geoid, key] = True
    only = replace(scores, campaign=scores.campaign.model_copy(update={"placement": region}))
    assert (close_rivals(only, hot) == -1).all()
    assert (close_rivals(scores, hot) >= 0).any()


# --- hot spots --------------------------------------------------------------------------------

HOT_LINES = (
    "() => { const found = []; map_plan.eachLayer((l) => {"
    " if (l.options.hotSpot) found.push(l.getLatLngs().map((ring) => ring.map((p) => [p.lat, p.lng]))); });"
    " return found; }"
)


def hot_area(data: dict[str, Any], group: int) -> shapely.Geometry:
    """Return the union of a group's hot tracts as they are drawn."""
    features = [f for f in data["tracts"]["features"] if group in f["properties"]["hot"]]
    return shapely.union_all([shapely.geometry.shape(feature["geometry"]) for feature in features])


def outlines(drawn: list[Any]) -> shapely.Geometry:
    """Return what the lines on the map enclose; lines within lines are holes."""
    lines = [shapely.LineString([(lon, lat) for lat, lon in part]) for line in drawn for part in line]
    area = shapely.Polygon()
    for ring in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines))):
        area = area.symmetric_difference(shapely.Polygon(ring))
    return area


def test_hot_spots_of_the_language_shown_can_be_outlined(visit: Visit, data: dict[str, Any]) -> None:
    box = visit.page.locator("[data-layer=hotspots]")
    assert not box.is_visible()  # the plan has no language of its own
    assert visit.page.evaluate(HOT_LINES) == []
    visit.page.get_by_role("radio", name="Spanish").check()
    assert box.is_visible()
    assert "Hot spots (City of Portland's rule)" in visit.page.locator("#legend-body").inner_text()
    assert visit.page.evaluate(HOT_LINES) == []
    box.check()
    spanish = visit.page.evaluate(HOT_LINES)
    assert outlines(spanish).symmetric_difference(hot_area(data, 0)).area < 1e-9
    visit.page.get_by_role("radio", name="Korean").check()
    position = [language["tag"] for language in data["languages"]].index("ko")
    korean = hot_area(data, data["languages"][position]["group"])
    assert outlines(visit.page.evaluate(HOT_LINES)).symmetric_difference(korean).area < 1e-9
    assert visit.page.evaluate(HOT_LINES) != spanish
    visit.page.get_by_role("radio", name="The plan").check()
    assert visit.page.evaluate(HOT_LINES) == []
    visit.page.get_by_role("radio", name="Spanish").check()
    assert visit.page.evaluate(HOT_LINES) == spanish
    box.uncheck()
    assert visit.page.evaluate(HOT_LINES) == []


def test_a_tract_without_a_speaker_or_a_margin_keeps_the_places_of_its_languages(plan: Plan) -> None:
    """The Census Bureau gives a controlled zero no margin: there is no reliability of it."""
    tracts = plan.scores.tracts
    second = plan.scores.languages[1].column
    bare = {name: getattr(tracts, name).copy() for name in ("estimates", "margins")}
    for figures in bare.values():
        figures.loc[figures.index[0], second] = 0.0
    inputs = replace(plan.scores.inputs, tracts=replace(tracts, **bare))
    words = map_data(replace(plan, scores=replace(plan.scores, inputs=inputs)))["tracts"]["reliability"]
    assert words[0][1] == "-"
    assert {len(word) for word in words} == {len(plan.scores.languages)}
    assert words[0][0] in "hml"


def test_hot_tracts_are_marked(plan: Plan, data: dict[str, Any]) -> None:
    scores = plan.scores
    keys = [language.column for language in scores.languages]
    rule = HotspotRule(**scores.campaign.hotspots.model_dump())
    spots = hotspots_of(scores.tracts, keys, rule)
    for language in data["languages"]:
        hot = spots[keys[language["group"]]]["hot"]
        for feature, inside in zip(data["tracts"]["features"], hot, strict=True):
            assert (language["group"] in feature["properties"]["hot"]) == inside
    assert any(feature["properties"]["hot"] for feature in data["tracts"]["features"])


def test_thresholds_other_than_the_citys_are_said(plan: Plan) -> None:
    campaign = plan.scores.campaign
    other = campaign.hotspots.model_copy(update={"z": 2.58})
    scores = replace(plan.scores, campaign=campaign.model_copy(update={"hotspots": other}))
    title = map_data(replace(plan, scores=scores))["words"]["hotSpots"]
    assert title == "Hot spots (City of Portland's rule, thresholds changed)"
