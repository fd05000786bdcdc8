"""The interactive map: one page that opens anywhere, with no network at all.

Folium builds the map; Leaflet's own text, our style and our script are part of the page. A content
security policy forbids every request and every script but these.
"""

import base64
import hashlib
import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import folium
import jinja2
import pandas as pd
import xstatic.pkg.leaflet
from branca.element import MacroElement
from folium.template import Template

from targeting import reasons
from targeting.catchment import walking_distances
from targeting.plan import Plan, Scores
from targeting.write.map_data import language_style, map_data, vehicle_word

MAP_ID = "plan"
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta http-equiv="Content-Security-Policy" content="%POLICY%">
{{ this.header.render() | safe }}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ page.name }}: poster languages by route</title>
<style>{{ leaflet_css | safe }}</style>
<style>{{ css | safe }}</style>
</head>
<body>
<a class="skip" href="#show">Skip to the choice of languages</a>
<div class="page">
<header class="head">
{% if page.invented %}<p class="banner" role="note">Invented city: sample data</p>{% endif %}
<h1>{{ page.name }}</h1>
<p class="sub">{{ page.agency }}</p>
<p class="sub">Design week {{ page.week }}</p>
</header>
<main class="map-area" aria-label="Map of the plan">
{{ this.html.render() | safe }}
<details class="legend" id="legend" open>
<summary>Legend and layers</summary>
<div id="legend-body"></div>
</details>
</main>
<div class="panel">
<noscript><p class="banner">This map needs JavaScript, which is switched off in your browser.
The figures below are complete without it.</p></noscript>
<form class="show" id="show" aria-label="What the map shows" tabindex="-1">
<h2>Show on the map</h2>
<label class="choice"><input type="radio" name="shown" value="plan" checked>
<span class="choice-name">The plan</span>
<span class="choice-figures">{{ page.lead }}</span></label>
<p class="note">Or one language. The bar is the share of its {{ page.people }} who live within
walking distance of a route that carries it, with its margin of error.</p>
{% for row in page.languages %}
<label class="choice" style="--ink: {{ row.color }}">
<input type="radio" name="shown" value="{{ row.tag }}">
<span class="choice-name"><bdi lang="{{ row.tag }}">{{ row.own }}</bdi>
{% if row.own != row.english %}<span class="english"> · {{ row.english }}</span>{% endif %}</span>
<span class="choice-share">{{ row.share }}</span>
<span class="bar" aria-hidden="true"><span class="bar-share" style="width: {{ row.width }}"></span>
{% if row.span %}
<span class="bar-margin" style="left: {{ row.low }}; width: {{ row.span }}"></span>
{% endif %}
</span>
<span class="choice-figures">{{ row.figures }}</span>
<span class="choice-figures">{{ row.carried }}</span>
{% if row.note %}<span class="choice-figures">{{ row.note }}</span>{% endif %}
</label>
{% endfor %}
</form>
<section class="find" aria-labelledby="find-title">
<h2 id="find-title">Find a route</h2>
<input type="search" id="find" placeholder="Number or name" aria-label="Number or name of a route"
 autocomplete="off" spellcheck="false">
<ul id="routes"></ul>
<p class="note" id="routes-note" aria-live="polite"></p>
</section>
{% if page.warnings %}
<details class="know">
<summary>What to know about this plan ({{ page.warnings | length }})</summary>
<ul>{% for warning in page.warnings %}<li>{{ warning }}</li>{% endfor %}</ul>
</details>
{% endif %}
<footer class="source">
{% for line in page.source %}<p>{{ line }}</p>{% endfor %}
</footer>
</div>
</div>
<script type="application/json" id="plan-data">{{ data | safe }}</script>
<script>{{ leaflet_js | safe }}</script>
<script>{{ js | safe }}</script>
<script>{{ this.script.render() | safe }}</script>
</body>
</html>
"""


class _PlanLayers(MacroElement):  # type: ignore[misc]
    """Everything on the map; drawn by map.js from the page's JSON."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "showPlan({{ this._parent.get_name() }}, "
        'JSON.parse(document.getElementById("plan-data").textContent));'
        "{% endmacro %}"
    )


class _PageTemplate:
    """A page that Folium's root renders once: names in the plan are never template source."""

    def __init__(self, **values: object) -> None:
        self._values = values

    def render(self, this: folium.Figure, kwargs: dict[str, Any]) -> str:
        """Return the page; `this` is the root that holds Folium's own parts."""
        environment = jinja2.Environment(autoescape=True, trim_blocks=True)
        return environment.from_string(_PAGE).render(this=this, **self._values, **kwargs)


def map_html(plan: Plan) -> str:
    """Return the interactive map of a plan as one self-contained page.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    str
        HTML; the same plan gives the same text.
    """
    data = map_data(plan)
    (south, west), (north, east) = data["bounds"]
    chart = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=10,
        tiles=None,
        prefer_canvas=True,
        control_scale=True,
        attribution_control=False,
        zoom_snap=0.25,
        fade_animation=False,
    )
    chart.default_js, chart.default_css = [], []
    layers = _PlanLayers()
    for element, name in ((chart, MAP_ID), (layers, "layers")):
        element._id = name  # Folium's own ids are random
    chart.add_child(layers)
    root = chart.get_root()
    leaflet = Path(xstatic.pkg.leaflet.BASE_DIR)
    package = files("targeting.write")
    root._template = _PageTemplate(
        page=_page_text(plan),
        data=_json_in_script(data),
        leaflet_css=_without_images((leaflet / "leaflet.css").read_text(encoding="utf-8")),
        leaflet_js=_without_source_map((leaflet / "leaflet.js").read_text(encoding="utf-8")),
        css=package.joinpath("map.css").read_text(encoding="utf-8"),
        js=package.joinpath("map.js").read_text(encoding="utf-8"),
    )
    return _with_policy(root.render())


def _page_text(plan: Plan) -> dict[str, Any]:
    """Return the texts of the page around the map."""
    scores = plan.scores
    agencies = ", ".join(dict.fromkeys(scores.feed.routes["agency"]))
    named = agencies + " ".join(name for source in scores.feed.sources for name in source.agencies)
    vehicles = vehicle_word(scores)
    buses = int(plan.placements["buses"].sum())
    routes = plan.placements["unit_id"].nunique()
    languages = plan.placements["language"].nunique()
    return {
        "name": scores.campaign.name,
        "agency": agencies,
        "week": _period(scores.feed.week.first_day, scores.feed.week.last_day),
        "invented": "invented" in named.lower(),
        "people": reasons.people_word(scores),
        "lead": f"{_count(buses, vehicles)} on {_count(routes, 'routes')} carry posters in "
        f"{_count(languages, 'languages')}",
        "languages": _language_rows(plan, vehicles),
        "warnings": [notice.message for notice in scores.notices.warnings],
        "source": _source(scores),
    }


def _language_rows(plan: Plan, vehicles: str) -> list[dict[str, str]]:
    """Return the line of each language in the list of what can be shown."""
    region = plan.coverage[plan.coverage["area"] == "Region"].set_index("language")
    people = reasons.people_word(plan.scores)
    rows = []
    for position, language in enumerate(plan.scores.languages):
        row = region.loc[language.tag]
        placed = plan.placements[plan.placements["language"] == language.tag]
        everyone = f"{row['lep']:,.0f} ± {row['lep_moe']:,.0f} {people}"
        share, margin = row["served_posted_share"], row["served_posted_share_moe"]
        posted = len(placed) > 0 and not pd.isna(share)
        low, high = (max(share - margin, 0.0), min(share + margin, 1.0)) if posted else (0.0, 0.0)
        measured = language.measured_as
        rows.append(
            {
                "tag": language.tag,
                "own": language.own_name,
                "english": language.english_name,
                "color": language_style(position)["color"],
                "share": f"{share:.1%} ± {100 * margin:.1f}" if posted else "–",
                "width": f"{share:.1%}" if posted else "0",
                "low": f"{low:.1%}",
                "span": f"{high - low:.1%}" if posted else "",
                "figures": f"{row['served_posted']:,.0f} ± {row['served_posted_moe']:,.0f} of {everyone}"
                if posted
                else everyone,
                "carried": f"{_count(int(placed['buses'].sum()), vehicles)} on "
                f"{_count(placed['unit_id'].nunique(), 'routes')}"
                if len(placed)
                else f"No {vehicles}",
                "note": f"Counted as: {measured}" if measured != language.english_name else "",
            }
        )
    return rows


def _source(scores: Scores) -> list[str]:
    """Return the source line, what is counted and what the map is not."""
    region = scores.campaign.region
    tables = "; ".join(f"{Path(path).name} ({vintage})" for path, vintage in scores.tracts.sources)
    service = "; ".join(
        f"{', '.join(source.agencies) or Path(source.path).stem}, "
        f"{f'feed version {source.version}' if source.version else Path(source.path).name}"
        for source in scores.feed.sources
    )
    modes = scores.feed.routes["mode"]
    walk = pd.Series(
        walking_distances(modes, bus_walk_m=region.bus_walk_m, rail_walk_m=region.rail_walk_m),
        index=modes.to_numpy(),
    )
    distances = ", ".join(
        f"{metres:,.0f} m ({metres * 3.28084:,.0f} ft) to a {mode.replace('_', ' ')} stop"
        for mode, metres in walk.groupby(level=0).first().items()
    )
    measure = (
        "people of 5 years and over who speak English less than “very well” (LEP), by the language "
        "they speak at home"
        if region.measure == "lep"
        else "people of 5 years and over, by the language they speak at home"
    )
    return [
        f"People: ACS table C16001, {tables}. Service: {service}, design week "
        f"{_period(scores.feed.week.first_day, scores.feed.week.last_day)}. Figures are estimates "
        "with 90% margins of error.",
        f"Counted are {measure}. Walking distance: {distances}.",
        "Aggregated census estimates; not a map of trafficking and never of persons.",
    ]


def _count(number: int, noun: str) -> str:
    """Return "1 bus", "24 buses": the noun is given in the plural."""
    singular = {"buses": "bus"}.get(noun, noun.removesuffix("s"))
    return f"{number:,} {singular if number == 1 else noun}"


def _period(first: date, last: date) -> str:
    """Return "February 24 – March 2, 2025"."""
    start = f"{first:%B} {first.day}" + (f", {first.year}" if first.year != last.year else "")
    end = f"{last.day}" if first.month == last.month else f"{last:%B} {last.day}"
    return f"{start} – {end}, {last.year}"


def _json_in_script(data: dict[str, Any]) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _without_images(css: str) -> str:
    """Return Leaflet's style without the pictures of controls that the page does not use."""
    return re.sub(r"url\([^)]*\)", "none", css)


def _without_source_map(js: str) -> str:
    """Return Leaflet without the address of its source map, which a browser's tools would fetch."""
    return re.sub(r"\n//# sourceMappingURL=.*", "", js)


def _with_policy(html: str) -> str:
    """Return the page with a policy that allows its own scripts by their digests and no request."""
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    policy = (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'"
    )
    return html.replace("%POLICY%", policy, 1)
