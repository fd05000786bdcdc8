"""QGIS styles (QML) from few parts: symbols, rules and classes. Read by QGIS 3.18 and newer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
WRITTEN_FOR = "3.22.0"


@dataclass(frozen=True)
class Mark:
    """One layer of a symbol.

    Attributes
    ----------
    kind : str
        QGIS's name: SimpleLine, SimpleFill, SimpleMarker, LinePatternFill.
    options : mapping of str to str
        QGIS's properties of that kind; lengths in millimetres.
    by_feature : mapping of str to str
        Properties that an expression gives, feature by feature.
    stroke : Mark or None
        What the lines of a pattern look like.
    level : int
        Higher ones are drawn over all lower ones of the whole layer.
    """

    kind: str
    options: Mapping[str, str]
    by_feature: Mapping[str, str] = field(default_factory=dict)
    stroke: "Mark | None" = None
    level: int = 0


@dataclass(frozen=True)
class Symbol:
    """How features look.

    Attributes
    ----------
    shape : {"line", "fill", "marker"}
    marks : sequence of Mark
        The lowest first.
    """

    shape: Literal["line", "fill", "marker"]
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Rule:
    """Features that look alike; a feature that several rules hold for is drawn once for each.

    Attributes
    ----------
    label : str
    holds : str
        QGIS expression; "ELSE" for the features that no other rule holds for.
    symbol : Symbol
    """

    label: str
    holds: str
    symbol: Symbol


@dataclass(frozen=True)
class Class:
    """Features whose value lies between two, both included; the first class that fits is taken."""

    label: str
    lower: float
    upper: float
    symbol: Symbol


def rule_style(rules: Sequence[Rule], titles: Mapping[str, str], *, farthest_scale: int | None = None) -> str:
    """Return a style whose symbols go by rules.

    Parameters
    ----------
    rules : sequence of Rule
    titles : mapping of column to str
        What QGIS calls the columns.
    farthest_scale : int, optional
        50_000 hides the layer on maps of a smaller scale than 1:50,000.
    """
    page = _page(titles, farthest_scale)
    renderer = _renderer(page, "RuleRenderer", levels=True)
    listed = SubElement(renderer, "rules", key="root")
    for number, rule in enumerate(rules):
        SubElement(
            listed, "rule", key=f"rule{number}", symbol=str(number), label=rule.label, filter=rule.holds
        )
    _symbols(renderer, [rule.symbol for rule in rules])
    return _text(page)


def class_style(column: str, classes: Sequence[Class], titles: Mapping[str, str]) -> str:
    """Return a style whose symbols go by the classes of a column's values."""
    page = _page(titles, None)
    renderer = _renderer(page, "graduatedSymbol", levels=False)
    renderer.attrib |= {"attr": f'"{column}"', "graduatedMethod": "GraduatedColor"}
    ranges = SubElement(renderer, "ranges")
    for number, each in enumerate(classes):
        SubElement(
            ranges, "range", symbol=str(number), label=each.label, render="true",
            lower=f"{each.lower:.15f}", upper=f"{each.upper:.15f}",
        )  # fmt: skip
    _symbols(renderer, [each.symbol for each in classes])
    return _text(page)


def color(hexadecimal: str, alpha: int = 255) -> str:
    """Return a colour such as #1f5fbf as QGIS writes it, with an alpha from 0 to 255."""
    red, green, blue = (int(hexadecimal[start : start + 2], 16) for start in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _page(titles: Mapping[str, str], farthest_scale: int | None) -> Element:
    page = Element(
        "qgis",
        version=WRITTEN_FOR,
        styleCategories="Symbology|Rendering|Fields",
        hasScaleBasedVisibilityFlag="0" if farthest_scale is None else "1",
        minScale=str(farthest_scale or 100_000_000),
        maxScale="0",
    )
    aliases = SubElement(page, "aliases")  # older versions do not read them from the GeoPackage
    for column, title in titles.items():
        SubElement(aliases, "alias", field=column, name=title)
    return page


def _renderer(page: Element, kind: str, *, levels: bool) -> Element:
    return SubElement(
        page, "renderer-v2", type=kind, symbollevels=str(int(levels)), enableorderby="0", forceraster="0"
    )


def _symbols(renderer: Element, symbols: Sequence[Symbol]) -> None:
    listed = SubElement(renderer, "symbols")
    for number, symbol in enumerate(symbols):
        _symbol(listed, str(number), symbol)


def _symbol(parent: Element, name: str, symbol: Symbol) -> None:
    whole = SubElement(
        parent, "symbol", name=name, type=symbol.shape, alpha="1", clip_to_extent="1", force_rhr="0"
    )
    for number, mark in enumerate(symbol.marks):
        layer = SubElement(
            whole, "layer", {"class": mark.kind}, enabled="1", locked="0", **{"pass": str(mark.level)}
        )
        _options(layer, mark.options)
        if mark.by_feature:
            _expressions(layer, mark.by_feature)
        if mark.stroke is not None:
            _symbol(layer, f"@{name}@{number}", Symbol("line", [mark.stroke]))


def _options(parent: Element, values: Mapping[str, str]) -> None:
    listed = SubElement(parent, "Option", type="Map")
    for name, value in values.items():
        SubElement(listed, "Option", type="QString", name=name, value=value)


def _expressions(layer: Element, values: Mapping[str, str]) -> None:
    listed = SubElement(SubElement(layer, "data_defined_properties"), "Option", type="Map")
    SubElement(listed, "Option", type="QString", name="name", value="")
    properties = SubElement(listed, "Option", type="Map", name="properties")
    for name, expression in values.items():
        one = SubElement(properties, "Option", type="Map", name=name)
        SubElement(one, "Option", type="bool", name="active", value="true")
        SubElement(one, "Option", type="QString", name="expression", value=expression)
        SubElement(one, "Option", type="int", name="type", value="3")
    SubElement(listed, "Option", type="QString", name="type", value="collection")


def _text(page: Element) -> str:
    return DOCTYPE + tostring(page, encoding="unicode")
