"""The report: figures in words, charts whose labels never overlap, the same bytes, nothing unescaped."""

import re
import xml.etree.ElementTree as ET
from datetime import date
from html import unescape
from io import BytesIO
from itertools import combinations, pairwise
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from matplotlib.image import imread

from targeting.campaign import read_campaign
from targeting.interlining import Interlining
from targeting.write.chart_interlining import interlining_chart, interlining_words
from targeting.write.chart_png import chart_png, path_lines
from targeting.write.charts import budget_chart, budget_rows, reach_bars
from targeting.write.document import Figure, Image
from targeting.write.report_content import ReportContent, WhatHung, amounts
from targeting.write.report_html import report_html
from targeting.write.report_sections import map_figure, report_document
from targeting.write.report_sources import Found, Source, printable
from targeting.write.svg import Chart, Mark, number, round_ticks, spread, text_width

NAMES = {
    "es": "Spanish",
    "vi": "Vietnamese",
    "zh": "Chinese",
    "ru": "Russian",
    "ko": "Korean",
    "ar": "Arabic",
}
SLAVIC = "Russian, Polish, or other Slavic languages"
HOSTILE = '<script>alert("x")</script> & "72"'


ROOT = Path(__file__).parent.parent
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
MAP = Figure(*[Image(DOT, 680, 395, "Map of the routes that carry posters.")] * 3, ("Where posters hang.",))


def solved(**changed: object) -> Found:
    found = {"value": 4210.0, "bound": 4222.0, "gap": 0.00285, "status": "gap reached", "method": "exact"}
    return Found(**{**found, **changed})  # type: ignore[arg-type]


def strategies() -> pd.DataFrame:
    rows = []
    for strategy, factor in {
        "predominant": 0.8,
        "optimal": 1.0,
        "optimal, equal weight per language": 0.9,
    }.items():
        reach = [round(factor * each) for each in (1900, 1270, 610, 260, 120, 4)]
        for (tag, name), reached in zip(NAMES.items(), reach, strict=True):
            rows.append(
                (strategy, tag, name, reached // 60, 3 * reached, reached / 2, reached, 0.205 * reached)
            )
        rows.append((strategy, "", "", 66, 3 * sum(reach), 900, sum(reach), 410))
    columns = ["strategy", "language", "language_name", "buses", "served", "served_moe", "reach", "reach_moe"]
    table = pd.DataFrame(rows, columns=columns)
    chosen = table["strategy"] == "optimal"
    regret = pd.Series(float("nan"), index=table.index)
    regret[chosen & (table["language"] == "ar")] = 35.0
    return table.assign(floor_regret=regret, chosen=chosen, cards=table["buses"])


def curve(fleet: int = 521, budget: int = 36) -> pd.DataFrame:
    buses = pd.Series(range(fleet + 1))
    parts = {tag: weight * (1 - 0.985 ** (buses * share)) for tag, weight, share in zip(
        NAMES, (6000, 2500, 2300, 900, 700, 300), (0.45, 0.2, 0.15, 0.1, 0.06, 0.04), strict=True
    )}  # fmt: skip
    columns = {f"reach_{tag}": part for tag, part in parts.items()}
    columns |= {f"buses_{tag}": buses // 6 for tag in parts}
    return pd.DataFrame({"buses": buses, "reach": sum(parts.values()), **columns, "chosen": buses == budget})


def shared() -> Interlining:
    ties = [(0, 1, 90), (1, 2, 40), (3, 4, 20), (4, 5, 10), (5, 3, 5), (6, 7, 60), (2, 8, 1)]
    return Interlining(
        {f"r{place}": (100.0 + place, 1 + place % 9) for place in range(14)},
        [(f"r{one}", f"r{other}", float(hours)) for one, other, hours in ties],
    )


def coverage() -> pd.DataFrame:
    """Half of the region near any route, of them served and reached as the plan's strategy says."""
    plan = strategies()
    plan = plan[plan["chosen"] & (plan["language"] != "")]
    people = 10 * plan["served"]
    return pd.DataFrame(
        {
            "language": plan["language"], "language_name": plan["language_name"],
            "lep": people, "lep_moe": 0.1 * people, "served_any": people // 2, "served_any_moe": 0.1 * people,
            "served_posted": plan["served"], "served_posted_moe": plan["served_moe"],
            "served_posted_share": 0.1, "served_posted_share_moe": 0.012,
            "reach": plan["reach"], "reach_moe": plan["reach_moe"],
            "reach_share": 1 / 30, "reach_share_moe": 0.004,
            **{f"{name}_reliability": "high" for name in ("lep", "served_any", "served_posted", "reach")},
            "measured_as": plan["language_name"].replace("Russian", SLAVIC),
        }
    ).reset_index(drop=True)  # fmt: skip


def languages() -> pd.DataFrame:
    """Spanish above the threshold and Korean below it beyond doubt, Russian neither."""
    table = pd.DataFrame({"language": list(NAMES), "language_name": list(NAMES.values())})
    return table.assign(
        lep=[5000, 4000, 3000, 2000, 200, 100], lep_moe=100, share=0.01, share_moe=0.001, in_campaign=True,
        safe_harbor=[True] * 4 + [False] * 2, safe_harbor_certain=[True] * 3 + [False] + [True] * 2,
        safe_harbor_threshold=1000.0,
    )  # fmt: skip


def content(**changed: object) -> ReportContent:
    sensitivity = [
        (setting, value, value == own, tag, 9000 + value, 4000 + value, 0.9)
        for setting, own, values in [
            ("bus_walk_m", 400, (300, 400, 800)),
            ("rides_per_week", 1.0, (0.5, 1.0, 2.0)),
            ("elasticity", 0.5, (0.0, 0.5, 1.0)),
        ]
        for value in values
        for tag in ("", *NAMES)
    ]  # fmt: skip
    robustness = [
        (tag, name, 1000, 990, 800, 1180, float("nan") if tag else 0.0213)
        for tag, name in {**NAMES, "": ""}.items()
    ]
    vehicles = [(f"{place} Street {place}", 3, 120.5, 0.05 * place, "12, 14", "") for place in range(10)]
    placements = [
        (f"{place} Long Boulevard", tag, name, name if tag != "vi" else "Tiếng Việt", 1 + place, 1267.0,
         255.0, 412.0, 83.0, 0.876, f"{name} is the largest of the campaign's languages along the route.")
        for place, (tag, name) in enumerate(NAMES.items())
    ]  # fmt: skip
    settings: dict[str, object] = {
        "settings": read_campaign(ROOT / "data" / "sample.toml").model_dump(mode="json"),
        "coverage": coverage(),
        "languages": languages(),
        "figures": {"tracts": 120, "routes": 21, "stops": 1139, "trips_in_design_week": 6017},
        "counties": 2,
        "assumption": "Reach assumes 1 boarding a week.",
        "travels": "Buses change routes.",
        "sources": (
            Source("GTFS of Halvern Transit", "sample.zip", "version 1, 2025-09-01 to 2025-12-14", "f0"),
            Source("Census", "sample_c16001.csv", "2020 tracts", "24"),
            Source("Census", "sample_tracts.geojson", "no stated vintage", "81"),
        ),
        "week_because": "it has the most trips",
        "version": "0.1.0",
        "name": "Red Means Help",
        "agency": "Halvern Transit (invented)",
        "period": "September 8 – 14, 2025",
        "source_line": "People: ACS table C16001. Made by targeting 0.1.0.",
        "strategies": strategies(),
        "placements": pd.DataFrame(placements, columns=[
            "unit_name", "language", "language_name", "own_name", "buses", "served", "served_moe",
            "reach", "reach_moe", "certainty", "reason",
        ]).eval("unit = 'route'\ncards = buses\nunit_id = unit_name"),
        "notes": ("Russian is measured by the census group 'Russian, Polish, or other Slavic languages'.",),
        "invented": True,
        "budget_curve": curve(),
        "sensitivity": pd.DataFrame(
            sensitivity, columns=["setting", "value", "chosen", "language", "served", "reach", "same_buses"]
        ),
        "robustness": pd.DataFrame(
            robustness,
            columns=[
                "language", "language_name", "reach", "reach_mean", "reach_low", "reach_high", "regret",
            ],
        ),
        "solution": solved(),
        "vehicles": pd.DataFrame(vehicles, columns=[
            "route_name", "vehicles", "vehicle_hours_week", "elsewhere", "elsewhere_routes", "family",
        ]).assign(posted=True),
        "interlining": shared(),
        "families": [("r0", "r1", "r2"), ("r6", "r7"), ("r9",)],
        "route_names": {f"r{place}": str(place) for place in range(14)},
    }  # fmt: skip
    return ReportContent(**{**settings, **changed})  # type: ignore[arg-type]


def page(made: ReportContent) -> str:
    return report_html(report_document(made, MAP))


def words(html: str) -> str:
    """The page's text as a reader has it, without style and tags."""
    body = html.split("</style>")[1]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def parsed(chart: Chart | str | None) -> ET.Element:
    assert chart is not None
    return ET.fromstring(chart if isinstance(chart, str) else chart.svg)  # noqa: S314


def boxes(svg: Chart | None) -> list[tuple[str, float, float, float, float]]:
    """Return each text of a chart with its box: left, top, right, bottom."""
    found = []
    for each in parsed(svg).iter("{http://www.w3.org/2000/svg}text"):
        size = float(each.get("font-size", "13"))
        wide, x, y = text_width(each.text or "", size), float(each.get("x", "")), float(each.get("y", ""))
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[each.get("text-anchor", "start")]
        found.append((each.text or "", left, y - 0.75 * size, left + wide, y + 0.2 * size))
    return found


def clear(svg: Chart | None) -> None:
    """No two texts overlap, and none leaves the picture."""
    width, height = map(float, (parsed(svg).get("viewBox") or "").split()[2:])
    found = boxes(svg)
    for name, left, top, right, bottom in found:
        assert left >= -1, name
        assert right <= width + 1, name
        assert top >= 0, name
        assert bottom <= height + 1, name
    for one, other in combinations(found, 2):
        apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
        assert apart, (one, other)


def test_ticks_are_round_and_reach_the_most() -> None:
    assert round_ticks(521, 6) == [0, 200, 400, 600]
    assert round_ticks(108, 6) == [0, 25, 50, 75, 100, 125]
    assert round_ticks(0) == [0, 1]
    assert round_ticks(7, 6) == [0, 2, 4, 6, 8]


def test_labels_are_spread_no_farther_than_needed() -> None:
    assert spread([10, 11, 50], 10, 0, 100) == pytest.approx([5.5, 15.5, 50])
    assert spread([98, 99], 10, 0, 100) == pytest.approx([90, 100])
    assert spread([3, 1], 10, 0, 100) == pytest.approx([10, 0])
    assert spread([1, 2, 3], 10, 0, 15) == pytest.approx([0, 10, 20])


def test_bars_and_whiskers_stand_where_the_scale_says() -> None:
    rows = pd.DataFrame(
        {"language": ["es"], "language_name": ["Spanish"], "reach": [600.0], "reach_moe": [150.0]}
    )
    svg = reach_bars(rows, width=340).svg
    # narrow: the scale runs from 1 pixel, nobody, to 750 people where half their number still fits
    a_person = (340 - text_width("750") / 2 - 1) / 750
    assert f'<rect class="bar" x="1" y="23" height="16" width="{number(600 * a_person)}"' in svg
    low, high = 1 + 450 * a_person, 1 + 750 * a_person
    assert f'd="M{low:.1f} 26.0v10M{low:.1f} 31.0H{high:.1f}m0 -5v10"' in svg
    assert "about 600 ± 150" in svg


def test_a_whisker_ends_at_nobody_and_few_people_have_none() -> None:
    rows = pd.DataFrame(
        {
            "language": ["es", "ar"],
            "language_name": ["Spanish", "Arabic"],
            "reach": [60.0, 4.0],
            "reach_moe": [90.0, 9.0],
        }
    )
    svg = reach_bars(rows, width=340).svg
    assert re.findall(r'class="whisker"[^>]* d="M([\d.]+)', svg) == ["1.0"]
    assert "under 10" in svg


@pytest.mark.parametrize("width", [340, 860])
def test_no_label_overlaps_another(width: int) -> None:
    plan = strategies()
    clear(reach_bars(plan[plan["chosen"] & (plan["language"] != "")], width=width))
    for fleet, budget in [(521, 36), (72, 36), (12, 3), (40, 0), (3000, 4)]:
        clear(budget_chart(curve(fleet, budget), NAMES, width=width))
    flat = curve().assign(**{f"reach_{tag}": 5.0 for tag in NAMES})
    clear(budget_chart(flat, NAMES, width=width))
    clear(
        interlining_chart(shared().graph(), [], {f"r{place}": str(place) for place in range(14)}, width=width)
    )


def test_the_budget_is_marked_at_its_place() -> None:
    svg = budget_chart(curve(100, 50), NAMES, width=860).svg
    marks = re.findall(r'class="mark" cx="([\d.]+)"', svg)
    left, right = text_width("5,000", 12) + 9, 860 - text_width("All campaign languages") - 34
    assert marks == [number((left + right) / 2)]
    assert "50 buses" in svg


def test_a_large_fleet_stands_apart_and_a_small_one_does_not() -> None:
    assert "people reached, up to 125 buses" in budget_chart(curve(521, 36), NAMES).svg
    assert ">all 521 buses out at once<" in budget_chart(curve(521, 36), NAMES).svg
    assert "buses out at once<" not in budget_chart(curve(72, 36), NAMES).svg


def test_other_budgets_and_the_gain_of_each_added_bus() -> None:
    table = pd.DataFrame({"buses": range(101), "reach": [10.0 * min(each, 50) for each in range(101)]})
    rows = budget_rows(table.assign(chosen=table["buses"] == 40))
    assert list(rows["buses"]) == [0, 20, 40, 50, 60, 80, 100]
    assert list(rows["gain"].dropna()) == [10, 10, 10, 0, 0, 0]
    assert list(rows.loc[rows["chosen"], "buses"]) == [40]


def test_dense_interlining_is_thinned_and_says_so() -> None:
    graph = nx.complete_graph([f"r{place:02}" for place in range(72)])
    for place, route in enumerate(graph):
        graph.nodes[route].update(hours=100.0, vehicles=1 + place % 12)
    for one, other in graph.edges:
        graph.edges[one, other]["weight"] = float(1 + (int(one[1:]) * 7 + int(other[1:]) * 13) % 40)
    names = {route: route[1:] for route in graph}
    for width in (340, 860):
        clear(interlining_chart(graph, [], names, width=width))
    chart = interlining_chart(graph, [], names)
    assert chart is not None
    svg = chart.svg
    drawn = svg.count("<path")
    assert drawn < 200
    assert svg.count("<circle") == 72
    (left,) = re.findall(r"([\d,]+) weaker pairs are left out", " ".join(interlining_words(graph, names)))
    assert int(left.replace(",", "")) == 72 * 71 // 2 - drawn


def test_routes_that_never_share_are_listed_by_number() -> None:
    said = interlining_words(shared().graph(), {f"r{place}": str(place) for place in range(14)})
    assert said == ["5 of 14 never share a vehicle with another route: 9, 10, 11, 12, 13."]
    assert interlining_chart(nx.empty_graph(3), [], {}) is None


def test_the_page_has_its_sections_and_figures_in_words() -> None:
    html = page(content())
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", html) == [
        "What the campaign reaches", "Coverage by language", "What another number of buses would buy",
        "How far to trust these figures", "Sources", "Appendix",
    ]  # fmt: skip
    assert re.findall(r"<h3[^>]*>([^<]+)</h3>", html) == [
        "How sure this is", "Strategies side by side", "Numbers of buses", "Where the cards really travel",
        "If the assumptions were different", "How the plan was found", "Language access rules",
        "What to know about this plan", "Every placement", "Methods",
    ]  # fmt: skip
    said = words(html)
    for part in (
        "66 buses on 6 routes carry posters in 5 languages for 4 weeks. About 12,490 ± 900 LEP speakers live",
        "and about 4,160 ± 410 of them can be expected to ride such a bus at least once in 4 weeks.",
        "No bus carries Arabic.",
        "† Russian is counted as “Russian, Polish, or other Slavic languages”: such a figure holds",
        "within their margins, this plan reaches 800 to 1,180 people in nine of ten redraws",
        "above it in this region: Spanish, Vietnamese and Chinese; below it: Korean and Arabic; not beyond "
        "doubt: Russian.",
        "As of July 31, 2025; rules change",
        "sample_c16001.csv (2020 tracts). Outlines, points and other tables: sample_tracts.geojson.",
        "GTFS of Halvern Transit: sample.zip (version 1, 2025-09-01 to 2025-12-14)",
        "All campaign languages 124,920 ± 7,148 62,460 ± 7,148 12,492 ± 900 10.0% ± 0.4% 4,164 ± 410 "
        "3.3% ± 0.3%",
        "about 1,270 ± 260",
        "about 4,160 ± 410",
        "No bus carries Arabic.",
        "This plan (optimal) reaches 25% more people than “predominant” and 11% more people than",
        "What it costs, in people of total reach: Arabic 35.",
        "in nine redraws of ten between 800 and 1,180",
        "this plan on average reaches 2.1% fewer people",
        "no placement of these buses under the campaign's wishes reaches more than 0.3% more people.",
        "Vietnamese · Tiếng Việt",
        "36 (this plan)",
        "88%",
        "under 10",
        "5 of 14 never share",
        "Families: 0, 1, 2; 6, 7.",
    ):
        assert part in said, part


def test_sections_without_matter_are_left_out() -> None:
    one = strategies()
    html = page(
        content(
            strategies=one[one["chosen"]], budget_curve=None, sensitivity=None, robustness=None,
            solution=None, interlining=Interlining(), notes=(), invented=False, languages=None,
        )
    )  # fmt: skip
    assert re.findall(r"<h[23][^>]*>([^<]+)</h", html) == [
        "What the campaign reaches", "Coverage by language", "How far to trust these figures", "Sources",
        "Appendix", "Where the cards really travel", "Language access rules", "Every placement", "Methods",
    ]  # fmt: skip
    assert "Invented" not in html


NO_BETTER = "It is proven that no placement of these buses under the campaign's wishes"


@pytest.mark.parametrize(
    ("found", "changes", "said"),
    [
        (solved(bound=4210.0, gap=0.0), {}, f"4,210 people. {NO_BETTER} reaches more people."),
        (solved(bound=float("nan"), gap=float("nan"), method="greedy"), {}, "nobody proved"),
        (solved(bound=4210.5, gap=0.00012), {}, "reaches more than 0.1% more people."),
        (
            solved(), {"robust": True},
            f"The plan's mean over the redraws is 4,210 people. {NO_BETTER} reaches more than 0.3% more "
            "people on average over the redraws.",
        ),
        (solved(), {"weights": "languages"}, "is worth more than 0.3% more by the campaign's weights."),
        (
            # a sum of logarithms: its bound is not so many per cent of its value
            solved(value=39.784, bound=39.813, gap=0.00475), {"weights": "proportional"},
            "the sum of the logarithms of each language's reach, is 39.784. "
            f"{NO_BETTER} reaches more than 0.5% more in the geometric mean of the languages.",
        ),
    ],
)  # fmt: skip
def test_the_gap_in_plain_words(found: Found, changes: dict[str, object], said: str) -> None:
    assert said in words(page(content(solution=found, **changes)))


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("people", "this plan on average reaches 1.3% fewer people than that one."),
        ("languages", "this plan on average is worth 1.3% less by the campaign's weights than that one."),
        ("proportional", "reaches 1.3% less in the geometric mean of the languages than that one."),
    ],
)
def test_what_the_plan_loses_is_a_mean_and_in_its_own_measure(weights: str, said: str) -> None:
    table = content().robustness
    assert table is not None
    table = table.assign(regret=table["regret"].where(table["regret"].isna(), 0.0133))
    assert said in words(page(content(robustness=table, weights=weights)))


def test_the_same_content_gives_the_same_bytes() -> None:
    assert page(content()) == page(content())
    charts = [reach_bars(strategies().head(6)), budget_chart(curve(), NAMES)]
    assert [chart_png(chart) for chart in charts] == [chart_png(chart) for chart in charts]


def test_names_are_escaped_wherever_they_come_from() -> None:
    made = content()
    assert made.vehicles is not None
    html = page(
        content(
            name=HOSTILE, agency=HOSTILE, source_line=HOSTILE, notes=(HOSTILE,),
            placements=made.placements.assign(unit_name=HOSTILE, reason=HOSTILE, own_name=HOSTILE),
            strategies=made.strategies.assign(language_name=HOSTILE),
            vehicles=made.vehicles.assign(route_name=HOSTILE, elsewhere_routes=HOSTILE),
            route_names={f"r{place}": HOSTILE for place in range(14)},
        )
    )  # fmt: skip
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 20
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        parsed(svg)


def test_the_page_asks_for_nothing_and_can_be_read_aloud() -> None:
    html = page(content())
    assert "default-src 'none'" in html
    assert not re.findall(r"href=|url\(|@import|<script", html)
    assert set(re.findall(r'src="([^,"]+)', html)) == {"data:image/png;base64"}
    assert all(re.search(r' alt="[^"]{20,}"', image) for image in re.findall(r"<img[^>]*>", html))
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        named = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', svg)
        assert named
        assert set(named.groups()) <= set(ids)
    for table in re.findall(r"<table.*?</table>", html, re.DOTALL):
        assert "<caption>" in table
        widths = {
            len(re.findall(r"<t[hd]\b", row))
            for row in re.findall(r"<tr.*?</tr>", table.split("<tbody>")[1], re.DOTALL)
        }
        head = re.findall(r"<tr>.*?</tr>", table.split("</thead>")[0], re.DOTALL)[0]
        spans = [int(span) for span in re.findall(r'colspan="(\d+)"', head)]
        assert widths == {len(re.findall("<th", head)) - len(spans) + sum(spans)}
        assert all('scope="' in each for each in re.findall(r"<th\b[^>]*>", table))
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_figure_too_small_to_be_told_is_drawn_as_small_and_worded_again() -> None:
    table = pd.DataFrame(
        {"language": ["es", "ar"], "language_name": ["Spanish", "under the bridge"],
         "reach": [1200, "under 10"], "reach_moe": [300, 6], "certainty": [0.5, float("nan")],
         "floor_regret": [None, "under 10"], "reach_ar": ["under 10", 3]},
        dtype=object,
    )  # fmt: skip
    found = amounts(table, 10.0, ("reach_",))
    assert found["reach"].tolist() == [1200, 5]
    assert found["reach_ar"].tolist() == [5, 3]
    assert found["floor_regret"].isna().tolist() == [True, False]
    assert found["language_name"].tolist() == ["Spanish", "under the bridge"]
    chart = reach_bars(found, width=860)
    assert "under the bridge under 10" in chart.description
    widths = [mark.attributes["width"] for mark in chart.marks if mark.tag == "rect"]
    assert widths[1] == pytest.approx(widths[0] * 5 / 1200)  # type: ignore[operator]


def test_the_total_is_left_out_where_a_term_cannot_be_told() -> None:
    few = coverage()
    few.loc[few["language"] == "ar", "lep"] = 5.0
    assert "All campaign languages – 62,460 ± 7,148 12,492 ± 900 – 4,164 ± 410 –" in words(
        page(content(coverage=few))
    )


def test_figures_of_low_reliability_have_a_star() -> None:
    unsure = coverage()
    unsure.loc[unsure["language"] == "ko", "served_posted_reliability"] = "low"
    said = words(page(content(coverage=unsure)))
    assert "360 ± 60*" in said
    assert "* Of low reliability: coefficient of variation above 40%." in said
    assert "* Of low" not in words(page(content()))


def tables(html: str) -> dict[str, str]:
    """Each table's rows and the notes right under it, as read, by its caption."""
    parts = html.split("<caption>")[1:]
    return {
        unescape(part.partition("</caption>")[0]): unescape(
            re.sub(
                r"\s+", " ", re.sub("<[^>]+>", " ", re.split(r"<h\d|<figure|<p>|<div class=.scroll", part)[0])
            )
        )
        for part in parts
    }


def test_every_table_of_people_says_which_language_is_a_group() -> None:
    shown = tables(page(content()))
    of_people = [
        caption for caption, text in shown.items()
        if " Russian " in text and not caption.startswith(("Legal", "Routes of"))
    ]  # fmt: skip
    assert len(of_people) >= 6
    for caption in of_people:
        text = shown[caption].replace("Russian is the largest", "")
        assert text.count("Russian †") == text.count(" Russian ") - text.count("† Russian "), caption
        assert "† Russian is counted as “Russian, Polish, or other Slavic languages”" in text, caption
        assert "Spanish †" not in text
    alone = coverage().assign(measured_as=list(NAMES.values()))
    assert "†" not in words(page(content(coverage=alone)))


def test_bars_and_lines_mark_a_group_too() -> None:
    html = page(content())
    charts = [svg for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL) if ">Korean<" in svg]
    assert len(charts) == 4, "bars and lines, wide and narrow"
    assert all(">Russian †<" in svg and ">Russian<" not in svg for svg in charts)


def test_the_table_of_coverage_says_where_it_comes_from() -> None:
    made = content()
    region = {**made.settings["region"], "acs_release": "2019-2023 5-year"}
    (text,) = [
        text for caption, text in tables(page(content(settings={**made.settings, "region": region}))).items()
        if caption.startswith("People in the region")
    ]  # fmt: skip
    assert "Source: American Community Survey 2019-2023 5-year, table C16001; GTFS of Halvern Transit" in text
    assert "(version 1, 2025-09-01 to 2025-12-14), week of September 8 – 14, 2025." in text


@pytest.mark.parametrize(
    ("posting", "said"),
    [
        (date(2026, 12, 14), "posters go up on December 14, 2026, 365 days after this timetable ends"),
        (date(2025, 12, 15), "posters go up on December 15, 2025, 1 day after this timetable ends"),
        (date(2025, 12, 14), "service may have changed since."),
        (None, "service may have changed since."),
    ],
)
def test_how_long_the_timetable_has_ended_when_posters_go_up(posting: date | None, said: str) -> None:
    assert said in words(page(content(posting=posting, timetable_ends=date(2025, 12, 14))))


def test_people_spread_evenly_stand_beside_the_headline() -> None:
    said = words(page(content(evenly="Spread evenly, about 25,600 would be near.")))
    headline = said[said.index("can be expected to ride") : said.index("Coverage by language")]
    assert "Spread evenly, about 25,600 would be near. See How far to trust these figures." in headline
    assert "See How far" not in words(page(content()))


def test_what_the_last_bus_brings_and_what_one_more_would() -> None:
    # the last of 40 buses brings 6 and a 41st 2; since the row above, 20 buses, it is 8 a bus
    gains = [0.0, *[10.0] * 20, *[8.1] * 19, 6.0, *[2.0] * 60]
    table = pd.DataFrame({"buses": range(101), "reach": pd.Series(gains).cumsum()})
    table = table.assign(chosen=table["buses"] == 40, **{f"reach_{tag}": table["reach"] for tag in NAMES})
    html = page(content(budget_curve=table))
    last = "The last of 40 buses adds about 6 people, one more would add about 2."
    assert last in words(html)
    assert last in tables(html)["Reach by number of buses"]
    assert "Added by each bus since the row above, on average" in words(html)
    all_out = table.assign(chosen=table["buses"] == 100)
    assert "one more would add" not in words(page(content(budget_curve=all_out)))
    nobody = table.assign(reach=table["reach"] / 1000)
    assert "one more would add" not in words(page(content(budget_curve=nobody))), "few people are not told"


def test_nobody_is_a_dash_and_no_zero() -> None:
    bare = coverage()
    some = bare["language"] == "ar"
    bare.loc[
        some, ["served_posted", "served_posted_moe", "served_posted_share", "served_posted_share_moe"]
    ] = 0.0
    bare.loc[some, ["reach", "reach_share", "reach_share_moe"]] = 0.0  # its margin is no zero
    bare.loc[some, "reach_moe"] = 12.0
    assert "Arabic 120 ± 12 60 ± 12 – – 0 ± 12 –" in words(page(content(coverage=bare)))


def hung() -> WhatHung:
    names = {**NAMES, "": ""}
    table = pd.DataFrame({
        "unit": ["route"], "unit_name": ["9"], "language": ["es"], "language_name": ["Spanish"],
        "cards_ordered": [66], "cards_up": [7], "card_days_planned": [66 * 28], "card_days_up": [7 * 28],
        "left_out": [0], "missing": [59], "late": [0], "short": [0], "extra": [0], "wrong_language": [0],
        "garage": [""], "finding": ["59 not reported"],
    })  # fmt: skip
    coverage = pd.DataFrame({"language": list(names), "language_name": list(names.values())}).assign(
        served_posted_actual=2000.0, served_posted_actual_moe=300.0, reach=4164.0, reach_actual=1000.0,
        reach_actual_moe=90.0, reach_actual_most=1000.0, served_posted_actual_share=0.01,
        served_posted_actual_share_moe=0.001, reach_actual_share=0.01, reach_actual_share_moe=0.001,
        served_posted_actual_reliability="high", reach_actual_reliability="high",
    )  # fmt: skip
    return WhatHung("post.csv", "ab", 7, 0, 0, 28, date(2026, 12, 14), (), table, coverage)


def test_what_hung_comes_first_and_the_plan_is_called_one() -> None:
    html = page(content(hung=hung()))
    titles = re.findall(r"<h2[^>]*>([^<]+)</h2>", html)
    assert titles[:3] == ["What hung", "What was planned", "Coverage by language"]
    said = words(html)
    assert said.index("About 1,000 ± 90 LEP speakers") < said.index("66 buses on 6 routes")
    assert "This was the plan, not what hung: 66 buses on 6 routes were to carry posters" in said
    assert "buses on 6 routes carry posters" not in said
    assert "LEP speakers served, as planned" in said
    assert "People reached, by language, as planned." in said
    planned = map_figure(*[Image(DOT, 680, 395, "Map.")] * 2, content(hung=hung()))
    assert planned.caption[0].startswith("Where the posters were to hang, in the colour")


def test_where_speakers_are_counted_nothing_is_said_of_safe_harbor() -> None:
    settings = {**content().settings, "region": {**content().settings["region"], "measure": "speakers"}}
    said = words(page(content(settings=settings, people="speakers")))
    assert "Safe Harbor threshold" not in said
    assert "however well they speak English" in said


def test_a_report_without_sensitivity_says_how_to_get_it() -> None:
    said = words(page(content(sensitivity=None)))
    assert "If the assumptions were different" not in said
    assert "whoever made the plan can add it (plan --report)." in said


def test_texts_hold_nothing_that_a_document_cannot() -> None:
    assert printable("a\x00b\x0b\ud800\n c\u202ed") == "ab � cd"
    assert printable("Tiếng Việt, العربية, 한국어") == "Tiếng Việt, العربية, 한국어"


def test_a_chart_of_dots_has_the_marks_of_the_drawing() -> None:
    assert path_lines("M1 2v10M3 4H9m0 -5v10") == [[(1, 2), (1, 12)], [(3, 4), (9, 4)], [(9, -1), (9, 9)]]
    body = (
        Mark("rect", {"x": 10, "y": 20, "width": 30, "height": 10, "fill": "#ff0000"}),
        Mark("path", {"d": "M0 5H100", "stroke": "#0000ff", "stroke_width": 2}),
        Mark("circle", {"cx": 80, "cy": 30, "r": 8, "fill": "#008000"}),
    )
    image = imread(BytesIO(chart_png(Chart("c", "Title", "Words", 100, 50, body))))
    high, wide = image.shape[:2]
    assert (wide, high) == (int(100 / 96 * 220), int(50 / 96 * 220))

    def color(x: float, y: float) -> tuple[int, ...]:
        return tuple(round(255 * part) for part in image[int(y / 50 * high), int(x / 100 * wide)][:3])

    assert color(25, 25) == (255, 0, 0)
    assert color(50, 5) == (0, 0, 255)
    assert color(80, 30) == (0, 128, 0)
    assert color(25, 35) == color(60, 25) == (255, 255, 255)


def test_the_summary_says_why_one_language_has_most_of_the_cards() -> None:
    table = strategies()
    table.loc[table["chosen"] & (table["language"] == "es"), ["buses", "cards"]] = 60
    said = words(page(content(strategies=table)))
    cards = int(table.loc[table["chosen"] & (table["language"] != ""), "cards"].sum())
    assert f"Spanish is on 60 of the {cards} cards: everyone reached counts alike" in said
    assert "Spanish is on" not in words(page(content()))  # 31 of 66 is less than half


def test_the_region_and_who_is_not_in_the_campaign_are_named() -> None:
    made = content()
    assert made.languages is not None
    more = made.languages[made.languages["language"] == "es"].assign(
        language="tl", language_name="Tagalog", in_campaign=False, safe_harbor=True
    )
    said = words(
        page(
            content(
                languages=pd.concat([made.languages, more]), counties=3, bare_counties=("Clark County, WA",)
            )
        )
    )
    assert "Above it too, but not in this campaign: Tagalog." in said
    assert "3 counties of the census table; of those counted, nobody in Clark County lives near a" in said
