"""What Folium builds of the map: the element that holds it, and the script that starts it."""

import folium
from branca.element import MacroElement
from folium.template import Template

MAP_ID = "plan"


class _PlanLayers(MacroElement):  # type: ignore[misc]
    """Everything on the map; drawn by map.js from the page's JSON."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "showPlan({{ this._parent.get_name() }}, "
        'JSON.parse(document.getElementById("plan-data").textContent));'
        "{% endmacro %}"
    )


def folium_parts(centre: tuple[float, float]) -> dict[str, str]:
    """Return a map without tiles and files of others, as the parts of a page.

    Parameters
    ----------
    centre : (float, float)
        Latitude and longitude at first.

    Returns
    -------
    dict of str to str
        `header`, `html` and `script`: HTML for the head and the body, and JavaScript.
    """
    chart = folium.Map(
        location=list(centre),
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
    chart.render()
    root = chart.get_root()
    return {part: getattr(root, part).render() for part in ("header", "html", "script")}
