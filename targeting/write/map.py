"""The interactive map: one page that opens anywhere, with no network at all.

Folium builds the map; Leaflet's own text, our style and our script are part of the page. A content
security policy forbids every request and every script but these; only tiles of a base map may be asked
for, and the page asks for none until the reader wants them.
"""

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import xstatic.pkg.leaflet

from targeting.cache import Cache, key_of
from targeting.plan import Plan
from targeting.write.map_data import Audience, map_data
from targeting.write.map_text import page_text

# What the page's script is made of, in the order in which it is read
ROOMS = (
    "map_words", "map_shapes", "map_ground", "map_tracts", "map_routes", "map_stops", "map_search",
    "map_cards", "map_legend", "map_lists", "map_address", "map_paper", "map",
)  # fmt: skip
TILES = "https://tile.openstreetmap.org"  # asked only where the reader ticks the base map


def map_html(plan: Plan, audience: Audience = "staff", cache: Cache | None = None) -> str:
    """Return the interactive map of a plan as one self-contained page.

    Parameters
    ----------
    plan : Plan
    audience : {"staff", "public"}
        For the public: where posters hang and in which languages, and no figure of people.
    cache : Cache, optional
        Of grounds that were drawn and maps that Folium built before.

    Returns
    -------
    str
        HTML; the same plan gives the same text.
    """
    data = map_data(plan, audience, cache)
    (south, west), (north, east) = data["bounds"]
    leaflet = Path(xstatic.pkg.leaflet.BASE_DIR)
    # names in the plan are never template source
    page = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(_text("map_page.html"))
    html = page.render(
        folium=_folium_parts(((south + north) / 2, (west + east) / 2), cache),
        page=page_text(plan, audience),
        data=_json_in_script(data),
        leaflet_css=_without_images((leaflet / "leaflet.css").read_text(encoding="utf-8")),
        leaflet_js=_without_source_map((leaflet / "leaflet.js").read_text(encoding="utf-8")),
        css=_text("map.css"),
        scripts=[_text(f"{room}.js") for room in ROOMS],
    )
    return _with_policy(_zoomable(html))


def _folium_parts(centre: tuple[float, float], cache: Cache | None) -> dict[str, str]:
    """Return `targeting.write.map_folium.folium_parts`, from the cache where they are kept."""
    if cache is None:
        return _built(centre)
    key = key_of("folium", centre)
    parts = cache.get(key, lambda content: dict(content["parts"]))
    if parts is None:
        parts = _built(centre)
        cache.put(key, {"parts": parts})
    return parts


def _built(centre: tuple[float, float]) -> dict[str, str]:
    """Return what Folium builds; to load it takes a while that a plan from the cache need not wait."""
    from targeting.write.map_folium import folium_parts

    return folium_parts(centre)


def _text(name: str) -> str:
    """Return a file of the page that is part of the package."""
    return files("targeting.write").joinpath(name).read_text(encoding="utf-8")


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


def _zoomable(html: str) -> str:
    """Return the page without Folium's wish that nobody enlarge it."""
    return re.sub(r'<meta name="viewport" content="[^"]*user-scalable=no[^"]*"\s*/?>', "", html, count=1)


def _with_policy(html: str) -> str:
    """Return the page with a policy: its own scripts by their digests, and no request but for tiles."""
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    policy = (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; "
        f"img-src data: {TILES}; base-uri 'none'; form-action 'none'"
    )
    return html.replace("%POLICY%", policy, 1)
