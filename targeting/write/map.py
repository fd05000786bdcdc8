"""The interactive map: one page that opens anywhere, with no network at all.

Folium builds the map; Leaflet's own text, our style and our script are part of the page. A content
security policy forbids every request and every script but these.
"""

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import folium
import jinja2
import xstatic.pkg.leaflet
from branca.element import MacroElement
from folium.template import Template

from targeting.plan import Plan
from targeting.write.map_data import map_data
from targeting.write.map_text import page_text

MAP_ID = "plan"
_PAGE = """\
{% macro know() %}
{% if page.warnings %}
<details class="know" id="know"{% if page.urgent %} open{% endif %}>
<summary>What to know about this plan ({{ page.warnings | length }})</summary>
<ul>{% for warning in page.warnings %}<li>{{ warning }}</li>{% endfor %}</ul>
</details>
{% endif %}
{% endmacro %}
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
<div class="page">
<header class="head">
{% if page.invented %}<p class="banner" role="note">Invented city: sample data</p>{% endif %}
<h1>{{ page.name }}</h1>
<p class="sub">{{ page.agency }} · design week {{ page.week }}</p>
<p class="sub" id="counted">{{ page.counted }}</p>
</header>
<div class="panel">
<noscript><p class="banner">This map needs JavaScript, which is switched off in your browser.
The figures below are complete without it.</p></noscript>
<section class="find" aria-label="Find a route">
<input type="search" id="find" placeholder="Find a route: number or name, then Enter"
 aria-label="Number or name of a route" autocomplete="off" spellcheck="false">
<ul id="found" class="rows"></ul>
<p class="note" id="found-note" aria-live="polite"></p>
</section>
<form class="show" id="show" aria-label="What the map shows">
<h2>Show on the map</h2>
<p class="note">{{ page.defined }}</p>
<label class="choice"><input type="radio" name="shown" value="plan" checked>
<span class="choice-name">The plan</span>
<span class="choice-figures">{{ page.lead }}</span></label>
{% for row in page.languages %}
<label class="choice" style="--ink: {{ row.color }}" title="{{ row.exact }}">
<input type="radio" name="shown" value="{{ row.tag }}">
<span class="choice-name"><bdi lang="{{ row.tag }}">{{ row.own }}</bdi>
{% if row.own != row.english %}<span class="english"> · {{ row.english }}</span>{% endif %}
{% if row.posted %}<span class="buses"> {{ row.buses }}</span>{% endif %}</span>
{% if row.posted %}
<span class="choice-share">{{ row.served }}</span>
<span class="bar" aria-hidden="true"><span class="bar-any" style="width: {{ row.any_width }}"></span>
<span class="bar-share" style="width: {{ row.width }}"></span>
<span class="bar-margin" style="left: {{ row.low }}; width: {{ row.span }}"></span>
</span>
{% endif %}
<span class="choice-figures">{{ row.figures }}</span>
{% if row.note %}<span class="choice-figures">{{ row.note }}</span>{% endif %}
</label>
{% endfor %}
<div id="top" class="top" hidden><h3 id="top-title"></h3><ol id="top-list"></ol></div>
{% for note in page.measured %}<p class="note">{{ note }}</p>{% endfor %}
</form>
{% if page.urgent %}{{ know() }}{% endif %}
<section class="listed" aria-labelledby="routes-title">
<h2 id="routes-title">Routes with posters</h2>
<ul id="routes" class="rows"></ul>
<p class="note" id="routes-note"></p>
</section>
<section class="all" aria-labelledby="all-title">
<h2 id="all-title">All placements</h2>
<table id="placements">
<thead><tr><th scope="col">Rank</th><th scope="col">Route</th><th scope="col">Language</th>
<th scope="col">{{ page.vehicles }}</th><th scope="col">Of</th><th scope="col">Served ±</th></tr></thead>
<tbody>
{% for row in page.placements %}
<tr><td>{{ row.rank }}</td><th scope="row">{{ row.route }}</th>
<td>{{ row.english }}{% if row.own != row.english %}
 · <bdi lang="{{ row.tag }}">{{ row.own }}</bdi>{% endif %}</td>
<td>{{ row.buses }}</td><td>{{ row.of }}</td><td>{{ row.served }}</td></tr>
{% endfor %}
</tbody>
</table>
<p class="note">{{ page.table_note }}</p>
</section>
{% if not page.urgent %}{{ know() }}{% endif %}
<footer class="source">
{% for line in page.source %}<p>{{ line }}</p>{% endfor %}
</footer>
</div>
<main class="map-area" aria-label="Map of the plan">
<div class="map-frame">
{{ this.html.render() | safe }}
</div>
<details class="legend" id="legend" open>
<summary>Legend and layers</summary>
<div id="legend-body"></div>
</details>
<section class="card" id="card" role="dialog" tabindex="-1" aria-label="" hidden></section>
</main>
</div>
<script type="application/json" id="plan-data">{{ data | safe }}</script>
<script>{{ leaflet_js | safe }}</script>
{% for script in scripts %}
<script>{{ script | safe }}</script>
{% endfor %}
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
        page=page_text(plan),
        data=_json_in_script(data),
        leaflet_css=_without_images((leaflet / "leaflet.css").read_text(encoding="utf-8")),
        leaflet_js=_without_source_map((leaflet / "leaflet.js").read_text(encoding="utf-8")),
        css=package.joinpath("map.css").read_text(encoding="utf-8"),
        scripts=[package.joinpath(name).read_text(encoding="utf-8") for name in ("map_words.js", "map.js")],
    )
    return _with_policy(root.render())


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
