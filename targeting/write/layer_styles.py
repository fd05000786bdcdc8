"""How the layers look when QGIS opens them: the colours and dashes of the map, kept in the GeoPackage.

QGIS reads the table `layer_styles` and takes the style marked as default; a user may choose another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from targeting.languages import Language
from targeting.write.layer_titles import column_of, titles_of
from targeting.write.map_data import RAMP
from targeting.write.map_style import language_style
from targeting.write.map_tracts import class_breaks
from targeting.write.qml import Class, Mark, Rule, Symbol, class_style, color, rule_style

MM_OF_DASH = 0.18  # of a unit of the map's dash patterns
LINE_MM = 0.9
PALE, GREY, DARK = "#c9c4bb", "#8c8f94", "#1c2430"
STOPS_SCALE, ATOMS_SCALE = 40_000, 150_000
TAGS = "string_to_array(coalesce(\"languages\", ''), ', ')"  # QGIS expression
SHARES = (0.2, 0.4, 0.6, 0.8)  # ends of the classes of a share


@dataclass(frozen=True)
class Style:
    """A style of a layer.

    Attributes
    ----------
    layer, name, description : str
    qml : str
        The style as QGIS writes it.
    default : bool
        Whether it is the one that QGIS takes.
    """

    layer: str
    name: str
    description: str
    qml: str
    default: bool = True


def styles_of(layers: Mapping[str, gpd.GeoDataFrame], languages: Sequence[Language]) -> list[Style]:
    """Return the styles of a plan's layers.

    Parameters
    ----------
    layers : mapping of name to GeoDataFrame
        Those of plan.gpkg.
    languages : sequence of Language
        In the campaign's order.
    """
    titles = {name: titles_of(name, languages) for name in layers}
    tracts = titles["tracts"]
    styles = [
        Style(
            "routes",
            "Languages",
            "Routes by the languages posted there",
            rule_style(_routes(languages), titles["routes"]),
        ),
        Style(
            "tracts",
            "Density",
            "People of the campaign's languages per square mile",
            class_style("density", _density(layers["tracts"]["density"].to_numpy(float)), tracts),
        ),
        *(
            Style(
                "tracts",
                f"Reached: {language.tag}",
                f"{language.english_name}: share of its people whom the plan reaches",
                class_style(f"{column_of(language.tag)}_share_reached", _shares(), tracts),
                default=False,
            )
            for language in languages
        ),
        Style(
            "stops",
            "Stops",
            "Stops, seen from near",
            rule_style(_stops(), titles["stops"], farthest_scale=STOPS_SCALE),
        ),
        Style(
            "atoms",
            "Service",
            "Atoms by service, seen from near",
            rule_style(_atoms(), titles["atoms"], farthest_scale=ATOMS_SCALE),
        ),
        Style(
            "hot_spots",
            "Languages",
            "Hot spots, hatched by language",
            rule_style(_hot_spots(languages), titles["hot_spots"]),
        ),
    ]
    if "venues" in layers:
        venues = rule_style(_venues(languages), titles["venues"])
        styles.append(Style("venues", "Languages", "Venues by the first language posted there", venues))
    return styles


def _carries(tag: str) -> str:
    """Return the expression that a feature carries a language."""
    return f"array_contains({TAGS}, {_quoted(tag)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _routes(languages: Sequence[Language]) -> list[Rule]:
    """Return lines by language; of several on a route each is a stripe inside the one before it."""
    rules = []
    for number, language in enumerate(languages):
        look = language_style(language.tag)
        within = ", ".join(_quoted(other.tag) for other in languages[number:])
        # stripes side by side would change sides where a route comes back along the same street
        width = f"{LINE_MM} * array_length(array_filter(array({within}), array_contains({TAGS}, @element)))"
        options = {
            "line_color": color(look["color"]), "line_width": str(LINE_MM), "line_width_unit": "MM",
            "capstyle": "flat", "joinstyle": "round",
        }  # fmt: skip
        if look["dash"]:
            lengths = [f"{MM_OF_DASH * float(length):.2f}" for length in look["dash"].split()]
            options |= {
                "use_custom_dash": "1", "customdash": ";".join(lengths), "customdash_unit": "MM",
            }  # fmt: skip
        line = Mark("SimpleLine", options, {"outlineWidth": width}, level=number + 1)
        rules.append(Rule(language.english_name, _carries(language.tag), Symbol("line", [line])))
    bare = {"line_color": color(GREY, 160), "line_width": "0.25", "line_width_unit": "MM"}
    rules.append(Rule("No posters", "ELSE", Symbol("line", [Mark("SimpleLine", bare)])))
    return rules


def _density(density: "np.ndarray") -> list[Class]:
    """Return tracts by classes of density, darker where more people live."""
    ends = class_breaks(density)
    top = max([*ends, float(density.max(initial=0.0))])
    classes = [Class("nobody counted", 0.0, 0.0, _area("#ffffff"))]
    for lower, upper, shade in zip([0.0, *ends], [*ends, top], _shades(len(ends) + 1), strict=True):
        label = f"{lower:,g} to {upper:,g}" if upper < top else f"more than {lower:,g}"
        classes.append(Class(f"{label} per square mile", lower, upper, _area(shade)))
    return classes


def _shares() -> list[Class]:
    """Return tracts by classes of the share reached."""
    classes = [Class("nobody reached", 0.0, 0.0, _area("#ffffff"))]
    for lower, upper, shade in zip([0.0, *SHARES], [*SHARES, 1.0], _shades(5), strict=True):
        classes.append(Class(f"{lower:.0%} to {upper:.0%} reached", lower, upper, _area(shade)))
    return classes


def _shades(count: int) -> list[str]:
    """Return so many colours of the map's ramp, from light to dark."""
    return [RAMP[shade] for shade in np.linspace(0, len(RAMP) - 1, count).round().astype(int)]


def _area(fill: str) -> Symbol:
    options = {
        "color": color(fill), "style": "solid", "outline_color": color(PALE), "outline_style": "solid",
        "outline_width": "0.1", "outline_width_unit": "MM",
    }  # fmt: skip
    return Symbol("fill", [Mark("SimpleFill", options)])


def _dot(fill: str, size_mm: float, shape: str = "circle", outline: str = "#ffffff") -> Symbol:
    options = {
        "name": shape, "color": color(fill), "outline_color": color(outline), "outline_width": "0.15",
        "outline_width_unit": "MM", "size": str(size_mm), "size_unit": "MM",
    }  # fmt: skip
    return Symbol("marker", [Mark("SimpleMarker", options)])


def _stops() -> list[Rule]:
    return [Rule("Stop", "", _dot(GREY, 1.0))]


def _atoms() -> list[Rule]:
    return [
        Rule("Near a route", "coalesce(\"routes\", '') <> ''", _dot(DARK, 1.3)),
        Rule("Near no route", "ELSE", _dot("#ffffff", 1.3, outline=GREY)),
    ]


def _hot_spots(languages: Sequence[Language]) -> list[Rule]:
    """Return areas hatched in the language's colour, each at its own angle, for they overlap."""
    rules = []
    for number, language in enumerate(languages):
        ink = color(language_style(language.tag)["color"])
        line = {"line_color": ink, "line_width": "0.25", "line_width_unit": "MM"}
        edge = {
            "style": "no", "outline_color": ink, "outline_style": "solid", "outline_width": "0.4",
            "outline_width_unit": "MM",
        }  # fmt: skip
        hatch = {
            "angle": f"{180 * number / len(languages):.1f}", "distance": "2", "distance_unit": "MM",
        }  # fmt: skip
        marks = [Mark("LinePatternFill", hatch, stroke=Mark("SimpleLine", line)), Mark("SimpleFill", edge)]
        rules.append(
            Rule(language.english_name, f'"language" = {_quoted(language.tag)}', Symbol("fill", marks))
        )
    return rules


def _venues(languages: Sequence[Language]) -> list[Rule]:
    """Return squares in the colour of what hangs there, hollow where nothing does."""
    rules = [
        Rule(
            language.english_name,
            f"array_first({TAGS}) = {_quoted(language.tag)}",
            _dot(language_style(language.tag)["color"], 3.0, "square"),
        )
        for language in languages
    ]
    return [*rules, Rule("No posters", "ELSE", _dot("#ffffff", 2.4, "square", DARK))]
